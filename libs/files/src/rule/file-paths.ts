/**
 * What a file rule makes of a row: the files that the row names. Pure; compiled once a table version and rule, because it runs for each
 * row. docs/11-files.md says what a rule means.
 *
 * NULL, '', an empty list, or a value without what `strip` takes off: the row names no file. A row that the rule cannot be followed for is
 * never taken for one of these: FILE_PATH_INVALID.
 */
import {
  type ColumnSchema,
  type FileName,
  type FileRule,
  jsonPathSteps,
  pathProblem,
  type Row,
  rowKey,
  SyncError,
  tableName,
  type TableSchema,
  templateParts,
  type Value,
} from '@lutra/model';
import { pathTextOf } from '@lutra/rows';
import { hashReader, hashText, hashTypes, type ReadHashes } from './hash-column.js';
import { jsonTexts } from './json-texts.js';

/** A file that a row names. */
export interface NamedFile extends FileName {
  /** SHA-256 in 64 hex digits, lower case, that the row carries; null: the rule has no `hash`. */
  readonly hash: string | null;
}

type Elements = readonly (string | null)[];

interface PathColumn {
  readonly name: string;
  readonly text: (value: Exclude<Value, null>) => string;
}

interface HashColumn {
  readonly name: string;
  readonly read: ReadHashes;
}

export class FilePaths {
  readonly rule: FileRule;
  readonly #table: TableSchema;
  readonly #parts: readonly (string | PathColumn)[];
  /** The column whose text may be a list. */
  readonly #last: PathColumn;
  readonly #elements: (text: string) => Elements | null;
  readonly #hash: HashColumn | null;

  /** @throws SyncError FILE_PATH_INVALID: the table lacks a column, or it is of a type that does not fit; or the table has no key */
  constructor(rule: FileRule, table: TableSchema) {
    this.rule = rule;
    this.#table = table;
    if (table.primaryKey.length === 0) throw this.#invalid('the table has no primary key');
    const parts = templateParts(rule.path) ?? [];
    const last = parts.findLast((part) => 'column' in part)?.column;
    const steps = rule.json === undefined ? null : jsonPathSteps(rule.json);
    if (last === undefined || (rule.json !== undefined && steps === null)) throw this.#invalid('the rule cannot be followed');
    this.#last = this.#pathColumn(last, steps !== null);
    this.#parts = parts.map((part) => ('text' in part ? part.text : this.#partOf(part.column)));
    this.#elements = steps ? (text) => jsonTexts(text, steps) : (text) => (rule.split === undefined ? [text] : text.split(rule.split));
    this.#hash = rule.hash === undefined ? null : this.#hashColumn(rule.hash);
  }

  /** The files that the row names, each path once. @throws SyncError FILE_PATH_INVALID */
  of(row: Row): readonly NamedFile[] {
    const read = this.#read(row);
    return typeof read === 'string' ? [] : read;
  }

  /** Why the row names no file; null: it names one. @throws SyncError FILE_PATH_INVALID */
  noneBecause(row: Row): string | null {
    const read = this.#read(row);
    return typeof read === 'string' ? read : null;
  }

  /** The files that the row named when it was there. One that the rule cannot be followed for never came with any. */
  formerly(row: Row): readonly NamedFile[] {
    try {
      return this.of(row);
    } catch (error) {
      if (error instanceof SyncError && error.code === 'FILE_PATH_INVALID') return [];
      throw error;
    }
  }

