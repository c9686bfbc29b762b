/** What the source says of itself before the dump: who it is, where its binlog ends, which collations it has. */
import { SyncError } from '@lutra/model';
import type { RowDataPacket } from 'mysql2/promise';
import type { Query } from './connection.js';
import { withConnection } from './connection.js';
import type { SourceConnection, SourceState } from './options.js';

/** @throws SyncError SOURCE_UNAVAILABLE, SOURCE_DENIED, SOURCE_SETTINGS (no binlog) */
export function sourceState(options: SourceConnection): Promise<SourceState> {
  return withConnection(options, readState);
}

export async function readState(query: Query): Promise<SourceState> {
  const [head] = await query('SELECT VERSION() AS version, @@server_id AS serverId, @@lower_case_table_names AS nameCase');
  const version = text(head, 'version');
  const serverId = Number(text(head, 'serverId'));
  const lowerCaseTableNames = Number(text(head, 'nameCase'));
  const isMariadb = /mariadb/i.test(version);
  return (isMariadb ? readMariadb : readMysql)(query, { version, serverId, lowerCaseTableNames });
}

interface Head {
  readonly version: string;
  readonly serverId: number;
  readonly lowerCaseTableNames: number;
}

async function readMysql(query: Query, head: Head): Promise<SourceState> {
  const [server] = await query('SELECT @@server_uuid AS uuid, @@GLOBAL.gtid_mode AS mode');
  // the statement was renamed in 8.2 and its old name removed in 8.4
  const end = await readEnd(query, isBefore(head.version, 8, 2) ? 'SHOW MASTER STATUS' : 'SHOW BINARY LOG STATUS');
  const [sets] = await query('SELECT @@GLOBAL.gtid_purged AS purged');
  const gtidMode = text(server, 'mode') === 'ON';
  return {
    flavor: 'mysql',
    ...head,
    serverUuid: text(server, 'uuid'),
    gtidMode,
    // of the same instant as file and position
    executed: gtidMode ? withoutSpace(text(end, 'Executed_Gtid_Set')) : null,
    purged: gtidMode ? withoutSpace(text(sets, 'purged')) : null,
    ...positionOf(end),
  };
}

async function readMariadb(query: Query, head: Head): Promise<SourceState> {
  const end = await readEnd(query, 'SHOW MASTER STATUS');
  const [gtid] = await query('SELECT @@GLOBAL.gtid_current_pos AS current');
  const executed = withoutSpace(text(gtid, 'current'));
  return { flavor: 'mariadb', ...head, serverUuid: null, gtidMode: true, executed, purged: null, ...positionOf(end) };
}

async function readEnd(query: Query, sql: string): Promise<RowDataPacket> {
  const [end] = await query(sql);
  if (end === undefined) throw new SyncError('SOURCE_SETTINGS', 'the source writes no binlog: start it with log_bin');
  return end;
}

function positionOf(end: RowDataPacket): Pick<SourceState, 'file' | 'pos' | 'onlyDatabases' | 'neverDatabases'> {
  const list = (column: string): readonly string[] =>
    text(end, column)
      .split(',')
      .filter((name) => name !== '');
  return {
    file: text(end, 'File'),
    pos: Number(text(end, 'Position')),
    onlyDatabases: list('Binlog_Do_DB'),
    neverDatabases: list('Binlog_Ignore_DB'),
  };
}

/** Collation id → character set, of all that the server knows. */
export async function readCharsets(query: Query, flavor: SourceState['flavor']): Promise<ReadonlyMap<number, string>> {
  const source =
    flavor === 'mysql'
      ? 'SELECT ID AS id, CHARACTER_SET_NAME AS charset FROM information_schema.COLLATIONS'
      : 'SELECT ID AS id, CHARACTER_SET_NAME AS charset FROM information_schema.COLLATION_CHARACTER_SET_APPLICABILITY';
  const rows = await query(source);
  return new Map(rows.map((row) => [Number(text(row, 'id')), text(row, 'charset')]));
}

function isBefore(version: string, major: number, minor: number): boolean {
  const [actualMajor = 0, actualMinor = 0] = version.split('.').map((part) => Number.parseInt(part, 10));
  return actualMajor < major || (actualMajor === major && actualMinor < minor);
}

function text(row: RowDataPacket | undefined, column: string): string {
  const value = row?.[column] as Buffer | string | number | null | undefined;
  return value?.toString() ?? '';
}

function withoutSpace(set: string): string {
  return set.replaceAll(/\s+/g, '');
}
