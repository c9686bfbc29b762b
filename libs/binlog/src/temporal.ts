/**
 * DATE, TIME, DATETIME, TIMESTAMP, YEAR from their row format to the text that the server prints with time_zone '+00:00'. Parts that are
 * zero, days that do not exist and years below 1000 come out as stored: no Date object is ever made of them.
 */
import type { ByteReader } from '@lutra/bytes';

export type TextReader = (reader: ByteReader) => string;

export function pad(value: number, digits: number): string {
  return String(value).padStart(digits, '0');
}

export function date(year: number, month: number, day: number): string {
  return `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`;
}

export function clock(hour: number, minute: number, second: number): string {
  return `${pad(hour, 2)}:${pad(minute, 2)}:${pad(second, 2)}`;
}

/** Bytes of a fraction with so many declared digits; it is stored with an even number of digits. */
function fractionBytes(digits: number): number {
  return (digits + 1) >> 1;
}

function readFraction(reader: ByteReader, digits: number): string {
  if (digits === 0) return '';
  const size = fractionBytes(digits);
  return `.${pad(reader.uintBE(size), 2 * size).slice(0, digits)}`;
}

export function readYear(reader: ByteReader): number {
  const value = reader.u8();
  return value === 0 ? 0 : 1900 + value;
}

export function readDate(reader: ByteReader): string {
  const packed = reader.u24();
  return date(packed >> 9, (packed >> 5) & 0xf, packed & 0x1f);
}

/** 5 bytes: sign, 17 bits of year × 13 + month, 5 day, 5 hour, 6 minute, 6 second. */
export function datetimeReader(digits: number): TextReader {
  return (reader) => {
    const packed = reader.uintBE(5) - 0x8000000000;
    if (packed < 0) throw new RangeError('a negative DATETIME');
    const time = packed % 2 ** 17;
    const days = Math.floor(packed / 2 ** 17);
    const months = days >> 5;
    const day = date(Math.floor(months / 13), months % 13, days & 0x1f);
    return `${day} ${clock(time >> 12, (time >> 6) & 0x3f, time & 0x3f)}${readFraction(reader, digits)}`;
  };
}

/** Seconds since 1970; 0 is the zero date, because a TIMESTAMP starts at second 1. */
export function timestampReader(digits: number): TextReader {
  return (reader) => {
    const seconds = reader.uintBE(4);
    const fraction = readFraction(reader, digits);
    if (seconds === 0) {
      if (/[1-9]/.test(fraction)) throw new RangeError('a TIMESTAMP of second 0 with a fraction');
      return `0000-00-00 00:00:00${fraction}`;
    }
    const iso = new Date(seconds * 1000).toISOString();
    return `${iso.slice(0, 10)} ${iso.slice(11, 19)}${fraction}`;
  };
}

/**
 * 3 bytes (sign, 1 unused bit, 10 hour, 6 minute, 6 second) and the fraction, together one big-endian number whose middle stands for 0:
 * a negative value is the mirror image, fraction included.
 */
export function timeReader(digits: number): TextReader {
  const size = fractionBytes(digits);
  const middle = 0x800000 * 256 ** size;
  return (reader) => {
    const packed = reader.uintBE(3 + size) - middle;
    const absolute = Math.abs(packed);
    const time = Math.floor(absolute / 256 ** size);
    const fraction = digits === 0 ? '' : `.${pad(absolute % 256 ** size, 2 * size).slice(0, digits)}`;
    return `${packed < 0 ? '-' : ''}${clock(time >> 12, (time >> 6) & 0x3f, time & 0x3f)}${fraction}`;
  };
}
