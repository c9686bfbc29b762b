/**
 * DECIMAL from its row format to the text that the server prints: groups of nine digits in four bytes, big-endian, the shorter group first
 * in the integer part and last in the fraction; the first bit flipped, and all bits of a negative value.
 */
import type { ByteReader } from '@lutra/bytes';

/** Bytes of a group by its number of digits. */
const groupBytes = [0, 1, 1, 2, 2, 3, 3, 4, 4, 4] as const;
const groupDigits = 9;

export type DecimalReader = (reader: ByteReader) => string;

export function decimalReader(precision: number, scale: number): DecimalReader {
  const integerDigits = precision - scale;
  const groups = [...integerGroups(integerDigits), ...fractionGroups(scale)];
  const size = groups.reduce((sum, digits) => sum + groupBytes[digits]!, 0);
  return (reader) => {
    const bytes = Buffer.from(reader.take(size));
    const isNegative = (bytes[0]! & 0x80) === 0;
    bytes[0]! ^= 0x80;
    if (isNegative) for (let i = 0; i < size; i++) bytes[i]! ^= 0xff;
    const digits = readGroups(bytes, groups);
    const integer = digits.slice(0, integerDigits).replace(/^0+/, '') || '0';
    const fraction = scale > 0 ? `.${digits.slice(integerDigits)}` : '';
    return `${isNegative ? '-' : ''}${integer}${fraction}`;
  };
}

function integerGroups(digits: number): number[] {
  const full = Math.floor(digits / groupDigits);
  const first = digits % groupDigits;
  return [...(first > 0 ? [first] : []), ...Array<number>(full).fill(groupDigits)];
}

function fractionGroups(digits: number): number[] {
  return integerGroups(digits).toReversed();
}

function readGroups(bytes: Buffer, groups: readonly number[]): string {
  let text = '';
  let offset = 0;
  for (const digits of groups) {
    const size = groupBytes[digits]!;
    const group = String(bytes.readUIntBE(offset, size)).padStart(digits, '0');
    if (group.length > digits) throw new RangeError('a DECIMAL with a group of too many digits');
    text += group;
    offset += size;
  }
  return text;
}
