/**
 * The source transactions that share a target transaction, one by one: which of them a change belongs to, and which are resolved together.
 * Pure.
 */
import type { Checkpoint } from '@lutra/marker';
import type { RowEvent } from '@lutra/model';
import type { Change, ExactText } from '@lutra/mysql';
import type { WithFiles } from '../../files/commit-files.js';
import type { RecordPosition } from '../../read/log-reader.js';

/** One source transaction, whole. */
export interface BufferedTransaction extends WithFiles {
  readonly changes: readonly Change[];
  /** Its last row. */
  readonly event: RowEvent;
  readonly position: RecordPosition;
  /** With which it is committed if it is committed alone. */
  readonly checkpoint: Checkpoint;
}

/** Source transactions for one target transaction. */
export interface Batch {
  readonly statements: ExactText;
  /** Number of their first change, as the builder of the statements counts. */
  readonly first: number;
  readonly transactions: readonly BufferedTransaction[];
  readonly checkpoint: Checkpoint;
}

/** Changes that are resolved in one target transaction. */
const groupChanges = 256;

/**
 * Behind the last transaction that is resolved together with the suspect at `from`: no more changes than can hold their locks while they
 * are resolved one by one, and the last one is a suspect too.
 */
export function endOfGroup(
  transactions: readonly BufferedTransaction[],
  from: number,
  suspected: ReadonlySet<BufferedTransaction>,
): number {
  let end = Math.min(from + 1, transactions.length);
  let changes = 0;
  for (const [i, transaction] of transactions.entries()) {
    if (i < from) continue;
    changes += transaction.changes.length;
    if (changes > groupChanges) break;
    if (suspected.has(transaction)) end = i + 1;
  }
  return end;
}

/** The last one is committed with the position of all: records that need no write may have passed behind it. */
export function endingAt(transactions: readonly BufferedTransaction[], checkpoint: Checkpoint): readonly BufferedTransaction[] {
  return transactions.map((transaction, i) => (i === transactions.length - 1 ? { ...transaction, checkpoint } : transaction));
}

/** Whose changes these are; all, if one of them is nobody's. */
export function transactionsOf(transactions: readonly BufferedTransaction[], changes: readonly number[]): ReadonlySet<BufferedTransaction> {
  const found = new Set<BufferedTransaction>();
  const numbers = changes.toSorted((a, b) => a - b);
  let next = 0;
  let behind = 0;
  for (const transaction of transactions) {
    behind += transaction.changes.length;
    for (let number = numbers[next]; number !== undefined && number >= 0 && number < behind; number = numbers[++next])
      found.add(transaction);
  }
  return next < numbers.length ? new Set(transactions) : found;
}
