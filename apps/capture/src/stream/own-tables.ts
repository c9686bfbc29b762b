/**
 * Tables that say something to capture, whatever the routes are. Loaders write `lutra.checkpoint`, `lutra.signal`, `lutra.suspended` and
 * `lutra.ddl`; an application writes `lutra.skip` for a transaction that is not to be replicated, and `lutra.resync` for a row that is to
 * be sent again. Those that were made for otter say the same in its `retl.retl_mark`, with a channel_info that ends with _SYNC, and in
 * its `retl.retl_buffer`, and may go on to do so.
 */
import { checkpointTable, signalTable, suspendedTable } from '@lutra/marker';
import { ddlTable } from '../ddl/copies.js';
import type { RowImage, SourceItem, TableName } from '@lutra/model';

const skipTable: TableName = { database: 'lutra', name: 'skip' };
const otterTable: TableName = { database: 'retl', name: 'retl_mark' };
/** Rows that are to be sent again: ours, and otter's (resync/). */
const resyncTable: TableName = { database: 'lutra', name: 'resync' };
export const otterBufferTable: TableName = { database: 'retl', name: 'retl_buffer' };
const ownTables: readonly TableName[] = [
  checkpointTable,
  signalTable,
  suspendedTable,
  ddlTable,
  skipTable,
  otterTable,
  resyncTable,
  otterBufferTable,
];

export const ownDatabases: ReadonlySet<string> = new Set(ownTables.map(({ database }) => database));

export function isOwnTable(table: TableName): boolean {
  return ownTables.some((own) => isTable(table, own));
}

/** Whether the rows say that their transaction is not to be replicated. */
export function asksToSkip({ table, op, rows }: Extract<SourceItem, { kind: 'rows' }>): boolean {
  if (isTable(table, skipTable)) return op !== 'd';
  return isTable(table, otterTable) && rows.some(isOtterSkip);
}

/** The column's case is up to whoever created the table. */
function isOtterSkip({ before, after }: RowImage): boolean {
  const [, info] = Object.entries(after ?? before ?? {}).find(([column]) => column.toLowerCase() === 'channel_info') ?? [];
  return typeof info === 'string' && /_SYNC$/i.test(info);
}

function isTable(table: TableName, own: TableName): boolean {
  return table.database === own.database && table.name === own.name;
}
