/**
 * DECIMAL: text with the column's fraction digits, no more and no fewer, as the server prints it; exact for all 65 digits. There is no
 * negative zero, as in the server.
 */
import { type ColumnSchema, SyncError } from '@lutra/model';
import type { ByteReader, ByteWriter } from '@lutra/bytes';
import type { ServerColumn } from '../server-column.js';
import type { Writer } from '../sql.js';
import { malformed } from '../codec-error.js';
import {
  type AvroType,
  type ColumnCodec,
  type FromAvro,
  need,
  never,
  plainSql,
  sameBy,
  sameType,
  type ToAvro,
  type TypeRules,
  type ValueReader,
  type WireColumn,
  wrongType,
} from '../type-rules.js';
import { written } from '../compiled/to-avro.js';
import { numberToSql } from '../compiled/to-sql.js';
import { readUnscaled, writeSmallUnscaled, writeUnscaled } from '../unscaled.js';

// Binlog: groups of nine digits in four bytes, big-endian, the shorter group first in the integer part and last in the fraction; the first
// bit flipped, and all bits of a negative value.

/** Bytes of a group by its number of digits. */
const groupBytes = [0, 1, 1, 2, 2, 3, 3, 4, 4, 4] as const;
const groupDigits = 9;

export interface DecimalForm {
  /** Bytes. */
  readonly size: number;
  /** @param bytes its own: they are changed */
  readonly text: (bytes: Buffer) => string;
}

export function decimalForm(precision: number, scale: number): DecimalForm {
  const integerDigits = precision - scale;
  const groups = [...integerGroups(integerDigits), ...fractionGroups(scale)];
  const size = groups.reduce((sum, digits) => sum + groupBytes[digits]!, 0);
  const text = (bytes: Buffer): string => {
    const isNegative = (bytes[0]! & 0x80) === 0;
    bytes[0]! ^= 0x80;
    if (isNegative) for (let i = 0; i < size; i++) bytes[i]! ^= 0xff;
    const digits = readGroups(bytes, groups);
    const integer = digits.slice(0, integerDigits).replace(/^0+/, '') || '0';
    const fraction = scale > 0 ? `.${digits.slice(integerDigits)}` : '';
    return `${isNegative ? '-' : ''}${integer}${fraction}`;
  };
  return { size, text };
}

