/** Names of what a compatible statement drops of its table. Pure. */
import type { DdlRecord } from '@lutra/model';
import type { Dropped } from '@lutra/mysql';
import { alteredBy } from './alter-clauses.js';
import type { Text } from './statement-tokens.js';

/** The clauses of the record tell, unless the statement does more than to add and drop by name. */
export function droppedBy({ clauses, ...record }: Text & Pick<DdlRecord, 'statement' | 'clauses'>): Dropped {
  if (clauses) {
    const of = (kind: 'column' | 'index'): readonly string[] =>
      clauses.filter(({ action, what }) => action === 'drop' && what === kind).map(({ name }) => name);
    return { columns: of('column'), indexes: of('index') };
  }
  const altered = record.statement === 'ALTER TABLE' ? alteredBy(record) : [];
  return {
    columns: altered.flatMap((each) => (each.does === 'drop' ? each.column : [])),
    indexes: altered.flatMap((each) => (each.does === 'drop-index' ? each.index : [])),
  };
}
