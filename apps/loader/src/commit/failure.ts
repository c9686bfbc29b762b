/** Names what the target refused: which source transaction, which table, and, where the statement carried one row, its key. */
import { rowKey, tableName, toSyncError } from '@lutra/model';
import type { RowEvent, SyncError, TableName } from '@lutra/model';
import type { Change } from '@lutra/mysql';
import type { RecordPosition } from '../read/log-reader.js';

export interface NumberedChanges {
  /** Number of the first, as the builder counts. */
  readonly first: number;
  readonly list: readonly Change[];
}

/** What failed. Its event is the last row of it; null: several source transactions failed together, or none. */
interface Failed {
  readonly event: RowEvent | null;
  readonly position: Pick<RecordPosition, 'log' | 'seq'>;
}

interface Attempt {
  readonly changes?: NumberedChanges;
  /** Of its first record, where the last one has not come: by which its transaction is named then. */
  readonly firstSeq?: number;
}

const none: NumberedChanges = { first: 0, list: [] };

/** Whatever failed: what nobody foresaw (a text that is too long for the engine, no memory) has its transaction as well. */
export function nameFailure(thrown: unknown, { event, position }: Failed, { changes = none, firstSeq }: Attempt = {}): SyncError {
  const error = toSyncError(thrown);
  const { log } = position;
  const seq = firstSeq ?? position.seq;
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
