/**
 * DECIMAL as text ⇄ its unscaled whole number. Exact for all 65 digits. The text has the column's fraction digits, no more and no
 * fewer, as the server prints it; there is no negative zero, as in the server.
 */
import type { ByteReader, ByteWriter } from '@lutra/bytes';
import { SyncError } from '@lutra/model';
import { malformed } from './codec-error.js';
import { readUnscaled, writeSmallUnscaled, writeUnscaled } from './unscaled.js';

export interface DecimalShape {
  readonly precision: number;
  readonly scale: number;
  readonly unsigned: boolean;
}

const zero = 48;
const nine = 57;
const minus = 45;
const point = 46;
/** Whole numbers of this many digits are exact as JS numbers. */
const exactDigits = 15;

/** @throws SyncError VALUE_UNSUPPORTED if the text is no such decimal or out of the column's range */
export function writeDecimal(writer: ByteWriter, text: string, shape: DecimalShape): void {
  const negative = text.charCodeAt(0) === minus;
  const pointAt = shape.scale === 0 ? text.length : text.length - shape.scale - 1;
  const first = negative ? 1 : 0;
  if (pointAt <= first) throw new SyncError('VALUE_UNSUPPORTED', `the text is not a decimal with ${shape.scale} fraction digits`);
  let digits = 0;
  let value = 0;
  for (let i = first; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (i === pointAt && code === point) continue;
    if (i === pointAt || code < zero || code > nine) {
      throw new SyncError('VALUE_UNSUPPORTED', `the text is not a decimal with ${shape.scale} fraction digits`);
    }
    if (digits > 0 || code > zero) digits++;
    value = value * 10 + (code - zero);
  }
  if (digits > shape.precision || (negative && shape.unsigned && digits > 0)) {
    throw new SyncError('VALUE_UNSUPPORTED', `the decimal is out of range of (${shape.precision},${shape.scale})`);
  }
  if (digits <= exactDigits) writeSmallUnscaled(writer, negative ? -value : value);
  else writeUnscaled(writer, BigInt(text.slice(0, pointAt) + text.slice(pointAt + 1)));
}

/** @throws SyncError RECORD_INVALID if the number is out of the column's range */
export function readDecimal(reader: ByteReader, shape: DecimalShape): string {
  const value = readUnscaled(reader);
  const negative = value < 0;
  let digits = String(negative ? -value : value);
  if (digits.length > shape.precision) throw malformed('a decimal is out of range of its column');
  if (negative && shape.unsigned) throw malformed('a decimal of an unsigned column is negative');
  if (shape.scale > 0) {
    digits = digits.padStart(shape.scale + 1, '0');
    digits = `${digits.slice(0, -shape.scale)}.${digits.slice(-shape.scale)}`;
  }
  return negative ? `-${digits}` : digits;
}
