/**
 * Rows as they are read → the files that they name, which are asked for at once: reading ahead asks ahead. Only tables with rules are looked
 * at; a row of any other table costs one look into a map.
 *
 * Each row asks anew for a path that an earlier one has asked for. Counter-example for sharing what is asked for already: the application
 * renames another file over the path behind the first ask, and commits a row; that row would come with the file of the row before.
 */
import type { ChunkPurpose, FileName, FileRule, Row, RowEvent, TableSchema } from '@lutra/model';
import type { LeavingFile, TransactionFiles } from './commit-files.js';
import type { Staging } from './staging.js';

/** As a rule makes it of a row. */
export interface NamedFile extends FileName {
  readonly hash: string | null;
  readonly rule: FileRule;
}

/** The rules of one table version. */
export interface TableFiles {
  /** Of a change of a row; a file whose name and hash stay is in neither. @throws SyncError FILE_PATH_INVALID */
  change(before: Row | null, after: Row | null): { readonly comes: readonly NamedFile[]; readonly leaves: readonly NamedFile[] };
  /** The row's key, as text that the source compares. */
  key(row: Row): Readonly<Record<string, string>>;
}

export interface FileRowsOptions {
  readonly staging: Pick<Staging, 'want'>;
  /** Of the source. */
  readonly endpoint: string;
  /** Null: the table has no rules. */
  rulesOf(table: TableSchema): TableFiles | null;
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
    const all = rows.flatMap((after) => this.#asked(table, rules, { before: null, after }) ?? []);
    return all.length === 0 ? undefined : { comes: all.flatMap(({ comes }) => comes), leaves: [] };
  }

  /** What a row names, whether it comes or not; none: the table has no rules. @throws SyncError FILE_PATH_INVALID */
  namedBy(table: TableSchema, row: Row): readonly NamedFile[] {
    return this.#rulesOf(table)?.change(null, row).comes ?? [];
  }

  #asked(table: TableSchema, rules: TableFiles, { before, after }: Pick<RowEvent, 'before' | 'after'>): TransactionFiles | undefined {
    const { comes, leaves } = rules.change(before, after);
    const left = leaves.flatMap(leavingOf);
    if (comes.length === 0 && left.length === 0) return undefined;
    const { endpoint, staging } = this.#options;
    if (after === null || comes.length === 0) return { comes: [], leaves: left };
    const of = { endpoint, table: { database: table.database, name: table.name }, key: rules.key(after) };
    return { comes: comes.map((file) => staging.want({ ...file, ...of })), leaves: left };
  }

  #rulesOf(table: TableSchema): TableFiles | null {
    let known = this.#tables.get(table);
    if (known === undefined) this.#tables.set(table, (known = this.#options.rulesOf(table)));
    return known;
  }
}

interface ChunkOfRows {
  readonly chunk: { readonly table: TableSchema | null; readonly record: { readonly purpose: ChunkPurpose } };
  readonly rows: readonly Row[];
}

function leavingOf({ root, path, rule }: NamedFile): readonly LeavingFile[] {
  return rule.deletes === 'keep' ? [] : [{ root, path, way: rule.deletes }];
}
