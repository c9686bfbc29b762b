/**
 * The log may be at a row of a definition that the source has no more: columns of its rule, or of its key, have other names by now. Pure.
 *
 * Who looks for a column that is gone tries each that is there: one that was renamed has the same value, and one that was dropped has none.
 */
import { FilePaths } from '@lutra/files';
import type { RowOfFile } from '@lutra/files';
import { templateColumns, templateParts, toSyncError } from '@lutra/model';
import type { FileRule, TableSchema } from '@lutra/model';

/** The key by the names of now; null: nobody can tell. */
export function keyNow(key: RowOfFile['key'], { columns, primaryKey }: TableSchema): RowOfFile['key'] | null {
  const entries = Object.entries(key);
  if (entries.every(([name]) => columns.some((column) => isSame(column.name, name)))) return key;
  if (entries.length !== primaryKey.length) return null;
  const left = primaryKey.filter((name) => !entries.some(([known]) => isSame(known, name)));
  const lost = entries.filter(([name]) => !primaryKey.some((known) => isSame(known, name)));
  if (left.length !== 1 || lost.length !== 1) return null;
  return Object.fromEntries(entries.map(([name, value]) => [name === lost[0]?.[0] ? (left[0] as string) : name, value]));
}

/** The rule, with each name that its column may have now; null: nobody can tell. @throws SyncError FILE_PATH_INVALID: they do not fit */
export function pathsNow(rule: FileRule, table: TableSchema): readonly FilePaths[] | null {
  const names = [...templateColumns(rule.path), ...(rule.hash === undefined ? [] : [rule.hash])];
  const [lost, ...more] = new Set(names.filter((name) => !table.columns.some((column) => isSame(column.name, name))));
  if (lost === undefined) return [new FilePaths(rule, table)];
  if (more.length > 0) return null;
  const others = table.columns.filter(({ name }) => !names.some((known) => isSame(known, name)));
  return others.flatMap(({ name }) => fitting(renamed(rule, lost, name), table));
}

function fitting(rule: FileRule, table: TableSchema): readonly FilePaths[] {
  try {
    return [new FilePaths(rule, table)];
  } catch (error) {
    if (toSyncError(error).code === 'FILE_PATH_INVALID') return [];
    throw error;
  }
}

function renamed({ path, hash, ...rule }: FileRule, from: string, to: string): FileRule {
  const parts = (templateParts(path) ?? []).map((part) =>
    'text' in part ? part.text : `{${isSame(part.column, from) ? to : part.column}}`,
  );
  return { ...rule, path: parts.join(''), ...(hash !== undefined && { hash: isSame(hash, from) ? to : hash }) };
}

/** Names of columns have no case. */
function isSame(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}
