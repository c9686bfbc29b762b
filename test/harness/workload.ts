/**
 * A mixed workload of transactions on one side: some connections, a random mix, each row touched by one side only. It survives what
 * happens to the server, and counts what it committed; it never hides an error of its own.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ConnectionOptions } from 'mysql2/promise';
import { Random } from './random.js';
import { operations, type OperationName, type ShopState, shopState, usualMix } from './shop-operations.js';
import { shopDatabase } from './shop.js';
import type { Side } from './sides.js';
import { emptyTotals, Rollback, type Totals, Writer } from './writer.js';

export interface WorkloadOptions {
  readonly side: Side;
  /** As whom and where. */
  readonly connection: ConnectionOptions;
  readonly seed: number;
  /** Connections. */
  readonly writers?: number;
  /** All writers together; as many as they can if absent. */
  readonly transactionsPerSecond?: number | undefined;
  readonly database?: string;
  readonly mix?: Readonly<Partial<Record<OperationName, number>>>;
}

const stopBoundMs = 60_000;

export class Workload {
  readonly side: Side;
  readonly totals: Totals = emptyTotals();
  readonly #state: ShopState;
  readonly #writers: Writer[];
  readonly #loops: Promise<unknown>[];
  readonly #mix: readonly OperationName[];
  #rate: number;
  #stopping = false;
  #failure: unknown;

  constructor(options: WorkloadOptions) {
    this.side = options.side;
    this.#state = shopState(options.side, options.database ?? shopDatabase);
    this.#rate = options.transactionsPerSecond ?? Infinity;
    this.#mix = Object.entries(options.mix ?? usualMix).flatMap(([name, weight]) =>
      Array.from({ length: weight }, () => name as OperationName),
    );
    this.#writers = Array.from({ length: options.writers ?? 4 }, () => new Writer(options.connection, this.totals));
    this.#loops = this.#writers.map((writer, index) => this.#loop(writer, new Random(options.seed * 1000 + index)));
  }

  /** Undefined while all is well: an error that no transaction may meet. */
  get failure(): unknown {
    return this.#failure;
  }

  /** Transactions per second of all writers together; Infinity: as many as they can. */
  setRate(transactionsPerSecond: number): void {
    this.#rate = transactionsPerSecond;
  }

  /** Lets open transactions end. Rejects if a writer failed for good. */
  async stop(): Promise<Totals> {
    this.#stopping = true;
    const bound = setTimeout(() => void this.#closeAll(), stopBoundMs); // a frozen server would never answer
    await Promise.all(this.#loops);
    clearTimeout(bound);
    await this.#closeAll();
    if (this.#failure !== undefined) throw this.#failure;
    return this.totals;
  }

  async #loop(writer: Writer, random: Random): Promise<void> {
    let due = performance.now() + random.next() * this.#pauseMs(); // not all at once
    try {
      while (!this.#stopping) {
        due = Math.max(due + this.#pauseMs(), performance.now() - 1000); // what was missed longer ago is not made up for
        while (!this.#stopping && performance.now() < due) await sleep(Math.max(1, Math.min(due - performance.now(), 100)));
        await this.#one(writer, random);
      }
    } catch (error) {
      this.#failure ??= error;
      this.#stopping = true;
    }
  }

  #pauseMs(): number {
    return Number.isFinite(this.#rate) ? (this.#writers.length * 1000) / Math.max(this.#rate, 0.01) : 0;
  }

  async #one(writer: Writer, random: Random): Promise<void> {
    const operation = operations[random.pick(this.#mix)];
    let afterwards: (() => void) | undefined;
    const outcome = await writer.transact(async (transaction) => {
      afterwards = await operation(transaction, this.#state, random);
      if (random.chance(0.01)) throw new Rollback('on purpose');
    });
    if (outcome === 'committed') afterwards?.();
  }

  async #closeAll(): Promise<void> {
    await Promise.all(this.#writers.map((writer) => writer.close()));
  }
}

export function startWorkload(options: WorkloadOptions): Workload {
  return new Workload(options);
}
