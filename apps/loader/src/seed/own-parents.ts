/** Foreign keys of a table to itself, in a row that comes before the one that it points to. Pure. */
import type { Row } from '@lutra/model';
import type { ForeignKey, TargetTable } from '@lutra/mysql';

/** What of it a foreign key names. */
export function parentOf({ columns, parentColumns }: ForeignKey, row: Row): Row {
  const names = new Map(Object.keys(row).map((name) => [name.toLowerCase(), name]));
  const nameOf = (column = ''): string => names.get(column.toLowerCase()) ?? column;
  return Object.fromEntries(parentColumns.map((name, i) => [nameOf(name), row[nameOf(columns[i])] ?? null]));
}

/** It points to no row of its own table. Null: not without other changes. */
export function withoutParents({ foreignKeys, columns, primaryKey }: TargetTable, row: Row): Row | null {
  const lower = (name: string): string => name.toLowerCase();
  const needed = new Set([...primaryKey, ...foreignKeys.flatMap((key) => (key.self ? [] : key.columns))].map(lower));
  const nullable = new Set(columns.flatMap((column) => (column.nullable ? [lower(column.name)] : [])));
  const isFree = (name: string): boolean => nullable.has(name) && !needed.has(name);
  const own = foreignKeys.filter(({ self }) => self).map((key) => key.columns.map(lower).filter(isFree));
  if (own.some((names) => names.length === 0)) return null;
  const cut = new Set(own.flat());
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, cut.has(lower(name)) ? null : value]));
}
