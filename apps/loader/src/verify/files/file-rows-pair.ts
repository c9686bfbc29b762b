/** Rows of a pair of tables, of which only the key and what names files is read. */
import { FilePaths } from '@lutra/files';
import { SyncError, tableName, templateColumns } from '@lutra/model';
import type { FileRule, TableSchema } from '@lutra/model';
import type { DigestPlan } from '@lutra/mysql';

export interface NamingTable {
  readonly paths: readonly FilePaths[];
  /** Reads no other column. */
  readonly plan: DigestPlan;
}

/** @throws SyncError FILE_PATH_INVALID */
export function namingTable(rules: readonly FileRule[], schema: TableSchema, plan: DigestPlan): NamingTable {
  const paths = rules.map((rule) => new FilePaths(rule, schema));
  const named = rules.flatMap(({ path, hash }) => [...templateColumns(path), ...(hash === undefined ? [] : [hash])]);
  const wanted = new Set(named.map((name) => name.toLowerCase()));
  return { paths, plan: { ...plan, source: side(plan.source, wanted, schema), target: side(plan.target, wanted, schema) } };
}

function side(of: DigestPlan['source'], wanted: ReadonlySet<string>, schema: TableSchema): DigestPlan['source'] {
  const { table } = of.rows;
  const known = new Set(table.columns.map(({ name }) => name.toLowerCase()));
  const lacking = [...wanted].find((name) => !known.has(name));
  if (lacking !== undefined)
    throw new SyncError('FILE_PATH_INVALID', `${tableName(schema)}, column ${lacking}: it is computed by one of the sides`);
  const key = new Set(table.key.map(({ name }) => name));
  const columns = table.columns.filter(({ name }) => key.has(name) || wanted.has(name.toLowerCase()));
  return { ...of, rows: { ...of.rows, table: { ...table, columns } } };
}
