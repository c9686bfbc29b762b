/** Tables in the order in which rows of them can be written: a table that foreign keys point to comes before those that point. Pure. */
import { tableName } from '@lutra/model';
import type { TableName } from '@lutra/model';

export interface Related {
  readonly name: TableName;
  readonly parents: readonly TableName[];
}

/** Of a circle any may be the first. */
export function parentsFirst<T>(tables: readonly T[], relatedOf: (table: T) => Related): readonly T[] {
  const byName = new Map(tables.map((table) => [tableName(relatedOf(table).name), table]));
  const ordered = new Set<T>();
  const open = new Set<T>();
  const visit = (table: T): void => {
    if (ordered.has(table) || open.has(table)) return;
    open.add(table);
    for (const parent of relatedOf(table).parents) {
      const known = byName.get(tableName(parent));
      if (known !== undefined) visit(known);
    }
    open.delete(table);
    ordered.add(table);
  };
  for (const table of tables) visit(table);
  return [...ordered];
}
