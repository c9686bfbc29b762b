/** Rows of one run: what is kept of them once they are encoded, and each as an event of its own. */
import type { RowEvent, RowImage } from '@lutra/model';
import type { RowFacts } from './batches.js';

export function factsOf({ op, source, transaction: { last } }: RowEvent): RowFacts {
  return { op, last, commitMs: source.tsMs, gtid: last ? source.gtid : null };
}

/** The row of a run that is so many behind its first one. */
export function rowOf(first: RowEvent, { before, after }: RowImage, behind: number): RowEvent {
  const { source, transaction } = first;
  return {
    ...first,
    before,
    after,
    source: { ...source, row: source.row + behind },
    transaction: { ...transaction, totalOrder: transaction.totalOrder + behind, session: behind === 0 ? transaction.session : null },
  };
}
