/**
 * What the log of the target does not tell: a table that it leaves out since a position that a change has not seen. Whether the target has
 * changed the table meanwhile, nobody can say, so the change is not applied: the table is suspended in this direction too, before the
 * target transaction that waits for its watermark is committed. docs/decisions/0023.
 */
import { SyncError, tableName } from '@lutra/model';
import type { Seen, TableName } from '@lutra/model';
import type { Change } from '@lutra/mysql';
import type { Peers } from './peers.js';

type Told = Pick<Peers, 'leftOut'>;

/** Of one source transaction, whose watermark has been read. @throws SyncError TABLE_SUSPENDED, as the matter of the source's table */
export function requireTold(changes: readonly Change[], seen: Seen, peers: Told): void {
  for (const { source, target } of changes) requireToldOf({ source, target }, seen, peers);
}

export function requireToldOf(
  { source, target }: { readonly source: TableName; readonly target: TableName },
  seen: Seen,
  peers: Told,
): void {
  const found = peers.leftOut(target, seen);
  if (!found) return;
  const message = `${tableName(target)} is left out of the log of this target, which would tell what was changed here: ${found.message}`;
  throw new SyncError('TABLE_SUSPENDED', message, {
    details: { sourceDatabase: source.database, sourceTable: source.name, suspendedFor: found.code },
    refused: { table: { database: source.database, name: source.name, code: found.code } },
  });
}
