/**
 * Names of locks that a capture holds at its source while it reads there. A server cuts a dump off when another one comes under the same
 * server id, and a host's name does not tell which server it is; a lock is the server's own. The second name tells whose log it is: a
 * capture may follow on itself.
 */
import { createHash } from 'node:crypto';

export interface ServerIdLocks {
  readonly taken: string;
  /** Held on the same connection. */
  readonly mine: string;
}

/** @param owner log id */
export function serverIdLocks(serverId: number, owner: string): ServerIdLocks {
  const taken = `lutra.server-id.${serverId}`;
  return { taken, mine: `${taken}.${createHash('sha256').update(owner).digest('hex').slice(0, 16)}` };
}
