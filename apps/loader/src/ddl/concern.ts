/** Whether a schema change is a pipeline's, by the tables that it names. Pure. */
import { shadowReadings } from '@lutra/model';
import type { DdlRecord, Router, TableName } from '@lutra/model';
import { changedTables } from './changed-tables.js';
import { onlineChangeOf } from './online-change.js';
import { isImport } from './entering.js';

/**
 * tables: all that it changes is known · unknown: it may change something of the pipeline, and nobody knows what · shadows: it is of tables
 * of an online tool alone, and they are not carried
 */
export type Concern = 'none' | 'tables' | 'unknown' | 'shadows';

export interface Carried {
  readonly router: Pick<Router, 'coversDatabase' | 'shadow'> & ((table: TableName) => TableName | null);
  /** Of a table of the source: it is not written although it is routed. */
  isSuspended(table: TableName): boolean;
}

/** Without what is suspended. Counter-example: one is renamed to a table that is written, with rows of when it was suspended. */
export function carriedRouter({ router, isSuspended }: Carried): Router {
  const isLeft = (table: TableName): boolean => isLeftOut(table, { router, isSuspended });
  const route = (table: TableName): TableName | null => (isLeft(table) ? null : router(table));
  const coversDatabase = (database: string): boolean => router.coversDatabase(database);
  return Object.assign(route, { coversDatabase, shadow: (table: TableName) => (isLeft(table) ? null : router.shadow(table)) });
}

/** Shadows of a table that is suspended, too. */
export function isLeftOut(table: TableName, { router, isSuspended }: Carried): boolean {
  if (isSuspended(table)) return true;
  return router.shadow(table) !== null && shadowReadings(table.name).some(({ of }) => isSuspended({ database: table.database, name: of }));
}

type Concerned = Pick<DdlRecord, 'statement' | 'sql' | 'tables' | 'doubt' | 'session' | 'flavor'>;

export function concernOf(record: Concerned, of: Carried): Concern {
  const { tables } = record;
  // What it does is known: it brings rows.
  const doubt = isImport(record) ? null : record.doubt;
  const router = carriedRouter(of);
  if (doubt !== null && tables.length === 0) return 'unknown';
  const isCarried = ({ database, name }: TableName): boolean =>
    name === '*' ? router.coversDatabase(database) : router({ database, name }) !== null;
  const online = onlineChangeOf(record, router);
  if (online) return online.does === 'nothing' ? 'shadows' : 'tables';
  const carried = changedTables({ tables, doubt }).filter(isCarried);
  if (carried.some(({ role }) => doubt !== null || role === 'mentioned')) return 'unknown';
  return carried.length > 0 ? 'tables' : 'none';
}