function reader({ schema: { precision, scale } }: WireColumn): ValueReader {
  const { size, text } = decimalForm(need(precision), need(scale));
  return (image) => text(Buffer.from(image.take(size)));
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

// Avro: the unscaled whole number.

interface DecimalShape {
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
function writeDecimal(output: ByteWriter, text: string, shape: DecimalShape): void {
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
  if (digits <= exactDigits) writeSmallUnscaled(output, negative ? -value : value);
  else writeUnscaled(output, BigInt(text.slice(0, pointAt) + text.slice(pointAt + 1)));
}

/** @throws SyncError RECORD_INVALID if the number is out of the column's range */
function readDecimal(input: ByteReader, shape: DecimalShape): string {
  const value = readUnscaled(input);
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

export function decimalType(precision: number, scale: number): AvroType {
  return {
    type: 'bytes',
    logicalType: 'decimal',
    precision,
    scale,
    'connect.version': 1,
    'connect.parameters': { scale: String(scale), 'connect.decimal.precision': String(precision) },
    'connect.name': 'org.apache.kafka.connect.data.Decimal',
  };
}

function codec(column: ColumnSchema): ColumnCodec {
  const { precision, scale } = column;
  if (precision === undefined || scale === undefined)
    throw new SyncError('INTERNAL', `${column.name}: a decimal without precision or scale`);
  const shape = { precision, scale, unsigned: column.unsigned === true };
  return {
    avro: decimalType(precision, scale),
    write: (output, value) => {
      if (typeof value !== 'string') throw wrongType(column, value);
      writeDecimal(output, value, shape);
    },
    read: (input) => readDecimal(input, shape),
  };
}

/** Up to 15 digits as a number, group by group. */
function compiled(column: WireColumn): ToAvro {
  const { precision, scale, unsigned } = column.schema;
  const groups = [...integerGroups(need(precision) - need(scale)), ...fractionGroups(need(scale))];
  const size = groups.reduce((sum, digits) => sum + groupBytes[digits]!, 0);
  const sized = { size, times: 1, plus: 4 };
  if (need(precision) > exactDigits)
    return written({ reader: reader(column), codec: codec(column.schema), prefix: 0 }, { ...sized, times: 2 });
  return { ...sized, code: ({ s }) => decimalCode(s, groups, unsigned === true) };
}

function fromAvro({ precision, unsigned }: ColumnSchema): FromAvro {
  const constant = 10n ** BigInt(need(precision));
  return { layout: 'sized', constant, check: ({ at, n, k }) => `isDecimal(src, ${at}, ${n}, ${k}, ${unsigned === true})` };
}

/** The first bit is flipped, and of a negative one all bits. */
function decimalCode(s: string, groups: readonly number[], unsigned: boolean): string {
  let at = 0;
  const steps = groups.map((digits, index) => {
    const bytes = groupBytes[digits]!;
    const parts = Array.from({ length: bytes }, (_, i) => {
      const flipped = index === 0 && i === 0 ? ' ^ 0x80' : '';
      return `((src[${s} + ${at + i}]${flipped}) << ${8 * (bytes - 1 - i)})`;
    });
    at += bytes;
    const cut = bytes === 4 ? '>>> 0' : `& ${2 ** (8 * bytes) - 1}`;
    const group = `group = ((${parts.join(' | ')}) ^ flip) ${cut};`;
    return `${group} if (group >= ${10 ** digits}) throw unusualDecimal(); value = value * ${10 ** digits} + group;`;
  });
  const refused = unsigned ? ' if (flip !== 0 && value > 0) throw unusualDecimal();' : '';
  return `{ const flip = src[${s}] & 0x80 ? 0 : -1; let value = 0, group = 0; ${steps.join(' ')}${refused} p = unscaled(b, p, flip ? -value : value); }`;
}

/** The digits are the value: exact up to 65, never rounded on the way. */
function literal(): Writer {
  return (value) => (typeof value === 'string' && /^-?\d{1,65}(\.\d{1,38})?$/.test(value) ? value : null);
}

/** ZEROFILL prints zeros before it. */
function plainDecimal(text: string): string {
  return text.replace(/^(-?)0+(?=\d)/, '$1');
}

/** With as many digits after the point, or more where they are not zeros. */
export function withFraction(text: string, digits = 0): string {
  const [whole = '', fraction = ''] = text.split('.');
  const kept = fraction.replace(/0+$/, '').padEnd(digits, '0');
  return kept === '' ? whole : `${whole}.${kept}`;
}

/** `1.50` and `01.5`, `12:00:00.000` and `12:00:00`: the same. */
export function plainDigits(text: string): string {
  const short = text.includes('.') ? text.replace(/\.?0+$/, '') : text;
  return short.replace(/^(-?)0+(?=\d+(\.|$))/, '$1');
}

function smaller({ precision = 0, scale = 0, unsigned = false }: ColumnSchema, target: ServerColumn): string | null {
  const holds = (target.scale ?? 0) >= scale && (target.precision ?? 0) - (target.scale ?? 0) >= precision - scale;
  return holds && !(target.unsigned && !unsigned) ? null : `is ${target.columnType}, too small for decimal(${precision},${scale})`;
}

const decimal: TypeRules = {
  kind: 'decimal',
  large: null,
  binlog: {
    forms: [
      {
        number: 246,
        bytes: 2,
        column: ([precision, scale]) => ({ metadata: 'number', type: 'decimal', precision, scale }),
      },
    ],
    complete: ({ precision, scale }, { unsigned }) => ({ type: 'decimal', unsigned, precision, scale }),
    reader,
  },
  avro: codec,
  compiled: {
    toAvro: compiled,
    fromAvro,
    toSql: ({ scale }) => numberToSql(({ at, n }) => `p = decimal(src, ${at}, ${n}, b, p, ${need(scale)});`),
  },
  sql: plainSql(literal),
  values: {
    found: ({ scale }, found) => withFraction(plainDecimal(String(found)), scale),
    ...sameBy((value) => withFraction(plainDecimal(String(value)), 0).replace(/^-0$/, '0')),
    keyText: () => (value) => plainDigits(String(value)),
  },
  server: { names: ['decimal'], refused: never, difference: sameType(smaller) },
};

export const decimals = { decimal };
