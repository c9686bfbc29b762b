/** Names of what a compatible statement drops of its table. Pure. */
import { clauses, keyword } from '@lutra/binlog';
import type { DdlRecord } from '@lutra/model';
import type { Dropped } from '@lutra/mysql';
import { tokensOf } from './statement-tokens.js';
import type { Text } from './made-up.js';

/** The clauses of the record tell, unless the statement does more than to add and drop by name. */
export function droppedBy(record: Text & Pick<DdlRecord, 'clauses'>): Dropped {
  const dropped = record.clauses?.filter(({ action }) => action === 'drop') ?? named(record);
  const of = (kind: 'column' | 'index'): readonly string[] => dropped.filter(({ what }) => what === kind).map(({ name }) => name);
  return { columns: of('column'), indexes: of('index') };
}

/** The first clause begins behind the table's name, which may be DROP too if it is in quotes. */
function named(record: Text): readonly { readonly what: 'column' | 'index'; readonly name: string }[] {
  if (record.statement !== 'ALTER TABLE') return [];
  return clauses(tokensOf(record)).flatMap((clause) => {
    const [what, ...more] = clause.slice(clause.findIndex((token) => token.kind === 'word' && keyword(token) === 'DROP') + 1);
    if (what === undefined || !clause.some((token) => token.kind === 'word' && keyword(token) === 'DROP')) return [];
    const isIndex = what.kind === 'word' && /^(?:INDEX|KEY)$/.test(keyword(what));
    const name = isIndex || (what.kind === 'word' && keyword(what) === 'COLUMN') ? more[0] : what;
    return name ? [{ what: isIndex ? 'index' : 'column', name: name.text }] : [];
  });
}
