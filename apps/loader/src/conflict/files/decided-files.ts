/**
 * What the rows of one open target transaction come to name, and what they no longer name, as the transaction leaves them: of each row that
 * it writes, what it named before the first write and what it names after the last one. So the files follow the winner of their row, and
 * those of a loser are nobody's. Pure.
 *
 * The naive way counts each write. Counter-example: row 1 comes to name p and row 2 then leaves p: p would go, though row 1 names it.
 */
import type { ComingFile } from '@lutra/files';
import { rowToJson, tableName, toSyncError } from '@lutra/model';
import type { FileName, Row, TableSchema } from '@lutra/model';
import type { LeavingFile } from '../../files/commit-files.js';
import type { FileRows } from '../../files/file-rows.js';
import type { DecidableTable } from '../detect/table-book.js';
import type { LostFile } from '../record/conflict-record.js';
import { keyText } from '../resolve/rows.js';
import type { RowChange } from '../resolve/rows.js';

/** A file that is wanted, and the row that names it. */
export interface WantedOfRow {
  readonly source: TableSchema;
  readonly row: Row;
  readonly file: ComingFile;
}

interface RowFiles {
  /** Before the transaction. */
  readonly was: readonly ComingFile[];
  is: readonly WantedOfRow[];
  /** They are wanted also where the row named the same ones. */
  isTold: boolean;
}

/** Of one conflict. */
const maxLost = 20;

type Written = Pick<RowChange, 'existing' | 'row' | 'displaced'>;

export interface TableOfRows {
  /** By its name at the source. */
  readonly source: TableSchema;
  /** A row's key, as a text. */
  keyOf(row: Row): string;
}

export function withKeys({ source, plan }: Pick<DecidableTable, 'source' | 'plan'>): TableOfRows {
  return { source, keyOf: (row) => keyText(plan, row) };
}

/** Whose rows nobody decides about. */
export function withSourceKeys(source: TableSchema): TableOfRows {
  const names = source.primaryKey.length > 0 ? source.primaryKey : source.columns.map(({ name }) => name);
  return { source, keyOf: (row) => rowToJson(Object.fromEntries(names.map((name) => [name, row[name] ?? null]))) };
}

export class DecidedFiles {
  readonly #rules: Pick<FileRows, 'namedBy'>;
  /** By table and key: rows that name files, or named some. */
  readonly #rows = new Map<string, RowFiles>();

  constructor(rules: Pick<FileRows, 'namedBy'>) {
    this.#rules = rules;
  }

  written(table: TableOfRows, { existing, row, displaced }: Written): void {
    for (const gone of existing ? [...displaced, existing] : displaced) this.#leave(table, gone);
    if (row) this.#take(table, row, false);
  }

  /** What home made of a row: its files are wanted also where the row names the same ones already. */
  told(table: TableOfRows, { existing, row, displaced }: Written): void {
    this.written(table, { existing, row: null, displaced });
    if (row) this.#take(table, row, true);
  }

  /** Files that rows come to name; of one path the last one. */
  get wanted(): readonly WantedOfRow[] {
    const wanted = new Map<string, WantedOfRow>();
    for (const { was, is, isTold } of this.#rows.values())
      for (const each of is) if (isTold || !was.some((file) => isSameFile(file, each.file))) wanted.set(textOf(each.file), each);
    return [...wanted.values()];
  }

  /** Files that no row of the transaction names any more, where the rule lets them go. */
  get leaves(): readonly LeavingFile[] {
    const all = [...this.#rows.values()];
    const named = new Set(all.flatMap(({ is }) => is.map(({ file }) => textOf(file))));
    const leaving = new Map<string, LeavingFile>();
    for (const { root, path, rule } of all.flatMap(({ was }) => was))
      if (rule.deletes !== 'keep' && !named.has(textOf({ root, path })))
        leaving.set(textOf({ root, path }), { root, path, way: rule.deletes });
    return [...leaving.values()];
  }

  /** Files of versions of a row that it does not have in the end; undefined: none. The first ones. */
  lost(source: TableSchema, versions: readonly (Row | null)[], result: Row | null): readonly LostFile[] | undefined {
    const stays = result ? this.#here(source, result) : [];
    const all = versions.flatMap((row) => (row ? this.#here(source, row) : []));
    const lost = all.filter(
      (file, i) => !stays.some((one) => isSameFile(one, file)) && all.findIndex((one) => isSameFile(one, file)) === i,
    );
    if (lost.length === 0) return undefined;
    return lost.slice(0, maxLost).map(({ root, path, hash }) => ({ root, path, sha256: hash }));
  }

  #leave(table: TableOfRows, row: Row): void {
    const at = nameOf(table, row);
    const known = this.#rows.get(at);
    if (known) known.is = [];
    else this.#keep(at, { was: this.#here(table.source, row), is: [], isTold: false });
  }

  #take(table: TableOfRows, row: Row, isTold: boolean): void {
    const at = nameOf(table, row);
    const is = this.#rules.namedBy(table.source, row).map((file) => ({ source: table.source, row, file }));
    const known = this.#rows.get(at);
    if (known) Object.assign(known, { is, isTold });
    else this.#keep(at, { was: [], is, isTold });
  }

  /** What cannot be a path was placed by nobody. */
  #here(source: TableSchema, row: Row): readonly ComingFile[] {
    try {
      return this.#rules.namedBy(source, row);
    } catch (error) {
      if (toSyncError(error).code === 'FILE_PATH_INVALID') return [];
      throw error;
    }
  }

  #keep(at: string, files: RowFiles): void {
    if (files.was.length + files.is.length > 0) this.#rows.set(at, files);
  }
}

function nameOf({ source, keyOf }: TableOfRows, row: Row): string {
  return `${tableName(source)}\0${keyOf(row)}`;
}

function isSameFile(a: ComingFile, b: ComingFile): boolean {
  return textOf(a) === textOf(b) && a.hash === b.hash;
}

export function textOf({ root, path }: FileName): string {
  return `${root}\0${path}`;
}
