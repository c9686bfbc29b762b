/** What a server says against a schema change: in its own words, but where they may have values of rows. */
import type { SyncError } from '@lutra/model';

export interface DdlFailure {
  readonly errno: number | null;
  /** For people. */
  readonly words: string;
  /** So many statements of the text had succeeded. */
  readonly index: number;
  readonly error: SyncError;
}

/** Ranges of numbers whose messages have no value of a row. */
const plain: readonly (readonly [number, number])[] = [
  [1005, 1010],
  [1044, 1051],
  [1054, 1061],
  [1063, 1091],
  [1101, 1118],
  [1138, 1146],
  [1163, 1171],
  [1205, 1227],
  [1231, 1290],
  [1293, 1295],
  [1364, 1364],
  [1406, 1410],
  [1451, 1524],
  [1527, 1585],
  [1641, 1689],
  [1706, 1766],
  [1790, 1860],
  [3095, 3109],
  [3750, 3830],
  [6125, 6127],
];
/** In them, and with a value. */
const telling = new Set([1062, 1526, 1586, 1761, 1762]);

export function ddlFailure(thrown: unknown, error: SyncError, index: number): DdlFailure {
  const { errno, sqlMessage } = thrown as { readonly errno?: unknown; readonly sqlMessage?: unknown };
  const number = typeof errno === 'number' ? errno : null;
  const isPlain = number !== null && !telling.has(number) && plain.some(([from, to]) => number >= from && number <= to);
  const says = isPlain && typeof sqlMessage === 'string' && !error.message.includes(sqlMessage) ? `: ${sqlMessage}` : '';
  return { errno: number, words: `${error.message}${says}`, index, error };
}
