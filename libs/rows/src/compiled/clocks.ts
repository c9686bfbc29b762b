/**
 * Dates and times of a row image as the texts of types/temporal.ts, for generated code (to-avro.ts). What is not usual (a year of five
 * digits, a fraction that no server writes) throws, and is left to the codec of objects.
 */
import { digits31, padded, two, varint } from './numbers.js';

const [dash, space, colon, point, minus] = [0x2d, 0x20, 0x3a, 0x2e, 0x2d] as const;

function unusual(): RangeError {
  return new RangeError('a date or time that is not usual');
}

function day(b: Buffer, p: number, year: number, month: number, dayOfMonth: number): number {
  if (year > 9999) throw unusual();
  const century = (year / 100) | 0;
  p = two(b, p, century);
  p = two(b, p, year - 100 * century);
  b[p] = dash;
  p = two(b, p + 1, month);
  b[p] = dash;
  return two(b, p + 1, dayOfMonth);
}

/** `hh:mm:ss` of two digits each. */
function clock(b: Buffer, p: number, hour: number, minute: number, second: number): number {
  p = two(b, p, hour);
  b[p] = colon;
  p = two(b, p + 1, minute);
  b[p] = colon;
  return two(b, p + 1, second);
}

/** Stored with an even number of digits, big-endian. */
function fractionAt(src: Buffer, s: number, digits: number): number {
  if (digits === 0) return 0;
  const size = (digits + 1) >> 1;
  let value = src[s]!;
  if (size > 1) value = (value << 8) | src[s + 1]!;
  if (size > 2) value = (value << 8) | src[s + 2]!;
  return value;
}

function fraction(b: Buffer, p: number, value: number, digits: number): number {
  if (digits === 0) return p;
  if (value >= (digits > 4 ? 1_000_000 : digits > 2 ? 10_000 : 100)) throw unusual();
  b[p] = point;
  return padded(b, p + 1, (digits & 1) === 0 ? value : (value / 10) | 0, digits);
}

/** Bytes of such a text after its length. */
function lengthOf(digits: number): number {
  return digits === 0 ? 19 : 20 + digits;
}

export function date(src: Buffer, s: number, b: Buffer, p: number): number {
  const packed = src[s]! | (src[s + 1]! << 8) | (src[s + 2]! << 16);
  b[p] = 10 << 1;
  return day(b, p + 1, packed >> 9, (packed >> 5) & 0xf, packed & 0x1f);
}

export function datetime(src: Buffer, sv: DataView, s: number, b: Buffer, p: number, digits: number): number {
  const first = src[s]!;
  if (first < 0x80) throw new RangeError('a negative DATETIME');
  const low = sv.getUint32(s + 1);
  const months = ((first & 0x7f) << 10) | (low >>> 22);
  const year = (months / 13) | 0;
  b[p] = lengthOf(digits) << 1;
  p = day(b, p + 1, year, months - 13 * year, (low >>> 17) & 0x1f);
  b[p] = space;
  p = clock(b, p + 1, (low >>> 12) & 0x1f, (low >>> 6) & 0x3f, low & 0x3f);
  return fraction(b, p, fractionAt(src, s + 5, digits), digits);
}

export function timestamp(src: Buffer, sv: DataView, s: number, b: Buffer, p: number, digits: number): number {
  const seconds = sv.getUint32(s);
  const part = fractionAt(src, s + 4, digits);
  b[p++] = lengthOf(digits) << 1;
  const days = (seconds / 86_400) | 0;
  if (seconds !== 0) p = calendarDay(b, p, days);
  else if (part === 0) p = day(b, p, 0, 0, 0);
  else throw unusual();
  const rest = seconds - 86_400 * days;
  const hour = (rest / 3600) | 0;
  const minute = ((rest - 3600 * hour) / 60) | 0;
  b[p] = space;
  p = clock(b, p + 1, hour, minute, rest - 3600 * hour - 60 * minute);
  return fraction(b, p, part, digits);
}

/** Of days since 1970: years begin in March, so that the day of February that may be missing is the last one. */
function calendarDay(b: Buffer, p: number, days: number): number {
  const shifted = days + 719_468;
  const era = (shifted / 146_097) | 0;
  const dayOfEra = shifted - 146_097 * era;
  const yearOfEra = ((dayOfEra - ((dayOfEra / 1460) | 0) + ((dayOfEra / 36_524) | 0) - ((dayOfEra / 146_096) | 0)) / 365) | 0;
  const dayOfYear = dayOfEra - (365 * yearOfEra + (yearOfEra >> 2) - ((yearOfEra / 100) | 0));
  const fromMarch = ((5 * dayOfYear + 2) / 153) | 0;
  const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9;
  const year = 400 * era + yearOfEra + (month < 3 ? 1 : 0);
  return day(b, p, year, month, dayOfYear - (((153 * fromMarch + 2) / 5) | 0) + 1);
}

/** Hours of up to four digits; a negative time is the mirror image of its positive one, fraction included. */
export function time(src: Buffer, s: number, b: Buffer, p: number, digits: number): number {
  const scale = 256 ** ((digits + 1) >> 1);
  const head = (src[s]! << 16) | (src[s + 1]! << 8) | src[s + 2]!;
  const packed = (head - 0x80_0000) * scale + fractionAt(src, s + 3, digits);
  const size = packed < 0 ? -packed : packed;
  const whole = Math.floor(size / scale);
  const hour = whole >> 12;
  let at = p + 1;
  if (packed < 0) b[at++] = minus;
  at = hour < 100 ? two(b, at, hour) : digits31(b, at, hour);
  b[at] = colon;
  at = two(b, at + 1, (whole >> 6) & 0x3f);
  b[at] = colon;
  at = two(b, at + 1, whole & 0x3f);
  at = fraction(b, at, size - whole * scale, digits);
  varint(b, p, at - p - 1);
  return at;
}
