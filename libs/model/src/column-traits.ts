/**
 * What holds for all values of a column type, for those that ask for a property and not for the type. A list of types that some file keeps
 * for itself is silent about a new type; here it does not compile until it is said what it is.
 */
import type { ColumnType } from './table.js';

export type ColumnTraits =
  /** Whole numbers. */
  | { readonly kind: 'whole'; readonly bits: number }
  /** Digits, exact. */
  | { readonly kind: 'decimal' }
  | { readonly kind: 'floating' }
  /** A date, a time, a year: ordered, and some clock gives it. */
  | { readonly kind: 'clock' }
  /** ENUM, SET: one of a list, or some. */
  | { readonly kind: 'choice' }
  /** A few bits, as bytes. */
  | { readonly kind: 'bits' }
  /** May be so large that a value is sent beside its statement. */
  | { readonly kind: 'text' | 'bytes' | 'document' };

const whole = (bits: number): ColumnTraits => ({ kind: 'whole', bits });

export const columnTraits: Readonly<Record<ColumnType, ColumnTraits>> = {
  tinyint: whole(8),
  smallint: whole(16),
  mediumint: whole(24),
  int: whole(32),
  bigint: whole(64),
  decimal: { kind: 'decimal' },
  float: { kind: 'floating' },
  double: { kind: 'floating' },
  year: { kind: 'clock' },
  bit: { kind: 'bits' },
  char: { kind: 'text' },
  varchar: { kind: 'text' },
  text: { kind: 'text' },
  binary: { kind: 'bytes' },
  varbinary: { kind: 'bytes' },
  blob: { kind: 'bytes' },
  enum: { kind: 'choice' },
  set: { kind: 'choice' },
  json: { kind: 'document' },
  date: { kind: 'clock' },
  time: { kind: 'clock' },
  datetime: { kind: 'clock' },
  timestamp: { kind: 'clock' },
  geometry: { kind: 'bytes' },
  vector: { kind: 'bytes' },
};

/** Its kind is one of these; what is no column type of ours has none. */
export function isOfKind(type: ColumnType | 'other', ...kinds: readonly ColumnTraits['kind'][]): boolean {
  return type !== 'other' && kinds.includes(columnTraits[type].kind);
}
