/**
 * MySQL's binary JSON to the text of json-text.ts: what the server's SELECT prints, and the types that this loses.
 *
 * Format: sql-common/json_binary.h of MySQL 8.0. A value is a type byte and, at an offset from the start of its container, its bytes; the
 * smallest values stand in place of the offset. Keys are in the server's order, which is the order of printing.
 */
import { isUtf8 } from 'node:buffer';
import { mostSigned, signMark } from '@lutra/model';
import { printDouble } from './json-double.js';
import { printOpaque } from './json-opaque.js';

const smallObject = 0x00;
const largeObject = 0x01;
const smallArray = 0x02;
const largeArray = 0x03;
const literal = 0x04;
const int16 = 0x05;
const uint16 = 0x06;
const int32 = 0x07;
const uint32 = 0x08;
const int64 = 0x09;
const uint64 = 0x0a;
const double = 0x0b;
const string = 0x0c;
const opaque = 0x0f;

const literals = ['null', 'true', 'false'] as const;

/** Of containers in one another: no server takes more. */
const mostLevels = 100;

/** @param where table and column, for the message */
export function jsonbText(bytes: Buffer, where: string): string {
  // What INSERT IGNORE leaves in a NOT NULL column. To every statement of the server it is the JSON value null.
  if (bytes.length === 0) return 'null';
  return printValue(bytes.readUInt8(0), bytes.subarray(1), { where, level: 1 });
}

/** `where`: for messages. */
interface At {
  readonly where: string;
  readonly level: number;
}

/** @param data from the value's first byte on */
function printValue(type: number, data: Buffer, at: At): string {
  switch (type) {
    case smallObject:
    case largeObject:
      return printObject(new Container(data, type === largeObject), below(at));
    case smallArray:
    case largeArray:
      return printArray(new Container(data, type === largeArray), below(at));
    case string: {
      const { start, length } = readLength(data, 0);
      return quote(slice(data, start, length), at);
    }
    case opaque: {
      const { start, length } = readLength(data, 1);
      return printOpaque(data.readUInt8(0), slice(data, start, length));
    }
    default:
      return printScalar(type, data);
  }
}

function below({ where, level }: At): At {
  if (level > mostLevels) throw new RangeError('a JSON document that is too deep');
  return { where, level: level + 1 };
}

function printScalar(type: number, data: Buffer): string {
  switch (type) {
    case literal: {
      const text = literals[data.readUInt8(0)];
      if (text === undefined) throw new RangeError('an unknown JSON literal');
      return text;
    }
    case int16:
      return String(data.readInt16LE(0));
    case uint16:
      return `${signMark}${data.readUInt16LE(0)}`;
    case int32:
      return String(data.readInt32LE(0));
    case uint32:
      return `${signMark}${data.readUInt32LE(0)}`;
    case int64: {
      const value = data.readBigInt64LE(0);
      return value > mostSigned ? `${signMark}${value}` : String(value);
    }
    case uint64: {
      const value = data.readBigUInt64LE(0);
      return value > mostSigned ? String(value) : `${signMark}${value}`;
    }
    case double:
      return printDouble(data.readDoubleLE(0));
    default:
      throw new RangeError(`an unknown JSON type ${type}`);
  }
}

/** An object or array: number of elements, size in bytes, then (objects: keys and) values, whose numbers are 2 bytes wide, or 4 in large ones. */
class Container {
  readonly data: Buffer;
  readonly count: number;
  readonly #wide: boolean;
  readonly #width: 2 | 4;

  constructor(data: Buffer, wide: boolean) {
    this.#wide = wide;
    this.#width = wide ? 4 : 2;
    this.count = data.readUIntLE(0, this.#width);
    this.data = slice(data, 0, data.readUIntLE(this.#width, this.#width));
  }

  key(index: number): Buffer {
    const entry = 2 * this.#width + index * (this.#width + 2);
    return slice(this.data, this.data.readUIntLE(entry, this.#width), this.data.readUInt16LE(entry + this.#width));
  }

  /** @param keyed true in an object, where the key entries come first */
  value(index: number, keyed: boolean): { type: number; data: Buffer } {
    const start = 2 * this.#width + (keyed ? this.count * (this.#width + 2) : 0);
    const entry = start + index * (this.#width + 1);
    const type = this.data.readUInt8(entry);
    const inPlace = type === literal || type === int16 || type === uint16 || (this.#wide && (type === int32 || type === uint32));
    const at = inPlace ? entry + 1 : this.data.readUIntLE(entry + 1, this.#width);
    return { type, data: slice(this.data, at, this.data.length - at) };
  }
}

function printObject(object: Container, at: At): string {
  let text = '{';
  for (let i = 0; i < object.count; i++) {
    const { type, data } = object.value(i, true);
    text += `${i === 0 ? '' : ', '}${quote(object.key(i), at)}: ${printValue(type, data, at)}`;
  }
  return `${text}}`;
}

function printArray(array: Container, at: At): string {
  let text = '[';
  for (let i = 0; i < array.count; i++) {
    const { type, data } = array.value(i, false);
    text += `${i === 0 ? '' : ', '}${printValue(type, data, at)}`;
  }
  return `${text}]`;
}

/** Seven bits a byte, lowest first; the highest bit says that another byte follows. */
function readLength(data: Buffer, offset: number): { start: number; length: number } {
  let length = 0;
  for (let i = 0; i < 5; i++) {
    const byte = data.readUInt8(offset + i);
    length += (byte & 0x7f) * 128 ** i;
    if (byte < 0x80) return { start: offset + i + 1, length };
  }
  throw new RangeError('a JSON string with a length of more than 5 bytes');
}

/** A view that is as long as it says: subarray alone would stop at the end without a word. */
function slice(data: Buffer, start: number, length: number): Buffer {
  if (start < 0 || length < 0 || start + length > data.length) throw new RangeError('a JSON value ends behind its container');
  return data.subarray(start, start + length);
}

/** In JSON text: the escape of each character that has one. MySQL escapes the same characters as JavaScript, in the same way. */
function quote(utf8: Buffer, { where }: At): string {
  const text = utf8.toString('utf8');
  if (text.includes('\uFFFD') && !isUtf8(utf8)) throw new RangeError(`${where}: a JSON string is not UTF-8`);
  return JSON.stringify(text);
}
