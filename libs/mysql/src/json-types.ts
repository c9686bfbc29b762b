/**
 * The types in a document that a SELECT gives. Its text has none: 12.50 is a DECIMAL or a DOUBLE, "2024-01-01" a text or a DATE. So where a row is compared with
 * one that has types, or written back, the server is asked for the type of every value too, and the document gets the marks of json-text.ts.
 *
 * A DECIMAL's precision is not to be had from any function: it is taken as the number of its digits.
 */
import { opaqueMark, SyncError, unsignedMark } from '@lutra/model';
import { placesOf, typeAt } from './json-tokens.js';

/** An expression: the types of all values as a document, two arrays of JSON_TYPE's names (json-tokens.ts: Places); NULL for NULL. */
export function typesSql(document: string): string {
  const types = (of: string, path: string): string =>
    `(SELECT JSON_ARRAYAGG(COALESCE(JSON_TYPE(t.v), 'NULL')) FROM JSON_TABLE(${of}, '${path}' COLUMNS (v JSON PATH '$')) t)`;
  return `IF(${document} IS NULL, NULL, JSON_ARRAY(${types(`JSON_ARRAY(${document})`, '$**[*]')}, ${types(document, '$**.*')}))`;
}

/** What typesSql gives for a document, as text. */
export function typesOf(text: string): string {
  const { elements, members } = placesOf(text);
  const types = (places: readonly number[]): string[] | null => (places.length === 0 ? null : places.map((at) => typeAt(text, at)));
  return JSON.stringify([types(elements), types(members)]);
}

const marks: Readonly<Record<string, string>> = {
  DECIMAL: opaqueMark,
  DATE: opaqueMark,
  TIME: opaqueMark,
  DATETIME: opaqueMark,
  TIMESTAMP: `${opaqueMark} `,
  BIT: opaqueMark,
  BLOB: opaqueMark,
  OPAQUE: opaqueMark,
  'UNSIGNED INTEGER': unsignedMark,
};

/**
 * @param text as a SELECT prints it
 * @param types what typesSql gave for it
 */
export function withTypes(text: string, types: string): string {
  const [ofElements, ofMembers] = JSON.parse(types) as [readonly string[] | null, readonly string[] | null];
  if (![ofElements, ofMembers].some((list) => list?.some((type) => type in marks))) return text;
  const { elements, members } = placesOf(text);
  if (elements.length !== (ofElements?.length ?? 0) || members.length !== (ofMembers?.length ?? 0)) throw unlike();
  const inserts = [...marksOf(text, elements, ofElements ?? []), ...marksOf(text, members, ofMembers ?? [])];
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

function marksOf(text: string, places: readonly number[], types: readonly string[]): Insert[] {
  return places.flatMap((begin, i): Insert[] => {
    const type = types[i] ?? '';
    const mark = marks[type];
    const at = text[begin] === ' ' ? begin + 1 : begin;
    const plain = typeAt(text, at);
    if (mark === undefined ? plain !== type : plain !== plainTypes[type] && plain !== type && !isNumber(plain, type)) throw unlike();
    return mark === undefined || plain === type ? [] : [{ at, mark }];
  });
}

/** What the text of such a value looks like. */
const plainTypes: Readonly<Record<string, string>> = {
  DATE: 'STRING',
  TIME: 'STRING',
  DATETIME: 'STRING',
  TIMESTAMP: 'STRING',
  BIT: 'STRING',
  BLOB: 'STRING',
  OPAQUE: 'STRING',
  'UNSIGNED INTEGER': 'INTEGER',
};

function isNumber(plain: string, type: string): boolean {
  return type === 'DECIMAL' && (plain === 'DOUBLE' || plain === 'INTEGER' || plain === 'UNSIGNED INTEGER');
}

function unlike(): SyncError {
  return new SyncError('INTERNAL', 'a JSON document and the types that the server names for it do not fit together');
}
