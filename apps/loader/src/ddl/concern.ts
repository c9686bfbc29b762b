/** Whether a schema change is a pipeline's, by the tables that it names. Pure. */
import type { DdlRecord, DdlRole, DdlTable, Router, TableName } from '@lutra/model';
import { isImport } from './entering.js';

/** tables: all that it changes is known · unknown: it may change something of the pipeline, and nobody knows what */
export type Concern = 'none' | 'tables' | 'unknown';

export interface Carried {
  readonly router: Pick<Router, 'coversDatabase'> & ((table: TableName) => TableName | null);
  /** Of a table of the source: it is not written although it is routed. */
  isSuspended(table: TableName): boolean;
}

/** Without what is suspended. Counter-example: one is renamed to a table that is written, with rows of when it was suspended. */
export function carriedRouter({ router, isSuspended }: Carried): Router {
  const route = (table: TableName): TableName | null => (isSuspended(table) ? null : router(table));
  return Object.assign(route, { coversDatabase: (database: string) => router.coversDatabase(database) });
}

/** What is named so does not change, as far as the statement is understood. */
const unchanged: ReadonlySet<DdlRole> = new Set(['like', 'references', 'union']);

export function concernOf(
  record: Pick<DdlRecord, 'tables' | 'doubt' | 'statement' | 'sql' | 'flavor'>,
  { router, isSuspended }: Carried,
): Concern {
  const { tables } = record;
  // What it does is known: it brings rows.
  const doubt = isImport(record) ? null : record.doubt;
  if (doubt !== null && tables.length === 0) return 'unknown';
  const isCarried = ({ database, name }: TableName): boolean =>
    name === '*' ? router.coversDatabase(database) : !isSuspended({ database, name }) && router({ database, name }) !== null;
  const carried = changedTables({ tables, doubt }).filter(isCarried);
  if (carried.some(({ role }) => doubt !== null || role === 'mentioned')) return 'unknown';
  return carried.length > 0 ? 'tables' : 'none';
}

/** Where readings differ, each role may be wrong. */
export function changedTables({ tables, doubt }: Pick<DdlRecord, 'tables' | 'doubt'>): readonly DdlTable[] {
  return tables.filter(({ role }) => doubt !== null || !unchanged.has(role));
}
