/**
 * MySQL's binary JSON to the text of json-text.ts: what the server's SELECT prints, and the types that this loses.
 *
 * Format: sql-common/json_binary.h of MySQL 8.0. A value is a type byte and, at an offset from the start of its container, its bytes; the
 * smallest values stand in place of the offset. Keys are in the server's order, which is the order of printing.
 */
import { isUtf8 } from 'node:buffer';
import { mostSigned, signMark } from './json-text.js';
import { beside } from '@lutra/runtime';
import { printDouble } from './json-double.js';
import { printOpaque } from './opaque-text.js';

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

export function jsonbText(bytes: Buffer): string {
  // What INSERT IGNORE leaves in a NOT NULL column. To every statement of the server it is the JSON value null.
  if (bytes.length === 0) return 'null';
  return new Document(bytes).text(bytes.readUInt8(0), { at: 1, end: bytes.length });
}

export const jsonbTextBeside = beside(import.meta.url, jsonbText);

/** Where a value's bytes begin, and what they may not go beyond. Numbers instead of views: a document may have a million values. */
interface Span {
  readonly at: number;
  readonly end: number;
}

class Document {
  readonly #bytes: Buffer;
  #level = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  text(type: number, span: Span): string {
    switch (type) {
      case smallObject:
      case largeObject:
      case smallArray:
      case largeArray: {
        if (++this.#level > mostLevels) throw new RangeError('a JSON document that is too deep');
        const isWide = type === largeObject || type === largeArray;
        const text = type <= largeObject ? this.#object(span, isWide) : this.#array(span, isWide);
        this.#level--;
        return text;
      }
      case string:
        return this.#string(this.#sized(span.at, span.end));
      case opaque: {
        const { at, end } = this.#sized(span.at + 1, span.end);
        return printOpaque(this.#bytes.readUInt8(span.at), this.#bytes.subarray(at, end));
      }
      default:
        return this.#scalar(type, span.at);
    }
  }

  #scalar(type: number, at: number): string {
    const bytes = this.#bytes;
    switch (type) {
      case literal: {
        const text = literals[bytes.readUInt8(at)];
        if (text === undefined) throw new RangeError('an unknown JSON literal');
        return text;
      }
      case int16:
        return String(bytes.readInt16LE(at));
      case uint16:
        return `${signMark}${bytes.readUInt16LE(at)}`;
      case int32:
        return String(bytes.readInt32LE(at));
      case uint32:
        return `${signMark}${bytes.readUInt32LE(at)}`;
      case int64: {
        const value = bytes.readBigInt64LE(at);
        return value > mostSigned ? `${signMark}${value}` : String(value);
      }
      case uint64: {
        const value = bytes.readBigUInt64LE(at);
        return value > mostSigned ? String(value) : `${signMark}${value}`;
      }
      case double:
        return printDouble(bytes.readDoubleLE(at));
      default:
        throw new RangeError(`an unknown JSON type ${type}`);
    }
  }

  #object(span: Span, isWide: boolean): string {
    const { from, count, end, width } = this.#container(span, isWide);
    const keys = from + 2 * width;
    const values = keys + count * (width + 2);
    let text = '{';
    for (let i = 0; i < count; i++) {
      const entry = keys + i * (width + 2);
      const at = from + this.#bytes.readUIntLE(entry, width);
      const key = this.#string(within({ at, end: at + this.#bytes.readUInt16LE(entry + width) }, end));
      text += `${i === 0 ? '' : ', '}${key}: ${this.#child(values + i * (width + 1), { from, end, isWide })}`;
    }
    return `${text}}`;
  }

  #array(span: Span, isWide: boolean): string {
    const { from, count, end, width } = this.#container(span, isWide);
    const values = from + 2 * width;
    let text = '[';
    for (let i = 0; i < count; i++) text += `${i === 0 ? '' : ', '}${this.#child(values + i * (width + 1), { from, end, isWide })}`;
    return `${text}]`;
  }

  /** Number of elements, size in bytes, then (objects: keys and) values, whose numbers are 2 bytes wide, or 4 in large ones. */
  #container({ at, end }: Span, isWide: boolean): { from: number; count: number; end: number; width: 2 | 4 } {
    const width = isWide ? 4 : 2;
    const size = this.#bytes.readUIntLE(at + width, width);
    return { from: at, count: this.#bytes.readUIntLE(at, width), end: within({ at, end: at + size }, end).end, width };
  }

  /** @param entry a type, and the value in place, or where it is from the container's start */
  #child(entry: number, { from, end, isWide }: { readonly from: number; readonly end: number; readonly isWide: boolean }): string {
    if (entry + (isWide ? 5 : 3) > end) throw behind();
    const type = this.#bytes.readUInt8(entry);
    const isInPlace = type === literal || type === int16 || type === uint16 || (isWide && (type === int32 || type === uint32));
    const at = isInPlace ? entry + 1 : from + this.#bytes.readUIntLE(entry + 1, isWide ? 4 : 2);
    return this.text(type, within({ at, end }, end));
  }

  /** Seven bits a byte, lowest first; the highest bit says that another byte follows. */
  #sized(at: number, end: number): Span {
    let length = 0;
    for (let i = 0; i < 5; i++) {
      const byte = this.#bytes.readUInt8(at + i);
      length += (byte & 0x7f) * 128 ** i;
      if (byte < 0x80) return within({ at: at + i + 1, end: at + i + 1 + length }, end);
    }
    throw new RangeError('a JSON string with a length of more than 5 bytes');
  }

  /** In JSON text: the escape of each character that has one. MySQL escapes the same characters as JavaScript, in the same way. */
  #string({ at, end }: Span): string {
    const text = this.#bytes.toString('utf8', at, end);
    if (text.includes('\uFFFD') && !isUtf8(this.#bytes.subarray(at, end))) throw new RangeError('a JSON string is not UTF-8');
    return JSON.stringify(text);
  }
}

/** A Buffer would stop at its end without a word. */
function within(span: Span, end: number): Span {
  if (span.at > span.end || span.end > end) throw behind();
  return span;
}

function behind(): RangeError {
  return new RangeError('a JSON value ends behind its container');
}
