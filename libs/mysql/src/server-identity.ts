/**
 * Which server it is, whatever the name of its host: a lock of its own is known to it alone. MySQL's server_uuid would tell too, but
 * MariaDB has none, and a copied data directory has that of its origin.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { serverIdLocks } from '@lutra/model';
import { textOf } from './server-facts.js';
import { Session } from './session.js';
import type { ConnectionOptions, Queries } from './session-options.js';

/** A capture whose work has ended, for instance because the configuration was written anew, gives its server id back within this time. */
const endingMs = 5_000;
const lookMs = 250;

/** A live capture, of another log than this one, reads the server under the server id. @param log null: any log is another one */
export async function isReadByAnother(queries: Queries, serverId: number, log: string | null): Promise<boolean> {
  const { taken, mine } = serverIdLocks(serverId, log ?? '');
  const deadline = Date.now() + endingMs;
  for (;;) {
    const [row] = await queries.query(`SELECT IS_USED_LOCK('${taken}') AS holder, IS_USED_LOCK('${mine}') AS own`);
    const holder = textOf(row, 'holder');
    if (holder === '' || holder === textOf(row, 'own')) return false;
    if (Date.now() > deadline) return true;
    await sleep(lookMs);
  }
}

/** @throws SyncError SOURCE_UNAVAILABLE, TARGET_UNAVAILABLE, *_DENIED */
export async function isSameServer(source: ConnectionOptions, target: ConnectionOptions): Promise<boolean> {
  const name = `lutra.${randomUUID()}`;
  const holder = await Session.open(target, 'target');
  try {
    await holder.query(`SELECT GET_LOCK('${name}', 1) AS got`);
    const asker = await Session.open(source, 'source');
    try {
      const [row] = await asker.query(`SELECT IS_USED_LOCK('${name}') AS holder`);
      return textOf(row, 'holder') !== '';
    } finally {
      await asker.close();
    }
  } finally {
    await holder.close();
  }
}
