/**
 * Keeps clients from writing to a server: `read_only`. It waits for the write statements that run, and stalls all others meanwhile;
 * `lock_wait_timeout` bounds that. An open transaction fails at its COMMIT. Three things pass it: the COMMIT of an XA transaction that was
 * prepared before (on MySQL), accounts with CONNECTION_ADMIN or SUPER, and writes that are not logged. `super_read_only` would block the
 * loader as well.
 */
import { SyncError } from '@lutra/model';
import { rowsIfAllowed, textOf } from './server-facts.js';
import type { Queries } from './session-options.js';

export interface ReadOnlyState {
  readonly readOnly: boolean;
  readonly superReadOnly: boolean;
  /** When the server started, in seconds since 1970, give or take one. */
  readonly started: number;
}

const waitSeconds = 10;

export async function readOnlyState(queries: Queries): Promise<ReadOnlyState> {
  const rows = await queries.query("SHOW GLOBAL VARIABLES WHERE Variable_name IN ('read_only', 'super_read_only')");
  const value = (name: string): boolean => {
    const row = rows.find((one) => textOf(one, 'Variable_name').toLowerCase() === name);
    return !['', 'OFF', '0'].includes(textOf(row, 'Value').toUpperCase());
  };
  const [now] = await queries.query('SELECT UNIX_TIMESTAMP() AS now');
  const [uptime] = await queries.query("SHOW GLOBAL STATUS LIKE 'Uptime'");
  const started = Number(textOf(now, 'now')) - Number(textOf(uptime, 'Value'));
  return { readOnly: value('read_only'), superReadOnly: value('super_read_only'), started };
}

/** What an administrator runs. */
export function readOnlyStatement(isClosed: boolean, flavor: 'mysql' | 'mariadb'): string {
  const value = isClosed ? 'ON' : 'OFF';
  return flavor === 'mysql'
    ? `SET PERSIST read_only = ${value}`
    : `SET GLOBAL read_only = ${value} (and read_only = ${value} in the server's my.cnf)`;
}

/** Survives a restart of MySQL. @throws SyncError *_DENIED (SYSTEM_VARIABLES_ADMIN, MariaDB READ_ONLY ADMIN), TARGET_BUSY (1205) */
export async function setReadOnly(queries: Queries, isClosed: boolean, flavor: 'mysql' | 'mariadb'): Promise<void> {
  await queries.query(`SET SESSION lock_wait_timeout = ${waitSeconds}`);
  await queries.query(`SET ${flavor === 'mysql' ? 'PERSIST' : 'GLOBAL'} read_only = ${isClosed ? 'ON' : 'OFF'}`);
}

/** XA transactions that are prepared: their COMMIT passes `read_only`. Null: the user may not ask (XA_RECOVER_ADMIN). */
export async function preparedTransactions(queries: Queries): Promise<readonly string[] | null> {
  try {
    const rows = await rowsIfAllowed(queries, 'XA RECOVER');
    return rows && rows.map((row) => textOf(row, 'data'));
  } catch (error) {
    // 1401, what MySQL 8 says of a missing right.
    if (error instanceof SyncError && /XAER_RMERR|XA_RECOVER_ADMIN/.test(error.message)) return null;
    throw error;
  }
}
