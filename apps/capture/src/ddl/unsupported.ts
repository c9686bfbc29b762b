/** How a statement that concerns routed tables is told: its kind and the tables, never more of its text, which may hold values. */
import { SyncError, tableName } from '@lutra/model';
import type { SourceItem } from '@lutra/model';
import type { Concern } from './concern.js';
import { effectOf } from './effect.js';

const mostTables = 5;

export function unsupportedDdl(ddl: Extract<SourceItem, { kind: 'ddl' }>, { statement, tables, doubt }: Concern): SyncError {
  const names = tables.slice(0, mostTables).map(tableName);
  const more = tables.length > mostTables ? ` and ${tables.length - mostTables} more` : '';
  const what = names.length > 0 ? names.join(', ') + more : `tables that cannot be made out (default database ${ddl.database || 'none'})`;
  const because = doubt === null ? '' : `: ${doubt}`;
  const { file, pos } = ddl.at;
  const findings = effectOf(ddl.readings);
  const [worst] = findings;
  const reasons = findings.map(({ why }) => why).join('; ');
  const differs =
    worst?.effect === 'differs' ? '. Run on the other side, it makes rows differ' : '. On the other side it may do something else';
  const advice = worst ? `${differs}: ${reasons} (docs/02-setup.md, "${worst.recipe}")` : '';
  return new SyncError('DDL_UNSUPPORTED', `${statement} on ${what}, at ${file}:${pos}${because}${advice}`, {
    details: {
      effect: worst?.effect ?? 'same',
      recipe: worst?.recipe ?? null,
      statement,
      tables: tables.map(tableName).join(),
      database: ddl.database,
      gtid: ddl.gtid,
      file,
      pos,
    },
  });
}
