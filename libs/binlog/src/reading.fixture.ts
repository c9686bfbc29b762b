/**
 * What the integration tests of this folder share: a server, a session that writes, and a reader whose items are collected until enough.
 */
import type { SourceItem } from '@lutra/model';
import { createLogger } from '@lutra/telemetry';
import { createConnection } from 'mysql2/promise';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import type { MysqlServer } from '../../../test/servers/index.js';
import { readBinlog, sourceState } from './index.js';
import type { BinlogOptions, SourceConnection, SourceState } from './index.js';

export type Rows = Extract<SourceItem, { kind: 'rows' }>;
export type Begin = Extract<SourceItem, { kind: 'begin' }>;
export type Commit = Extract<SourceItem, { kind: 'commit' }>;

const mostMs = 90_000;
let nextServerId = 1000;

export function connectionOf({ host, port, user, password }: MysqlServer): SourceConnection {
  return { host, port, user, password };
}

/** A session in UTC without strict mode, so that zero and invalid dates can be written. */
export async function writer(server: MysqlServer): Promise<Connection> {
  const options = { supportBigNumbers: true, bigNumberStrings: true, dateStrings: true, multipleStatements: true } as const;
  const connection = await createConnection({ ...connectionOf(server), ...options });
  await connection.query("SET time_zone = '+00:00', sql_mode = 'ALLOW_INVALID_DATES,NO_ENGINE_SUBSTITUTION,NO_AUTO_VALUE_ON_ZERO'");
  return connection;
}

/** Each value as the server's own text. */
export async function select(connection: Connection, sql: string): Promise<RowDataPacket[]> {
  const [rows] = await connection.query<RowDataPacket[]>({ sql, typeCast: (field) => field.string('utf8') });
  return rows;
}

/** Everything that is not of the server's own schemas. */
export function wantsUserTables({ database }: { readonly database: string }): boolean {
  return !['mysql', 'sys'].includes(database);
}

export function readerOptions(server: MysqlServer, options: Partial<BinlogOptions> & Pick<BinlogOptions, 'start'>): BinlogOptions {
  return {
    ...connectionOf(server),
    serverId: nextServerId++,
    wants: wantsUserTables,
    logger: createLogger('test', 'silent'),
    signal: AbortSignal.timeout(mostMs),
    ...options,
  };
}

/** Reads until `enough` says so of an item; that item is the last one. */
export async function collect(options: BinlogOptions, enough: (item: SourceItem) => boolean): Promise<SourceItem[]> {
  const items: SourceItem[] = [];
  for await (const item of readBinlog(options)) {
    items.push(item);
    if (enough(item)) break;
  }
  return items;
}

/** All items from `start` up to where the server's binlog ends now. */
export async function collectToEnd(
  server: MysqlServer,
  start: BinlogOptions['start'],
  more: Partial<BinlogOptions> = {},
): Promise<SourceItem[]> {
  const { file, pos } = await sourceState(connectionOf(server));
  return collect(readerOptions(server, { start, ...more }), (item) => 'end' in item && item.end.file === file && item.end.pos >= pos);
}

/** Items and the error that ended them. */
export async function collectToError(options: BinlogOptions): Promise<{ items: SourceItem[]; error: unknown }> {
  const items: SourceItem[] = [];
  try {
    for await (const item of readBinlog(options)) items.push(item);
  } catch (error) {
    return { items, error };
  }
  throw new Error('the reader ended without an error');
}

export function rowsOf(items: readonly SourceItem[]): Rows[] {
  return items.filter((item) => item.kind === 'rows');
}

export async function executed(server: MysqlServer): Promise<{ gtidSet: string }> {
  return { gtidSet: (await stateOf(server)).executed ?? '' };
}

export function stateOf(server: MysqlServer): Promise<SourceState> {
  return sourceState(connectionOf(server));
}
