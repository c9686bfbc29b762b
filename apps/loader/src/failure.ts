/** Names what the target refused: which source transaction, which table, and, where the statement carried one row, its key. */
import { SyncError } from '@lutra/model';
import type { RowEvent } from '@lutra/model';
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
  readonly event: RowEvent | null;
  /** The target transaction carried one source transaction only. */
  readonly alone: boolean;
}

/** Of a key in a message: a key can be a text of any size. */
const maxKeyLength = 200;

export function nameFailure(error: unknown, { changes, log, seq, event, alone }: Attempt): unknown {
  if (!(error instanceof SyncError)) return error;
  const { change, changes: count } = error.details;
  const failed = typeof change === 'number' && count === 1 ? changes.list[change - changes.first] : undefined;
  const key = failed && keyOf(failed);
  const transaction = alone && event ? { transaction: event.transaction.id, log, seq, gtid: event.source.gtid } : {};
  const where = alone && event ? ` (transaction ${event.transaction.id}, seq ${seq})` : '';
  return new SyncError(error.code, `${error.message}${key ? `, ${key}` : ''}${where}`, {
    cause: error,
    details: { ...error.details, ...transaction, ...(key ? { key } : {}), alone },
  });
}

function keyOf({ source, before, after }: Change): string | undefined {
  const row = before ?? after;
  if (!row || source.primaryKey.length === 0) return undefined;
  const text = source.primaryKey.map((name) => `${name}=${String(row[name])}`).join(', ');
  return text.length > maxKeyLength ? `${text.slice(0, maxKeyLength)}…` : text;
}
