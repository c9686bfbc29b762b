/** Files one behind the other, and any range of that. Pure. */

export interface Slice {
  /** Which file. */
  readonly index: number;
  /** Bytes of it: the first, and the one behind the last. */
  readonly from: number;
  readonly to: number;
}

/** The parts of files of these sizes that make the bytes from `start` to `end` (behind the last). */
export function slicesOf(sizes: readonly number[], start: number, end: number): readonly Slice[] {
  const slices: Slice[] = [];
  let at = 0;
  for (const [index, size] of sizes.entries()) {
    const [from, to] = [Math.max(start - at, 0), Math.min(end - at, size)];
    if (from < to) slices.push({ index, from, to });
    at += size;
    if (at >= end) break;
  }
  return slices;
}

export interface Range {
  readonly start: number;
  /** Behind the last. */
  readonly end: number;
}

/** RFC 9110, 14.2. Null: there is none, or none that a server has to heed (several, another unit); 'unsatisfiable': 416. */
export function rangeOf(header: string | undefined, size: number): Range | null | 'unsatisfiable' {
  const [, first = '', last = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? '') ?? [];
  if (first === '' && last === '') return null;
  if (first === '') return Number(last) === 0 || size === 0 ? 'unsatisfiable' : { start: Math.max(0, size - Number(last)), end: size };
  const start = Number(first);
  const end = last === '' ? size : Math.min(Number(last) + 1, size);
  if (last !== '' && Number(last) < start) return null;
  return start < size ? { start, end } : 'unsatisfiable';
}
