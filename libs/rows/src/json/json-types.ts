/**
 * The types in a document that a SELECT gives. Its text has none: 12.50 is a DECIMAL or a DOUBLE, "2024-01-01" a text or a DATE. So where
 * a row is compared with one that has types, or written back, the server is asked for the type of every value too, and the document gets
 * the marks of json-text.ts.
 *
 * A DECIMAL's precision is not to be had from any function: it is taken as the number of its digits.
 */
import { SyncError, type Value } from '@lutra/model';
import { quoteText } from '../sql.js';
import { opaqueMark, signMark } from './json-text.js';
import { afterBlanks, offsetsOf, typeAt } from './json-tokens.js';

/** An expression: the types of all values as a document, two arrays of JSON_TYPE's names (json-tokens.ts: Places); NULL for NULL. */
export function typesSql(document: string): string {
  const types = (of: string, path: string): string =>
    `(SELECT JSON_ARRAYAGG(COALESCE(JSON_TYPE(t.v), 'NULL')) FROM JSON_TABLE(${of}, '${path}' COLUMNS (v JSON PATH '$')) t)`;
  return `IF(${document} IS NULL, NULL, JSON_ARRAY(${types(`JSON_ARRAY(${document})`, '$**[*]')}, ${types(document, '$**.*')}))`;
}

/** What typesSql gives for a document, as text. */
export function typesOf(text: string): string {
  const { elements, members } = offsetsOf(text);
  const types = (offsets: readonly number[]): string[] | null => (offsets.length === 0 ? null : offsets.map((at) => typeAt(text, at)));
  return JSON.stringify([types(elements), types(members)]);
}

/**
 * @param text as a SELECT prints it
 * @param types what typesSql gave for it
 */
export function withTypes(text: string, types: string): string {
  const [ofElements, ofMembers] = JSON.parse(types) as [readonly string[] | null, readonly string[] | null];
  const { elements, members } = offsetsOf(text);
  if (elements.length !== (ofElements?.length ?? 0) || members.length !== (ofMembers?.length ?? 0)) throw unlike();
  const inserts: Insert[] = [...marksOf(text, elements, ofElements ?? []), ...marksOf(text, members, ofMembers ?? [])];
  let marked = '';
  let done = 0;
  for (const { at, mark } of inserts.sort((a, b) => a.at - b.at)) {
    marked += text.slice(done, at) + mark;
    done = at;
  }
  return marked + text.slice(done);
}

interface Insert {
  readonly at: number;
  readonly mark: string;
}

function marksOf(text: string, offsets: readonly number[], types: readonly string[]): Insert[] {
  return offsets.flatMap((begin, i) => {
    const type = types[i] ?? '';
    const read = typeAt(text, begin);
    return type === read ? [] : { at: afterBlanks(text, begin), mark: markOf(type, read) };
  });
}

/** @param read the type that the server reads from the text */
function markOf(type: string, read: string): string {
  const kinds = kindsOfText[read] ?? [];
  if (!kinds.includes(type)) throw unlike();
  if (type === 'TIMESTAMP') return `${opaqueMark} `;
  return wholes.includes(type) ? signMark : opaqueMark;
}

const wholes = ['INTEGER', 'UNSIGNED INTEGER'];

/** What may print like it. */
const kindsOfText: Readonly<Record<string, readonly string[]>> = {
  STRING: ['DATE', 'TIME', 'DATETIME', 'TIMESTAMP', 'BIT', 'BLOB', 'OPAQUE'],
  DOUBLE: ['DECIMAL'],
  INTEGER: ['UNSIGNED INTEGER', 'DECIMAL'],
  'UNSIGNED INTEGER': ['INTEGER', 'DECIMAL'],
};

function unlike(): SyncError {
  return new SyncError('INTERNAL', 'a JSON document and the types that the server names for it do not fit together');
}

/** 1 where the document has the types of this one. */
export function hasTypes(quoted: string, document: string): string {
  return `(${typesSql(quoted)} <=> CAST(_utf8mb4${quoteText(typesOf(document))} AS JSON))`;
}

/** Of two documents with the same stored form: the types of all values too, but for the precision of a DECIMAL, which no SELECT tells. */
export function sameTypes(a: Value, b: Value): boolean {
  const form = (value: Value): string =>
    String(value)
      .replaceAll(signMark, '')
      .replace(/\t +(?=[-\d])/g, opaqueMark);
  return a === b || form(a) === form(b);
}
