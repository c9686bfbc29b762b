/**
 * Rows as they are read → the files that they name, which are asked for at once: reading ahead asks ahead. A row of a table without rules
 * costs one look into a map.
 *
 * Each row asks anew for a path that an earlier one has asked for. Counter-example for sharing what is asked for already: the application
 * renames another file over the path behind the first ask, and commits a row; that row would come with the file of the row before.
 */
import { FilePaths, filesOfChange, keyTextOf } from '@lutra/files';
import type { ComingFile, KeyText } from '@lutra/files';
import { rowKey, rowToJson, toSyncError } from '@lutra/model';
import type { ChunkPurpose, FileRule, Row, RowEvent, TableName, TableSchema } from '@lutra/model';
import type { TransactionFiles } from './commit-files.js';
import type { Staging } from './staging.js';
import type { FileWish } from './wanted.js';

export interface FileRowsOptions {
  readonly staging: Pick<Staging, 'want'>;
  /** Of the source. */
  readonly endpoint: string;
  /** None: rows of the table name no files. */
  rulesOf(table: TableName): readonly FileRule[];
}

/** The rules of one table version. */
interface TableFiles {
  readonly paths: readonly FilePaths[];
  readonly keyText: KeyText;
}

export class FileRows {
  readonly #options: FileRowsOptions;
  readonly #tables = new WeakMap<TableSchema, TableFiles | null>();

  constructor(options: FileRowsOptions) {
    this.#options = options;
  }

  /** Undefined: it is about none. @throws SyncError FILE_PATH_INVALID */
  filesOf(table: TableSchema, { before, after }: Pick<RowEvent, 'before' | 'after'>): TransactionFiles | undefined {
    const rules = this.#rulesOf(table);
    return rules ? this.#asked(table, rules, { before, after }) : undefined;
  }

  /** Of rows that were read at the source; those of a probe are compared only. */
  filesOfRows({ chunk, rows }: ChunkOfRows): TransactionFiles | undefined {
    const { table, record } = chunk;
    const rules = table && record.purpose !== 'probe' ? this.#rulesOf(table) : null;
    if (!table || !rules) return undefined;
    const all = [...rows].flatMap((after) => this.#asked(table, rules, { before: null, after }) ?? []);
    return all.length === 0 ? undefined : { comes: all.flatMap(({ comes }) => comes), leaves: [] };
  }

  /** What a row names; it is not asked for. @throws SyncError FILE_PATH_INVALID */
  namedBy(table: TableSchema, row: Row): readonly ComingFile[] {
    const rules = this.#rulesOf(table);
    return rules ? filesOfChange(rules.paths, null, row).comes : [];
  }

  #asked(
    table: TableSchema,
    { paths, keyText }: TableFiles,
    { before, after }: Pick<RowEvent, 'before' | 'after'>,
  ): TransactionFiles | undefined {
    const { comes, leaves } = filesOfChange(paths, before, after);
    if (after === null || comes.length === 0) return leaves.length === 0 ? undefined : { comes: [], leaves };
    const of = this.#rowOf(table, after, keyText);
    return { comes: comes.map((file) => this.#options.staging.want({ ...file, ...of })), leaves };
  }

  #rowOf(of: TableSchema, row: Row, keyText: KeyText): Pick<FileWish, 'endpoint' | 'table' | 'key' | 'rowKey' | 'rowName'> {
    const { database, name, primaryKey } = of;
    const key = rowToJson(Object.fromEntries(primaryKey.map((column) => [column, row[column] ?? null])));
    const { endpoint } = this.#options;
    return { endpoint, table: { database, name }, key: keyText(row), rowKey: key, rowName: rowKey(of, row) ?? '' };
  }

  #rulesOf(table: TableSchema): TableFiles | null {
    let known = this.#tables.get(table);
    if (known === undefined) this.#tables.set(table, (known = this.#compiled(table)));
    return known;
  }

  #compiled(table: TableSchema): TableFiles | null {
    const rules = this.#options.rulesOf(table);
    if (rules.length === 0) return null;
    try {
      return { paths: rules.map((rule) => new FilePaths(rule, table)), keyText: keyTextOf(table) };
    } catch (thrown) {
      const error = toSyncError(thrown);
      if (error.code !== 'FILE_PATH_INVALID') throw error;
      // The table's own matter: a column was renamed or dropped, and other tables of the route go on.
      const { database, name } = table;
      throw error.again(error.message, { refused: { table: { database, name, code: error.code } } });
    }
  }
}

interface ChunkOfRows {
  readonly chunk: { readonly table: TableSchema | null; readonly record: { readonly purpose: ChunkPurpose } };
  readonly rows: Iterable<Row>;
}
