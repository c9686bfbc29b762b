/**
 * The key by which rows of a table are found, read in ranges and told apart: its primary key, or the UNIQUE key over whole NOT NULL columns
 * that stands for it. Servers take the first such key of a table without a primary key for one, and the binlog names it so.
 */
import type { TableSchema } from '@lutra/model';
import type { TargetTable, UniqueKey } from './target-definition.js';

/** Null: the table has none, or has a primary key. */
export function promotedKey({ primaryKey, uniqueKeys, prefixKeys }: TargetTable): UniqueKey | null {
  if (primaryKey.length > 0) return null;
  return uniqueKeys.find(({ name, columns, nullable }) => !nullable && !columns.includes('') && !prefixKeys.includes(name)) ?? null;
}

/**
 * The target's table with the key that its rows and those of the source share. Where the target names another one than the source, or none,
 * there is none: rows are found by all their values, and their conflicts are told by nothing. Counter-example with the source's key alone:
 * the target's own log names another key, and two changes of one row are never found to be concurrent.
 */
export function keyed(source: Pick<TableSchema, 'primaryKey'>, target: TargetTable): TargetTable {
  const key = promotedKey(target);
  if (key === null || namesOf(key.columns) !== namesOf(source.primaryKey)) return target;
  return { ...target, primaryKey: key.columns, primaryIndex: key.name, uniqueKeys: target.uniqueKeys.filter((other) => other !== key) };
}

/** Of one server. */
export function ownKeyed(table: TargetTable): TargetTable {
  return keyed({ primaryKey: promotedKey(table)?.columns ?? [] }, table);
}

/** The name of the index of `primaryKey`. */
export function primaryIndex({ primaryIndex: name = 'PRIMARY' }: Pick<TargetTable, 'primaryIndex'>): string {
  return name;
}

function namesOf(columns: readonly string[]): string {
  return columns.join('\0').toLowerCase();
}
