/**
 * A change that a session in STATEMENT mode left in the binlog. Nobody can tell its rows from its text, so it must not have touched a
 * routed table. Its text does not tell that either: a trigger, a view or a function writes what the text does not name. MySQL lists the
 * databases of all tables that the statement opened, those included; where it does not, and on MariaDB, which never does, any table may be
 * meant.
 */
import { foldedName, SyncError, tableName } from '@lutra/model';
import type { SourceItem } from '@lutra/model';
import type { Routing } from '../ddl/concern.js';
import { isOwnTable, ownDatabases } from './own-tables.js';

type Statement = Extract<SourceItem, { kind: 'statement' }>;

/** @throws SyncError BINLOG_UNSUPPORTED */
export function requireUnrouted({ keyword, tables, gtid, at }: Statement, { router, foldsNames }: Routing): void {
  const fold = foldsNames ? foldedName : (name: string): string => name;
  const touched = tables
    ?.map(({ database, name }) => ({ database: fold(database), name: fold(name) }))
    .filter((table) => (table.name === '*' ? coversDatabase(table.database, router) : isOwnTable(table) || router(table) !== null));
  if (touched?.length === 0) return;
  const names = touched?.map(tableName).join(', ') ?? null;
  const what = names === null ? 'the server does not say which tables it touched' : `it may have changed ${names}`;
  const where = `${at.file}:${at.pos}${gtid === null ? '' : `, in ${gtid}`}`;
  const message = `the binlog holds a change as a statement, ${keyword}: a session wrote with binlog_format=STATEMENT or MIXED, and ${what} (${where})`;
  throw new SyncError('BINLOG_UNSUPPORTED', message, { details: { statement: keyword, tables: names, gtid, ...at } });
}

function coversDatabase(database: string, router: { coversDatabase(database: string): boolean }): boolean {
  return ownDatabases.has(database) || router.coversDatabase(database);
}
