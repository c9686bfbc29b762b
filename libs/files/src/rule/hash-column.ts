/** The column of a row that has the SHA-256 of its file, or of each of its files. */
import type { ColumnSchema, ColumnType, FileRule, Value } from '@lutra/model';
import { jsonTexts } from './json-texts.js';

const texts: readonly ColumnType[] = ['char', 'varchar', 'text'];

/** Types of a column that may have the hashes of a rule. */
export function hashTypes({ split, json }: Pick<FileRule, 'split' | 'json'>): readonly ColumnType[] {
  if (json !== undefined) return [...texts, 'json'];
  return split === undefined ? [...texts, 'binary', 'varbinary'] : texts;
}

/** As many hashes as the column has; empty: NULL, or ''. Null: it has no list where there should be one. */
export type ReadHashes = (value: Exclude<Value, null>) => readonly (string | null)[] | null;

export function hashReader({ type }: Pick<ColumnSchema, 'type'>, { split, json }: Pick<FileRule, 'split' | 'json'>): ReadHashes {
  if (json !== undefined) return (value) => fromJson(String(value));
  if (type === 'binary' || type === 'varbinary') return (value) => fromBytes(value as Buffer, type === 'binary');
  if (split === undefined) return (value) => (value === '' ? [] : [String(value)]);
  return (value) => (value === '' ? [] : String(value).split(split));
}

/** In 64 hex digits, lower case; null: it is none. */
export function hashText(text: string | null): string | null {
  return text !== null && /^[\da-fA-F]{64}$/.test(text) ? text.toLowerCase() : null;
}

/** '' in a BINARY is filled with zeros. */
function fromBytes(value: Buffer, isFilled: boolean): readonly string[] {
  const isEmpty = value.length === 0 || (isFilled && value.every((byte) => byte === 0));
  return isEmpty ? [] : [value.toString('hex')];
}

function fromJson(document: string): readonly (string | null)[] | null {
  if (document === '') return [];
  const value: unknown = JSON.parse(document);
  if (value === null) return [];
  return jsonTexts(document, Array.isArray(value) ? [null] : []);
}
