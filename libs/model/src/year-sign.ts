/**
 * Which numbers of a table are unsigned. The table map has a bit for each numeric column, but whether YEAR is one depends on the server
 * that wrote the file: read wrongly, every number after a YEAR column gets its neighbour's sign. MySQL 8.0.15 leaves YEAR out, MySQL from
 * 8.0.29 on and MariaDB count it; between the two nobody has looked, so there only bits that mean the same both ways are taken.
 */

export type YearSign = 'counted' | 'left-out' | 'unknown';

const leftOutUpTo = [8, 0, 15] as const;
const countedFrom = [8, 0, 29] as const;

/** @param version as the server says it, or of a format event */
export function yearSignOf(version: string): YearSign {
  if (/mariadb/i.test(version)) return 'counted';
  const parts = version.split(/[.-]/).map((part) => Number.parseInt(part, 10));
  if (compare(parts, countedFrom) >= 0) return 'counted';
  return compare(parts, leftOutUpTo) <= 0 ? 'left-out' : 'unknown';
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (const [i, part] of b.entries()) if (a[i] !== part) return (a[i] ?? 0) - part;
  return 0;
}

/** The bits of a table map, rounded up to whole bytes. */
export type SignBits = readonly boolean[];

/**
 * One answer for each number, true for unsigned, without the YEAR columns.
 * @param isYear of each numeric column, in order
 * @returns 'missing': other bits than the columns need; 'unknown': what they mean is not proven
 */
export function signsOf(bits: SignBits, isYear: readonly boolean[], yearSign: YearSign): readonly boolean[] | 'missing' | 'unknown' {
  const all = isYear.length;
  const numbers = isYear.filter((year) => !year).length;
  const fits = (count: number): boolean => bits.length === wholeBytes(count);
  const counted = (): readonly boolean[] | 'missing' => (fits(all) ? bits.slice(0, all).filter((_, i) => isYear[i] === false) : 'missing');
  const leftOut = (): readonly boolean[] | 'missing' => (fits(numbers) ? bits.slice(0, numbers) : 'missing');
  if (yearSign === 'counted' || numbers === all) return counted();
  if (yearSign === 'left-out') return leftOut();
  const [one, other] = [counted(), leftOut()];
  if (one === 'missing') return other;
  if (other === 'missing') return one;
  return one.every((sign, i) => sign === other[i]) ? one : 'unknown';
}

/** What signsOf() says of a table with these columns, however the server writes them. Null: YEAR. */
export function signsAreTold(unsigned: readonly (boolean | null)[], yearSign: YearSign): boolean {
  const isYear = unsigned.map((sign) => sign === null);
  const padded = (bits: readonly boolean[]): SignBits => Array.from({ length: wholeBytes(bits.length) }, (_, i) => bits[i] ?? false);
  const written = [unsigned.map((sign) => sign ?? true), unsigned.filter((sign) => sign !== null)].map(padded);
  return yearSign !== 'unknown' || written.every((bits) => signsOf(bits, isYear, yearSign) !== 'unknown');
}

function wholeBytes(bits: number): number {
  return (bits + 7) & ~7;
}
