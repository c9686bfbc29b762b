/**
 * Says what this process is, again in each session, and follows the cluster's level. The order is what a raise of the level rests on: the
 * node is created, then the version of its parent grows, then the level is read. A raise checks that version: it has seen the node, or the
 * process sees the new level before its first write.
 */
import type { Logger } from '@lutra/telemetry';
import { ephemeral } from './connection.js';
import type { Connection } from './connection.js';
import { isLoss, isNodeExists, translate } from './faults.js';
import { toBytes } from './json.js';
import { levelOf } from './level.js';
import type { Paths } from './paths.js';
import type { Session } from './session.js';
import { createWithParents, ensure } from './tree.js';
import { untilWoken } from './waiting.js';
import type { Worker } from './workers.js';

export interface MembershipOptions {
  readonly session: Session;
  readonly paths: Paths;
  readonly logger: Logger;
  /** Asked now and then: keys come and go while a process lives. */
  describe(): Worker;
  /** Each time that the level was read; null: there is no such node yet. */
  onLevel(level: number | null): void;
}

/** How soon a change of what `describe` says is in the tree. */
const describeMs = 2_000;
const retryMs = 5_000;

export class Membership {
  readonly #options: MembershipOptions;
  readonly #ending = new AbortController();
  #running: Promise<void> | undefined;
  /** What stands in the tree, and of which session. */
  #said: { readonly session: number; readonly text: string } | null = null;
  #levelStale = true;
  /** Something happened to our node, or nothing watches it: a tree can be emptied while its sessions live. */
  #unsure = true;
  #wake = (): void => undefined;

  constructor(options: MembershipOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running ??= this.#run(this.#ending.signal);
  }

  /** The node goes with the session. */
  async stop(): Promise<void> {
    this.#ending.abort();
    await this.#running;
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { session, logger, paths } = this.#options;
    let last: Connection | undefined;
    while (!signal.aborted && !session.stopped) {
      try {
        const connection = await session.connected({ signal });
        if (connection !== last) this.#levelStale = this.#unsure = true;
        last = connection;
        await this.#say(connection);
        if (this.#levelStale) await this.#readLevel(connection);
        await this.#pause(signal, { ms: describeMs, isStale: () => this.#levelStale || this.#unsure || connection.over });
      } catch (error) {
        if (signal.aborted || session.stopped) return;
        if (isLoss(error)) {
          last?.abandon('a request was lost');
          continue;
        }
        logger.error({ err: translate(error, paths.workers) }, 'cannot join the cluster in ZooKeeper; trying again');
        await this.#pause(signal, { ms: retryMs, isStale: () => false }).catch(() => undefined); // ended: the loop sees it
      }
    }
  }

  async #say(connection: Connection): Promise<void> {
    const { session, paths } = this.#options;
    const worker = this.#options.describe();
    const text = JSON.stringify(worker);
    const { number } = session;
    const path = paths.worker(worker, connection.sessionId.toString('hex'));
    if (this.#unsure && !(await this.#isThere(connection, path))) this.#said = null;
    if (this.#said?.session === number && this.#said.text === text) return;
    if (this.#said?.session === number) await connection.setData(path, toBytes(worker), -1);
    else await this.#register(connection, path, toBytes(worker));
    this.#said = { session: number, text };
  }

  /** Watches it from then on, its creation too. */
  async #isThere(connection: Connection, path: string): Promise<boolean> {
    const onChange = (): void => {
      this.#unsure = true;
      this.#wake();
    };
    this.#unsure = false;
    try {
      return (await connection.exists(path, onChange)) !== null;
    } catch (error) {
      this.#unsure = true;
      throw error;
    }
  }

  async #register(connection: Connection, path: string, data: Buffer): Promise<void> {
    const { workers } = this.#options.paths;
    await ensure(connection, workers);
    // It is there if an earlier creation was carried out whose answer was lost: the name is of this session alone.
    await createWithParents(connection, path, data, ephemeral).catch((error: unknown) => {
      if (!isNodeExists(error)) throw error;
    });
    await connection.setData(workers, Buffer.alloc(0), -1);
    this.#levelStale = true;
  }

  async #readLevel(connection: Connection): Promise<void> {
    const { level: path } = this.#options.paths;
    const onChange = (): void => {
      this.#levelStale = true;
      this.#wake();
    };
    this.#levelStale = false;
    try {
      await connection.barrier(path);
      // Watches its creation too.
      const stat = await connection.exists(path, onChange);
      const node = stat && (await connection.getData(path));
      this.#options.onLevel(node ? levelOf(node).level : null);
    } catch (error) {
      this.#levelStale = true;
      throw error;
    }
  }

  /** So long, or until the session changes, or the level is to be read again. */
  #pause(signal: AbortSignal, { ms, isStale }: { readonly ms: number; readonly isStale: () => boolean }): Promise<void> {
    return untilWoken(signal, (wake) => {
      this.#wake = wake;
      if (isStale()) queueMicrotask(wake);
      const timer = setTimeout(wake, ms).unref();
      const off = this.#options.session.onChange(wake);
      return () => {
        clearTimeout(timer);
        off();
        this.#wake = () => undefined;
      };
    });
  }
}
