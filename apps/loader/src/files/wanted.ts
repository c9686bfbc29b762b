/** A file that a row names, from its request on. */
import type { RowOfFile, StageAnswer, StagedFile, StageProgress, WantedFile } from '@lutra/files';
import { SyncError, tableName } from '@lutra/model';
import type { FileRule, FilesActivity, TableName, WaitingFile } from '@lutra/model';
import type { MissingFileRow } from '@lutra/mysql';
import type { RowFile } from './commit-files.js';

/** What a row asks for. */
export interface FileWish {
  readonly root: string;
  readonly path: string;
  readonly hash: string | null;
  readonly rule: FileRule;
  /** Of the source, and so is the table. */
  readonly endpoint: string;
  readonly table: TableName;
  readonly key: RowOfFile['key'];
  /** JSON: the primary key. */
  readonly rowKey: string;
  /** The same for messages. */
  readonly rowName: string;
}

/** A file that a row came to name. */
export class Wanted implements RowFile {
  readonly root: string;
  readonly path: string;
  readonly hash: string | null;
  staged: StagedFile | null | undefined = undefined;
  missing: MissingFileRow | null = null;
  /** It ends the run, once it is this row's turn. */
  failure: SyncError | null = null;
  progress: Pick<StageProgress, 'phase' | 'size' | 'done' | 'bytesPerSecond'> = { phase: 'asked', size: null, done: 0, bytesPerSecond: 0 };
  /** ms since 1970 */
  readonly since = Date.now();
  /** When its source was first without it; null: it was not. */
  lacksSince: number | null = null;
  tries = 0;
  /** Why it could not be asked for, the last time. */
  trouble: NonNullable<FilesActivity['trouble']> | null = null;

  constructor(readonly wish: FileWish) {
    this.root = wish.root;
    this.path = wish.path;
    this.hash = wish.hash;
  }
}

export function wantedFile({ wish: { root, path, hash, endpoint, table, key, rule } }: Wanted, id: number): WantedFile {
  return { id, root, path, hash, row: { endpoint, database: table.database, table: table.name, key, rule } };
}

export function missingRow({ root, path, hash, table, key }: FileWish): MissingFileRow {
  return { root, path, sha256: hash, table, key: JSON.stringify(key) };
}

export function shown({ wish, progress: { phase, size, done, bytesPerSecond }, since }: Wanted): WaitingFile {
  const { root, path, table, rowKey: key } = wish;
  return { root, path, database: table.database, table: table.name, key, phase, size, done, bytesPerSecond, since };
}

export function about({ root, path, rowName }: FileWish): { readonly root: string; readonly path: string; readonly key: string } {
  return { root, path, key: rowName };
}

function named({ root, path, table, rowName }: FileWish): string {
  return `file ${path} of root ${root}, of ${tableName(table)}, ${rowName}`;
}

export function failed({ wish }: Wanted, { code, message, details }: Extract<StageAnswer, { kind: 'refused' }>): SyncError {
  const { database, name } = wish.table;
  const all = { ...(details as SyncError['details']), ...about(wish), database, table: name };
  return new SyncError(code, `${named(wish)}: ${message}`, { details: all });
}

export function lacked(wish: FileWish, kind: 'missing' | 'unstable', waitSeconds: number): SyncError {
  const [code, what] =
    kind === 'missing'
      ? (['FILE_MISSING', 'its source region does not have it'] as const)
      : (['FILE_UNSTABLE', 'it is written to whenever it is read'] as const);
  const details = { ...about(wish), database: wish.table.database, table: wish.table.name };
  return new SyncError(code, `${named(wish)}: ${what}, for ${waitSeconds} s`, { details });
}
