/**
 * Values in a JSON document that JSON has no type for, as the server prints them and with the mark of json-text.ts in front. Stored are
 * MySQL's field type and the value's bytes: of a DECIMAL precision, scale and its row format, of times 8 bytes whose low three are
 * microseconds, of all else the bytes themselves.
 */
import { ByteReader } from '@lutra/bytes';
import { opaqueMark } from '@lutra/model';
import { decimalReader } from './decimal.js';
import type { DecimalReader } from './decimal.js';
import { clock, date, pad } from './temporal.js';

export function printOpaque(type: number, bytes: Buffer): string {
  switch (type) {
    case 246:
      return decimal(bytes);
    case 7:
      return `${opaqueMark} "${datetime(bytes)}"`;
    case 10:
      return `${opaqueMark}"${datetime(bytes).slice(0, 10)}"`;
    case 11:
      return `${opaqueMark}"${time(bytes)}"`;
    case 12:
      return `${opaqueMark}"${datetime(bytes)}"`;
    default:
      return `${opaqueMark}"base64:type${type}:${base64(bytes)}"`;
  }
}

const readers = new Map<number, DecimalReader>();

function readerOf(precision: number, scale: number): DecimalReader {
  const id = precision * 256 + scale;
  let reader = readers.get(id);
  if (!reader) readers.set(id, (reader = decimalReader(precision, scale)));
  return reader;
}

function decimal(bytes: Buffer): string {
  const reader = new ByteReader(bytes);
  const [precision, scale] = [reader.u8(), reader.u8()];
  if (precision === 0 || scale > precision) throw new RangeError('a DECIMAL in JSON of no size');
  const text = readerOf(precision, scale)(reader);
  const digits = text.replace(/^-/, '').replace(/^0/, '').replace('.', '').length;
  return `${opaqueMark}${' '.repeat(precision - digits)}${text}`;
}

/** From the highest bit: year × 13 + month, 5 bits of day, 5 hour, 6 minute, 6 second, 24 microseconds. */
function datetime(bytes: Buffer): string {
  const { isNegative, seconds, micros } = packed(bytes);
  if (isNegative) throw new RangeError('a negative DATETIME in JSON');
  const days = Math.floor(seconds / 2 ** 17);
  const months = days >> 5;
  const day = date(Math.floor(months / 13), months % 13, days & 0x1f);
  const second = seconds % 2 ** 17;
  return `${day} ${clock(second >> 12, (second >> 6) & 0x3f, second & 0x3f)}.${pad(micros, 6)}`;
}

/** 10 bits of hour; a negative one is the negative number. MySQL 8.0.15 stores the hour right and prints it wrong from 32 hours on. */
function time(bytes: Buffer): string {
  const { isNegative, seconds, micros } = packed(bytes);
  return `${isNegative ? '-' : ''}${clock((seconds >> 12) & 0x3ff, (seconds >> 6) & 0x3f, seconds & 0x3f)}.${pad(micros, 6)}`;
}

function packed(bytes: Buffer): { readonly isNegative: boolean; readonly seconds: number; readonly micros: number } {
  if (bytes.length !== 8) throw new RangeError('a time in JSON that is not of 8 bytes');
  const value = bytes.readBigInt64LE(0);
  const absolute = value < 0n ? -value : value;
  return { isNegative: value < 0n, seconds: Number(absolute >> 24n), micros: Number(absolute & 0xffffffn) };
}

const bytesOfLine = 57;

/** In lines of 76 characters, whose ends JSON text escapes. */
function base64(bytes: Buffer): string {
  if (bytes.length <= bytesOfLine) return bytes.toString('base64');
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += bytesOfLine) lines.push(bytes.toString('base64', at, at + bytesOfLine));
  return lines.join(String.raw`\n`);
}
