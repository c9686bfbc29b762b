/** Names what the target refused: which source transaction, which table, and, where the statement carried one row, its key. */
import { rowKey, tableName, toSyncError } from '@lutra/model';
import type { RowEvent, SyncError, TableName } from '@lutra/model';
import type { Change } from '@lutra/mysql';

export interface NumberedChanges {
  /** Number of the first, as the builder counts. */
  readonly first: number;
  readonly list: readonly Change[];
}

export interface Attempt {
  readonly changes: NumberedChanges;
  readonly log: string;
  /** Of the transaction's last record, or of its first while the last is not known. */
  readonly seq: number;
  /** The last row of it; null: several source transactions failed together, or none. */
  readonly event: RowEvent | null;
}

/** Whatever failed: what nobody foresaw (a text that is too long for the engine, no memory) has its transaction as well. */
export function nameFailure(thrown: unknown, { changes, log, seq, event }: Attempt): SyncError {
  const error = toSyncError(thrown);
  const alone = error.refused.changes?.count === 1 ? error.refused.changes.first : NaN;
  const failed = changes.list[alone - changes.first];
  const key = failed && keyOf(failed);
  const transaction = event ? { transaction: event.transaction.id, log, seq, gtid: event.source.gtid } : {};
  const where = event ? ` (transaction ${event.transaction.id}, seq ${seq})` : '';
  const fired = error.code === 'ROW_CONFLICT' ? firingTriggers(changes.list) : [];
  const because = fired.length > 0 ? `; a trigger of the target may have written it: ${fired.join(', ')} (docs/02-setup.md, Triggers)` : '';
  return error.again(`${error.message}${key ? `, ${key}` : ''}${where}${because}`, {
    cause: error,
    details: { ...transaction, ...(key ? { key } : {}), ...(fired.length > 0 ? { triggers: fired.join(', ') } : {}) },
    refused: event ? { transaction: { log, seq } } : {},
  });
}

/** Triggers that fire for what the transaction writes: what they do at the source comes as rows, which then meet what they did here. */
function firingTriggers(changes: readonly Change[]): readonly string[] {
  const targets = new Set(changes.map(({ target }) => target));
  return [...new Set([...targets].flatMap((target) => target.firingTriggers.map((trigger) => `${tableName(target)}: ${trigger}`)))];
}

interface RowAtHand extends Pick<Change, 'source' | 'before' | 'after'> {
  readonly target: TableName;
}

/** The row that was at hand, for an error that names none. Those that pass by themselves are not about it. */
export function nameRow(thrown: unknown, row: RowAtHand): SyncError {
  const error = toSyncError(thrown);
  if (error.outcome !== 'stop' || error.details['key'] !== undefined) return error;
  const { database, name } = row.target;
  const key = keyOf(row);
  const what = tableName(row.target);
  const message = error.message.includes(what) ? error.message : `${what}: ${error.message}`;
  const details = { database, table: name, ...error.details, ...(key ? { key } : {}) };
  return error.again(`${message}${key ? `, ${key}` : ''}`, { cause: thrown, details });
}

function keyOf({ source, before, after }: Pick<Change, 'source' | 'before' | 'after'>): string | undefined {
  return rowKey(source, before ?? after);
}
