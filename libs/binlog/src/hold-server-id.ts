/**
 * Before a capture's first dump: does another live Lutra endpoint read this server under the same server id, perhaps by another name of its
 * host? Then the dump would throw that one out, which does nothing wrong; so it is not begun. A capture that follows on the same log is no
 * other one: its predecessor may be frozen.
 */
import { serverIdLocks, SyncError } from '@lutra/model';
import type { ServerIdLocks } from '@lutra/model';
import { createConnection } from 'mysql2/promise';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { driverOptions, queryTimeoutMs } from './connection.js';
import { toSourceError } from './driver-error.js';
import type { SourceConnection } from './options.js';

/** A year: also of silence, after which the server would cut the connection. */
const lifetimeSeconds = 31_536_000;

export interface ServerIdUse {
  readonly serverId: number;
  /** Log id. */
  readonly owner: string;
  /** So long a connection that has just been closed may still hold its locks. Default 5. */
  readonly closingSeconds?: number;
  /** For one answer; default 30 s. */
  readonly answerMs?: number;
}

/** Resolves to what gives the server id back. @throws SyncError SERVER_ID_TAKEN; SOURCE_* */
export async function holdServerId(source: SourceConnection, of: ServerIdUse): Promise<() => void> {
  const locks = serverIdLocks(of.serverId, of.owner);
  let connection: Connection | undefined;
  try {
    connection = await createConnection(driverOptions(source));
    connection.on('error', () => undefined); // lost with the source: the dump says so
    await hold(connection, locks, of);
  } catch (error) {
    connection?.destroy();
    throw toSourceError(error);
  }
  const open = connection;
  return () => open.destroy();
}

async function hold(
  connection: Connection,
  { taken, mine }: ServerIdLocks,
  { serverId, closingSeconds = 5, answerMs = queryTimeoutMs }: ServerIdUse,
): Promise<void> {
  await connection.query({ sql: `SET SESSION wait_timeout = ${lifetimeSeconds}`, timeout: answerMs });
  const ask = async (sql: string, values: readonly string[]): Promise<RowDataPacket> =>
    (await connection.query<RowDataPacket[]>({ sql, values: [...values], timeout: answerMs }))[0][0]!;
  const holders = await ask('SELECT IS_USED_LOCK(?) AS holder, IS_USED_LOCK(?) AS predecessor', [taken, mine]);
  if (holders['holder'] !== null && holders['holder'] === holders['predecessor']) {
    // Our dump will end its own, and its locks come to us when it has gone.
    const locks = [taken, lifetimeSeconds, mine, lifetimeSeconds];
    connection.query('SELECT GET_LOCK(?, ?), GET_LOCK(?, ?)', locks).catch(() => undefined); // lost before: only this guard is weaker
    return;
  }
  const { got } = await ask(`SELECT GET_LOCK(?, ${closingSeconds}) AS got`, [taken]);
  if (Number(got) !== 1) {
    const message = `another live Lutra endpoint reads this server under server id ${serverId}, perhaps by another name of its host`;
    throw new SyncError('SERVER_ID_TAKEN', message, { details: { serverId } });
  }
  await ask(`SELECT GET_LOCK(?, ${closingSeconds}) AS got`, [mine]);
}
