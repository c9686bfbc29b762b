/** How a statement that concerns routed tables is told: its kind and the tables, never more of its text, which may hold values. */
import { SyncError, tableName } from '@lutra/model';
import type { SourceItem } from '@lutra/model';
import type { Concern } from './concern.js';

const mostTables = 5;

export function unsupportedDdl(ddl: Extract<SourceItem, { kind: 'ddl' }>, { statement, tables, doubt }: Concern): SyncError {
  const names = tables.slice(0, mostTables).map(tableName);
  const more = tables.length > mostTables ? ` and ${tables.length - mostTables} more` : '';
  const what = names.length > 0 ? names.join(', ') + more : `tables that cannot be made out (default database ${ddl.database || 'none'})`;
  const because = doubt === null ? '' : `: ${doubt}`;
  const { file, pos } = ddl.at;
  return new SyncError('DDL_UNSUPPORTED', `${statement} on ${what}, at ${file}:${pos}${because}`, {
    details: { statement, tables: tables.map(tableName).join(), database: ddl.database, gtid: ddl.gtid, file, pos },
  });
}
