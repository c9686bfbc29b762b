/** Short conversations with the source, apart from the dump. Every wait is bounded; the connection is closed whatever happens. */
import { loginOptions } from '@lutra/model';
import mysql from 'mysql2';
import { createConnection } from 'mysql2/promise';
import type { Connection, ConnectionOptions, RowDataPacket } from 'mysql2/promise';
import { toSourceError } from './driver-error.js';
import type { SourceConnection } from './options.js';

const connectTimeoutMs = 10_000;
export const queryTimeoutMs = 30_000;

export function driverOptions(options: SourceConnection): ConnectionOptions {
  const { host, port, user, password } = options;
  return {
    host,
    port,
    user,
    password,
    ...loginOptions(options, mysql.authPlugins),
    connectTimeout: connectTimeoutMs,
    enableKeepAlive: true,
    keepAliveInitialDelay: 10_000,
    charset: 'utf8mb4_general_ci',
  };
}

export type Query = (sql: string, values?: readonly string[]) => Promise<RowDataPacket[]>;

/** @throws SyncError SOURCE_UNAVAILABLE, SOURCE_DENIED, … */
export async function withConnection<T>(options: SourceConnection, work: (query: Query) => Promise<T>): Promise<T> {
  let connection: Connection | undefined;
  try {
    connection = await createConnection({ ...driverOptions(options), supportBigNumbers: true, bigNumberStrings: true, dateStrings: true });
    const open = connection;
    // A list that is cut short would look like one of a server that knows no more.
    await open.query('SET SESSION sql_select_limit = 18446744073709551615, sql_big_selects = 1');
    return await work(async (sql, values = []) => {
      const [rows] = await open.query<RowDataPacket[]>({ sql, timeout: queryTimeoutMs, values: [...values] });
      return rows;
    });
  } catch (error) {
    throw toSourceError(error);
  } finally {
    connection?.destroy();
  }
}
