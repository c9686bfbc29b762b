/** How rows of a table version are written without objects (compiled/row-code.ts in libs/rows), in our own session. */
import type { TableSchema } from '@lutra/model';
import { rowSql } from '@lutra/rows';
import type { RowSql, SqlColumn, SqlKey } from '@lutra/rows';
import type { TablePlan } from './table-plan.js';

/** Null: each row through objects. */
export function rowBytes(source: TableSchema, plan: TablePlan): RowSql | null {
  if (plan.computes || plan.columns.length === 0) return null;
  const written = new Map(plan.columns.map((column) => [column.name, column]));
  const columns = source.columns.map((schema): SqlColumn => {
    const column = written.get(schema.name);
    const { quoted = '', notNull = false, alwaysWritten: always = false } = column ?? {};
    return { schema, toSql: column?.code().stored ?? null, notNull, always, quoted };
  });
  const key = plan.key.map(({ name, quoted, code }): SqlKey => {
    return { column: source.columns.findIndex((column) => column.name === name), toSql: code().compared, quoted };
  });
  return rowSql({ columns, key, quoted: plan.quoted });
}
