/** What one set of transactions has and another has not: the same for MySQL's sets and MariaDB's positions. Pure. */

/** Transactions `first` to `last` of one server (and tag), or of one domain. */
export interface GtidRange {
  readonly of: string;
  readonly first: bigint;
  readonly last: bigint;
}

/** a without b. Ranges of one set do not overlap. */
export function withoutRanges(a: readonly GtidRange[], b: readonly GtidRange[]): readonly GtidRange[] {
  return b.reduce((left, cut) => left.flatMap((range) => cutOut(range, cut)), a);
}

/** What both have. */
export function commonRanges(a: readonly GtidRange[], b: readonly GtidRange[]): readonly GtidRange[] {
  return withoutRanges(a, withoutRanges(a, b));
}

function cutOut(range: GtidRange, cut: GtidRange): readonly GtidRange[] {
  if (cut.of !== range.of || cut.last < range.first || cut.first > range.last) return [range];
  const before = { ...range, last: cut.first - 1n };
  const after = { ...range, first: cut.last + 1n };
  return [before, after].filter(({ first, last }) => first <= last);
}

/** How many, and which: for people. */
export function describeRanges(ranges: readonly GtidRange[]): { readonly count: bigint; readonly text: string } {
  const count = ranges.reduce((sum, { first, last }) => sum + last - first + 1n, 0n);
  const text = ranges.map(({ of, first, last }) => `${of}:${first === last ? first : `${first}-${last}`}`).join(', ');
  return { count, text };
}
