/** Stamps name writes: `a.3.517.2` is the second statement of transaction 517 of the third writer of side a. */

export function writerOf(stamp: string): string {
  return stamp.split('.').slice(0, 2).join('.');
}

export function transactionOf(stamp: string): string {
  return stamp.split('.').slice(0, 3).join('.');
}

/** Of the same writer. */
export function isLater(one: string, other: string): boolean {
  const [n = 0, index = 0] = one.split('.').slice(2).map(Number);
  const [otherN = 0, otherIndex = 0] = other.split('.').slice(2).map(Number);
  return n === otherN ? index > otherIndex : n > otherN;
}
