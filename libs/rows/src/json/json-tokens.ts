/**
 * Where the values of a JSON document begin and end, and their types as JSON_TYPE names them; for documents of json-text.ts. One pass, one
 * character at a time, in time that grows with the text: no regular expression runs over a value, so none backtracks or recurses in it.
 * That it is JSON is only checked as far as needed.
 */
import { mostSigned, opaqueMark, signMark } from './json-text.js';

const quote = 0x22;
const backslash = 0x5c;
/** `,`, `]`, `}` and blanks. */
const ends: ReadonlySet<number> = new Set([0x2c, 0x5d, 0x7d, 0x20, 0x09, 0x0a, 0x0d]);

/** @param from of the opening quotation mark. @returns behind the closing one */
export function endOfString(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === quote) return at + 1;
    if (code === backslash) at++;
  }
  throw new SyntaxError('a JSON string without an end');
}

/** Of a number, true, false or null. */
export function endOfWord(text: string, from: number): number {
  let at = from;
  while (at < text.length && !ends.has(text.charCodeAt(at))) at++;
  if (at === from) throw new SyntaxError('no JSON value where one must be');
  return at;
}

export function afterBlanks(text: string, from: number): number {
  let at = from;
  for (;;) {
    const code = text.charCodeAt(at);
    if (code !== 0x20 && code !== 0x09 && code !== 0x0a && code !== 0x0d) return at;
    at++;
  }
}

/** Where each value begins, its mark behind the separator's space included; in the order of valuesSql's arrays. */
export interface Offsets {
  readonly elements: readonly number[];
  readonly members: readonly number[];
}

/**
 * `$**[*]` and `$**.*` give the children of each container together, containers in the order in which they begin. The document itself
 * counts as an element.
 */
export function offsetsOf(text: string): Offsets {
  const elements: number[][] = [[]];
  const members: number[][] = [];
  const open: number[][] = [elements[0] as number[]];
  for (let at = 0; at < text.length;) {
    const begin = at;
    at = afterBlanks(text, at);
    const character = text[at];
    if (character === undefined) break;
    if (character === ']' || character === '}') {
      open.pop();
      at++;
    } else if (character === ',' || character === ':') at++;
    else if (character === '"' && text[endOfString(text, at)] === ':') at = endOfString(text, at);
    else {
      open.at(-1)?.push(begin);
      if (character === '[' || character === '{') {
        const children: number[] = [];
        (character === '[' ? elements : members).push(children);
        open.push(children);
        at++;
      } else at = character === '"' ? endOfString(text, at) : endOfWord(text, at);
    }
  }
  return { elements: elements.flat(), members: members.flat() };
}

/** As JSON_TYPE names it. @param begin where the value or a blank before it is */
export function typeAt(text: string, begin: number): string {
  const at = afterBlanks(text, begin);
  const blanks = text.slice(begin, at);
  const isOpaque = blanks.includes(opaqueMark);
  switch (text.charAt(at)) {
    case '{':
      return 'OBJECT';
    case '[':
      return 'ARRAY';
    case 't':
    case 'f':
      return 'BOOLEAN';
    case 'n':
      return 'NULL';
    case '"':
      return isOpaque ? opaqueText(text.slice(at + 1, at + 40), blanks.endsWith(' ')) : 'STRING';
    default: {
      if (isOpaque) return 'DECIMAL';
      const word = text.slice(at, endOfWord(text, at));
      if (!isWhole(word)) return 'DOUBLE';
      return Number(word) > mostSigned !== blanks.includes(signMark) ? 'UNSIGNED INTEGER' : 'INTEGER';
    }
  }
}

/** Not a DOUBLE. */
export function isWhole(word: string): boolean {
  return !/[.eE]/.test(word);
}

function opaqueText(start: string, isSpaced: boolean): string {
  const field = fieldTypeOf(start);
  if (field === null) {
    if (isSpaced) return 'TIMESTAMP';
    if (!start.slice(0, 12).includes(':')) return start[10] === '"' ? 'DATE' : 'DATETIME';
    return 'TIME';
  }
  if (field === 16) return 'BIT';
  return blobTypes.has(field) ? 'BLOB' : 'OPAQUE';
}

const blobTypes: ReadonlySet<number> = new Set([15, 249, 250, 251, 252, 253, 254]);

/** MySQL's number of it, of a text that begins with base64:typeN: */
export function fieldTypeOf(start: string): number | null {
  if (!start.startsWith('base64:type')) return null;
  const type = Number.parseInt(start.slice(11, 14), 10);
  return Number.isNaN(type) ? null : type;
}
