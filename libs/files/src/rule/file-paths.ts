/**
 * What a file rule makes of a row: the files that the row names. Pure; compiled once a table version and rule, because it runs for each
 * row. docs/11-files.md says what a rule means.
 *
 * NULL, '', an empty list, or a value without what `strip` takes off: the row names no file. A row that the rule cannot be followed for is
 * never taken for one of these: FILE_PATH_INVALID.
 */
import { type FileName, type FileRule, pathProblem, type Row, SyncError, tableName, type TableSchema, type Value } from '@lutra/model';
import { hashText } from './hash-column.js';
import { type Elements, type HashColumn, invalidPath, type PathColumn, type RuleColumns, ruleColumns, type Where } from './rule-columns.js';

/** A file that a row names. */
export interface NamedFile extends FileName {
  /** SHA-256 in 64 hex digits, lower case, that the row carries; null: the rule has no `hash`. */
  readonly hash: string | null;
}

export class FilePaths {
  readonly rule: FileRule;
  readonly #table: TableSchema;
  readonly #columns: RuleColumns;

  /** @throws SyncError FILE_PATH_INVALID: the table lacks a column, or it is of a type that does not fit; or the table has no key */
  constructor(rule: FileRule, table: TableSchema) {
    this.rule = rule;
    this.#table = table;
    this.#columns = ruleColumns(rule, table);
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
    const { parts, last, hash } = this.#columns;
    const texts: string[] = [];
    for (const part of parts) {
      const text = typeof part === 'string' ? part : this.#textOf(part, row);
      if (text === '') return nothingIn((part as PathColumn).name);
      texts.push(text);
    }
    const text = texts[parts.lastIndexOf(last)] as string;
    const elements = this.#listIn(last.name, row, () => this.#columns.elements(text));
    if (!hash) return this.#files(row, { texts, elements, hashes: null });
    const hashes = this.#hashesOf(hash, row);
    if (hashes.length === 0) return nothingIn(hash.name);
    if (hashes.length === elements.length) return this.#files(row, { texts, elements, hashes });
    const why = `it has ${hashes.length} hashes, and column ${last.name} names ${elements.length} files`;
    throw this.#invalid(why, { row, column: hash.name });
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
        throw this.#invalid('it names this file with two hashes', { row, column: this.#columns.last.name, value: path });
      files.set(path, { root, path, hash });
    }
    if (files.size > 0) return [...files.values()];
    return isOther ? `what is in column ${this.#columns.last.name} does not begin with ${strip}` : nothingIn(this.#columns.last.name);
  }

  #pathOf(row: Row, texts: readonly string[], element: string): string {
    let path = '';
    for (const [i, part] of this.#columns.parts.entries()) path += part === this.#columns.last ? element : texts[i];
    const problem = pathProblem(path);
    if (problem !== null) throw this.#invalid(problem, { row, column: this.#columns.last.name, value: path });
    return path;
  }

  #hashOf(row: Row, value: string | null): string {
    const hash = hashText(value);
    if (hash === null) throw this.#invalid('it has no SHA-256 in 64 hex digits', { row, column: this.#columns.hash?.name, value });
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

  #invalid(why: string, where: Where): SyncError {
    return invalidPath(this.rule, this.#table, { why, ...where });
  }
}

interface Read {
  /** Of the parts of the rule. */
  readonly texts: readonly string[];
  readonly elements: Elements;
  readonly hashes: Elements | null;
}

function nothingIn(column: string): string {
  return `column ${column} has NULL, '', or an empty list`;
}
