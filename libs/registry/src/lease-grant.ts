/**
 * A lease that we hold. Checked whenever our node changes and after every reconnect; given up when the session expired, when the node is
 * gone or another's is before it. Not given up for silence alone.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { SyncError } from '@lutra/model';
import type { Logger } from '@lutra/telemetry';
import type { Connection } from './connection.js';
import { isLoss, translate } from './faults.js';
import { contenders, removeContender } from './lease-nodes.js';
import type { Session, SessionChange } from './session.js';

export interface LeaseGrant {
  /** Grows with every grant of the path: the transaction number of its node. */
  readonly number: number;
  /**
   * Aborts with LEASE_LOST when we learn that the session expired, that our node is gone, or that the registry stops. While ZooKeeper
   * cannot be reached it does not: data that flows goes on.
   */
  readonly lost: AbortSignal;
  /** Lets the next standby in. While ZooKeeper cannot be reached it returns soon, and the node is removed when it can. */
  release(): Promise<void>;
}

export interface GrantOptions {
  readonly registrySession: Session;
  /** The number of the session that owns the node. */
  readonly session: number;
  readonly path: string;
  /** What our node's name begins with. */
  readonly id: string;
  readonly node: string;
  readonly number: number;
  /** See LeaseOptions. */
  readonly brief: boolean;
  readonly logger: Logger;
}

const releaseBoundMs = 2_000;

export class Grant implements LeaseGrant {
  readonly number: number;
  readonly #options: GrantOptions;
  readonly #lost = new AbortController();
  readonly #off: () => void;
  #released: Promise<void> | undefined;

  constructor(options: GrantOptions) {
    this.number = options.number;
    this.#options = options;
    this.#off = options.registrySession.onChange((change) => this.#onChange(change));
    const { connection, number, stopped } = options.registrySession;
    if (stopped) this.#lose('the registry was stopped');
    else if (number !== options.session) this.#lose('the ZooKeeper session expired');
    else if (connection) void this.#check(connection);
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  release(): Promise<void> {
    this.#released ??= this.#release();
    return this.#released;
  }

  async #release(): Promise<void> {
    this.#off();
    const { registrySession, session, path, id, brief, logger } = this.#options;
    const removed = removeContender(registrySession, { path, id, session }, logger).then(() => true);
    const done = await Promise.race([removed, delay(releaseBoundMs, false, { ref: false })]);
    logger[brief && done ? 'debug' : 'info'](
      { lease: path, number: this.number },
      done ? 'lease released' : 'lease will be released when ZooKeeper answers',
    );
  }

  #onChange(change: SessionChange): void {
    switch (change.kind) {
      case 'expired':
        return this.#lose('the ZooKeeper session expired');
      case 'stopped':
        return this.#lose('the registry was stopped');
      case 'connected':
        void this.#check(change.connection);
        return;
      case 'disconnected':
    }
  }

  async #check(connection: Connection): Promise<void> {
    const { path, node, logger } = this.#options;
    const again = (): void => void this.#check(connection);
    try {
      const stat = await connection.exists(`${path}/${node}`, again);
      if (this.#released) return connection.unwatch('exists', `${path}/${node}`, again);
      if (!stat?.ephemeralOwner.equals(connection.sessionId)) return this.#lose('its node is gone');
      const [first] = await contenders(connection, path);
      if (first !== node) this.#lose('another holds it');
    } catch (error) {
      // After a lost connection comes the next one, or the news that the session expired.
      if (isLoss(error)) return connection.abandon('a request was lost');
      logger.error({ err: translate(error, path), lease: path }, 'a lease cannot be checked; it is held on');
    }
  }

  #lose(why: string): void {
    if (this.#released || this.#lost.signal.aborted) return;
    const { path, logger } = this.#options;
    this.#off();
    logger.warn({ lease: path, number: this.number, why }, 'lease lost');
    this.#lost.abort(new SyncError('LEASE_LOST', `the lease ${path} is lost: ${why}`, { details: { lease: path } }));
  }
}