  /** A text: why it names none. */
  #read(row: Row): readonly NamedFile[] | string {
    const texts: string[] = [];
    for (const part of this.#parts) {
      const text = typeof part === 'string' ? part : this.#textOf(part, row);
      if (text === '') return nothingIn((part as PathColumn).name);
      texts.push(text);
    }
    const text = texts[this.#parts.lastIndexOf(this.#last)] as string;
    const elements = this.#listIn(this.#last.name, row, () => this.#elements(text));
    if (!this.#hash) return this.#files(row, { texts, elements, hashes: null });
    const hashes = this.#hashesOf(this.#hash, row);
    if (hashes.length === 0) return nothingIn(this.#hash.name);
    if (hashes.length === elements.length) return this.#files(row, { texts, elements, hashes });
    const why = `it has ${hashes.length} hashes, and column ${this.#last.name} names ${elements.length} files`;
    throw this.#invalid(why, { row, column: this.#hash.name });
  }

  #files(row: Row, { texts, elements, hashes }: Read): readonly NamedFile[] | string {
    const { strip = '', root } = this.rule;
    const files = new Map<string, NamedFile>();
    let isOther = false;
    for (const [i, element] of elements.entries()) {
      if (element === null || element === '') continue;
      isOther ||= !element.startsWith(strip);
      if (!element.startsWith(strip) || element.length === strip.length) continue;
      const path = this.#pathOf(row, texts, element.slice(strip.length));
      const hash = hashes && this.#hashOf(row, hashes[i] ?? null);
      const other = files.get(path);
      if (other && other.hash !== hash)
        throw this.#invalid('it names this file with two hashes', { row, column: this.#last.name, value: path });
      files.set(path, { root, path, hash });
    }
    if (files.size > 0) return [...files.values()];
    return isOther ? `what is in column ${this.#last.name} does not begin with ${strip}` : nothingIn(this.#last.name);
  }

  #pathOf(row: Row, texts: readonly string[], element: string): string {
    let path = '';
    for (const [i, part] of this.#parts.entries()) path += part === this.#last ? element : texts[i];
    const problem = pathProblem(path);
    if (problem !== null) throw this.#invalid(problem, { row, column: this.#last.name, value: path });
    return path;
  }

  #hashOf(row: Row, value: string | null): string {
    const hash = hashText(value);
    if (hash === null) throw this.#invalid('it has no SHA-256 in 64 hex digits', { row, column: this.#hash?.name, value });
    return hash;
  }

  #hashesOf({ name, read }: HashColumn, row: Row): Elements {
    const value = this.#valueOf(name, row);
    return value === null ? [] : this.#listIn(name, row, () => read(value));
  }

  #textOf({ name, text }: PathColumn, row: Row): string {
    const value = this.#valueOf(name, row);
    return value === null ? '' : text(value);
  }

  #valueOf(column: string, row: Row): Value {
    const value = row[column];
    if (value === undefined) throw new SyncError('INTERNAL', `${tableName(this.#table)}: the row lacks column ${column}`);
    return value;
  }

  #listIn(column: string, row: Row, read: () => Elements | null): Elements {
    let list: Elements | null;
    try {
      list = read();
    } catch (cause) {
      if (!(cause instanceof SyntaxError)) throw cause;
      throw this.#invalid('it has no JSON', { row, column });
    }
    if (list === null) throw this.#invalid('what is there in its JSON is no text', { row, column });
    return list;
  }

  // Of the table

  #partOf(column: string): PathColumn {
    return column.toLowerCase() === this.#last.name.toLowerCase() ? this.#last : this.#pathColumn(column, false);
  }

  #pathColumn(name: string, isDocument: boolean): PathColumn {
    const schema = this.#schemaOf(name);
    const text = isDocument && schema.type === 'json' ? String : pathTextOf(schema);
    if (typeof text === 'string') throw this.#invalid(`${schema.type} cannot stand in a path: ${text}`, { column: schema.name });
    return { name: schema.name, text };
  }

  #hashColumn(name: string): HashColumn {
    const schema = this.#schemaOf(name);
    const types = hashTypes(this.rule);
    if (!types.includes(schema.type)) {
      throw this.#invalid(`${schema.type} is no type of a hash here: ${types.join(', ')}`, { column: schema.name });
    }
    return { name: schema.name, read: hashReader(schema, this.rule) };
  }

  /** Names of columns have no case. */
  #schemaOf(name: string): ColumnSchema {
    const schema = this.#table.columns.find((column) => column.name.toLowerCase() === name.toLowerCase());
    if (!schema) throw this.#invalid('the table has no such column', { column: name });
    return schema;
  }

  #invalid(why: string, { row, column, value }: Where = {}): SyncError {
    const table = tableName(this.#table);
    const { root, path } = this.rule;
    const key = row && rowKey(this.#table, row);
    const shown = value === undefined ? undefined : shortened(value);
    const what = [table, key && `row ${key}`, column && `column ${column}`, shown].filter(Boolean).join(', ');
    const details = { table, key, column, value: shown, root, path };
    return new SyncError('FILE_PATH_INVALID', `${what}: ${why} (rule of root ${root}: ${path})`, { details });
  }
}

interface Read {
  /** Of the parts of the rule. */
  readonly texts: readonly string[];
  readonly elements: Elements;
  readonly hashes: Elements | null;
}

interface Where {
  readonly row?: Row;
  readonly column?: string | undefined;
  readonly value?: string | null;
}

function nothingIn(column: string): string {
  return `column ${column} has NULL, '', or an empty list`;
}

/** In a message. */
const maxShown = 300;

function shortened(value: string | null): string {
  const text = JSON.stringify(value);
  return text.length > maxShown ? `${text.slice(0, maxShown)}…` : text;
}
