/**
 * Leases: at most one holder per path, any number of standbys in the order they came. Each contender has an ephemeral sequential node; the
 * lowest is the holder, every other one watches only the node before its own. The name holds an id made for this contender and this
 * session, so that a node whose creation was never acknowledged is found again, and one of an older session is never taken for ours.
 * A lease is a hint that avoids double work. What keeps data right while two believe to hold it are the fences.
 */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { SyncError } from '@lutra/model';
import { aborted } from '@lutra/runtime';
import type { Logger } from '@lutra/telemetry';
import { ephemeralSequential } from './connection.js';
import type { Connection } from './connection.js';
import { isLoss, translate } from './faults.js';
import { Grant } from './lease-grant.js';
import type { LeaseGrant } from './lease-grant.js';
import { contenders, removeContender } from './lease-nodes.js';
import type { Session } from './session.js';
import { createWithParents } from './tree.js';
import { untilWoken } from './waiting.js';

export interface Lease {
  /**
   * Waits until the lease is ours, for ever if need be; ZooKeeper's absence is waited out.
   * @throws SyncError ABORTED (or the signal's own), ZOOKEEPER_DENIED
   */
  acquire(signal: AbortSignal): Promise<LeaseGrant>;
}

export interface LeaseOptions {
  /** Taken for moments, over and over: granted and released are no news. */
  readonly brief?: boolean;
}

/** One contender in one session. */
interface Contender {
  readonly id: string;
  readonly session: number;
}

export class ZooKeeperLease implements Lease {
  readonly #session: Session;
  readonly #path: string;
  readonly #logger: Logger;
  readonly #brief: boolean;

  constructor(session: Session, path: string, { logger, brief = false }: LeaseOptions & { readonly logger: Logger }) {
    this.#session = session;
    this.#path = path;
    this.#logger = logger;
    this.#brief = brief;
  }

  async acquire(signal: AbortSignal): Promise<LeaseGrant> {
    let contender: Contender = { id: randomUUID(), session: 0 };
    try {
      for (;;) {
        const connection = await this.#session.connected({ signal });
        if (contender.session !== this.#session.number) contender = { id: randomUUID(), session: this.#session.number };
        const grant = await this.#try(connection, contender, signal).catch((error: unknown) => {
          if (!isLoss(error)) throw error;
          connection.abandon('a request was lost');
          return null;
        });
        if (!grant) continue;
        if (!signal.aborted) return grant;
        void grant.release();
        throw aborted(signal);
      }
    } catch (error) {
      void removeContender(this.#session, { path: this.#path, ...contender }, this.#logger);
      throw translate(error, this.#path);
    }
  }

  /** The grant if it is our turn; null after something has changed. */
  async #try(connection: Connection, contender: Contender, signal: AbortSignal): Promise<Grant | null> {
    const names = await this.#standInLine(connection, contender.id);
    const nodeName = names.findIndex((name) => name.startsWith(contender.id));
    const own = names[nodeName];
    if (own === undefined) return null;
    const before = names[nodeName - 1];
    if (before !== undefined) {
      await this.#waitFor(connection, before, signal);
      return null;
    }
    const stat = await connection.exists(`${this.#path}/${own}`);
    if (!stat?.ephemeralOwner.equals(connection.sessionId)) return null;
    const number = safeNumber(stat.czxid.readBigInt64BE(), this.#path);
    this.#logger[this.#brief ? 'debug' : 'info']({ lease: this.#path, number }, 'lease granted');
    const of = { registrySession: this.#session, path: this.#path, logger: this.#logger, brief: this.#brief };
    return new Grant({ ...contender, ...of, node: own, number });
  }

  /** The names in line, first to last; ours is among them. */
  async #standInLine(connection: Connection, id: string): Promise<readonly string[]> {
    const there = await contenders(connection, this.#path);
    if (there.some((name) => name.startsWith(id))) return there;
    const holder = JSON.stringify({ host: hostname(), pid: process.pid, since: new Date().toISOString() });
    await createWithParents(connection, `${this.#path}/${id}-`, Buffer.from(holder), ephemeralSequential);
    const names = await contenders(connection, this.#path);
    // A creation that was not acknowledged and not seen yet, then done again: the later one would make us wait for ourselves.
    const [first, ...extra] = names.filter((name) => name.startsWith(id));
    for (const name of extra) await connection.remove(`${this.#path}/${name}`, -1);
    return names.filter((name) => name === first || !extra.includes(name));
  }

  async #waitFor(connection: Connection, before: string, signal: AbortSignal): Promise<void> {
    const path = `${this.#path}/${before}`;
    let changed = false;
    let wake = (): void => undefined;
    const onChange = (): void => {
      changed = true;
      wake();
    };
    if (!(await connection.exists(path, onChange))) return connection.unwatch('exists', path, onChange);
    this.#logger.debug({ lease: this.#path, before }, 'standing by for a lease');
    await untilWoken(signal, (woken) => {
      wake = woken;
      if (changed || connection.over) queueMicrotask(woken);
      const off = this.#session.onChange(woken);
      return () => {
        off();
        connection.unwatch('exists', path, onChange);
      };
    });
  }
}

function safeNumber(value: bigint, path: string): number {
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  throw new SyncError('INTERNAL', `the transaction number of ${path} is beyond 2^53`, { details: { path } });
}
