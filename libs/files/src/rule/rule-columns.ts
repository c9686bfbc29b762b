/** A file rule and a table: which columns the rule reads, and how. Compiled once a table version. */
import { type ColumnSchema, type FileRule, jsonPathSteps, type Row, rowKey, SyncError, tableName } from '@lutra/model';
import { type TableSchema, templateParts, type Value } from '@lutra/model';
import { fileHashTypes, pathTextOf } from '@lutra/rows';
import { hashReader, type ReadHashes } from './hash-column.js';
import { jsonTexts } from './json-texts.js';

export type Elements = readonly (string | null)[];

export interface PathColumn {
  readonly name: string;
  readonly text: (value: Exclude<Value, null>) => string;
}

export interface HashColumn {
  readonly name: string;
  readonly read: ReadHashes;
}

export interface RuleColumns {
  readonly parts: readonly (string | PathColumn)[];
  /** The column whose text may be a list. */
  readonly last: PathColumn;
  /** Null: what is there is no text. Throws where it is no JSON. */
  readonly elements: (text: string) => Elements | null;
  readonly hash: HashColumn | null;
}

/** @throws SyncError FILE_PATH_INVALID */
export function ruleColumns(rule: FileRule, table: TableSchema): RuleColumns {
  return new Columns(rule, table).compiled();
}

class Columns {
  readonly #rule: FileRule;
  readonly #table: TableSchema;

  constructor(rule: FileRule, table: TableSchema) {
    this.#rule = rule;
    this.#table = table;
  }

  compiled(): RuleColumns {
    const { path, split, json, hash } = this.#rule;
    if (this.#table.primaryKey.length === 0) throw this.#invalid('the table has no primary key');
    const parts = templateParts(path) ?? [];
    const name = parts.findLast((part) => 'column' in part)?.column;
    const steps = json === undefined ? null : jsonPathSteps(json);
    if (name === undefined || (json !== undefined && steps === null)) throw this.#invalid('the rule cannot be followed');
    const last = this.#pathColumn(name, steps !== null);
    const partOf = (column: string): PathColumn =>
      column.toLowerCase() === last.name.toLowerCase() ? last : this.#pathColumn(column, false);
    return {
      parts: parts.map((part) => ('text' in part ? part.text : partOf(part.column))),
      last,
      elements: steps ? (text) => jsonTexts(text, steps) : (text) => (split === undefined ? [text] : text.split(split)),
      hash: hash === undefined ? null : this.#hashColumn(hash),
    };
  }

  #pathColumn(name: string, isDocument: boolean): PathColumn {
    const schema = this.#schemaOf(name);
    const found = isDocument && schema.type === 'json' ? { text: String } : pathTextOf(schema);
    if (typeof found === 'string') throw this.#invalid(`${schema.type} cannot stand in a path: ${found}`, schema.name);
    return { name: schema.name, text: found.text };
  }

  #hashColumn(name: string): HashColumn {
    const schema = this.#schemaOf(name);
    const types = fileHashTypes(this.#rule);
    if (!types.includes(schema.type)) throw this.#invalid(`${schema.type} is no type of a hash here: ${types.join(', ')}`, schema.name);
    return { name: schema.name, read: hashReader(schema, this.#rule) };
  }

  /** Names of columns have no case. */
  #schemaOf(name: string): ColumnSchema {
    const schema = this.#table.columns.find((column) => column.name.toLowerCase() === name.toLowerCase());
    if (!schema) throw this.#invalid('the table has no such column', name);
    return schema;
  }

  #invalid(why: string, column?: string): SyncError {
    return invalidPath(this.#rule, this.#table, { why, column });
  }
}

export interface Where {
  readonly row?: Row;
  readonly column?: string | undefined;
  readonly value?: string | null;
}

export function invalidPath(
  { root, path }: FileRule,
  of: TableSchema,
  { why, row, column, value }: Where & { readonly why: string },
): SyncError {
  const table = tableName(of);
  const key = row && rowKey(of, row);
  const shown = value === undefined ? undefined : shortened(value);
  const what = [table, key && `row ${key}`, column && `column ${column}`, shown].filter(Boolean).join(', ');
  const details = { table, key, column, value: shown, root, path };
  return new SyncError('FILE_PATH_INVALID', `${what}: ${why} (rule of root ${root}: ${path})`, { details });
}

/** In a message. */
const maxShown = 300;

function shortened(value: string | null): string {
  const text = JSON.stringify(value);
  return text.length > maxShown ? `${text.slice(0, maxShown)}…` : text;
}
