/**
 * Which numbers are unsigned. The table map has a bit for each numeric column, but whether YEAR is one depends on the server that wrote
 * the file: read wrongly, every number after a YEAR column gets its neighbour's sign. MySQL 8.0.15 leaves YEAR out, MySQL from 8.0.29 on
 * and MariaDB count it; between the two nobody has looked, so there only bits that mean the same both ways are taken.
 */
import { SyncError } from '@lutra/model';
import { readBits } from './table-map.js';

export type YearSign = 'counted' | 'left-out' | 'unknown';

const leftOutUpTo = [8, 0, 15] as const;
const countedFrom = [8, 0, 29] as const;

/** @param version of a format event */
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

export interface NumericColumns {
  /** In order: true for YEAR. */
  readonly isYear: readonly boolean[];
  readonly yearSign: YearSign;
  /** The table, for messages. */
  readonly where: string;
}

/** One answer for each number, true for unsigned, without the YEAR columns. @throws SyncError COLUMN_UNSUPPORTED, BINLOG_DECODE */
export function readSigns(bits: Buffer | undefined, { isYear, yearSign, where }: NumericColumns): boolean[] {
  const numbers = isYear.filter((year) => !year).length;
  const what = 'the signs of its numbers';
  const counted = (): boolean[] => readBits(bits, isYear.length, what).filter((_, i) => isYear[i] === false);
  const leftOut = (): boolean[] => readBits(bits, numbers, what);
  if (yearSign === 'counted' || numbers === isYear.length) return counted();
  if (yearSign === 'left-out') return leftOut();
  const fits = (count: number): boolean => (bits?.length ?? 0) === (count + 7) >> 3;
  if (!fits(isYear.length)) return leftOut();
  if (!fits(numbers)) return counted();
  const [one, other] = [counted(), leftOut()];
  if (one.every((sign, i) => sign === other[i])) return one;
  throw new SyncError('COLUMN_UNSUPPORTED', `${where}: the signs of numbers after a YEAR column are not proven for MySQL 8.0.16 to 8.0.28`);
}
