/**
 * What is written meanwhile: the shop's mixed workload on both sides, now and then a transaction of thousands of rows, and a reader of
 * sums.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  emptyTotals,
  keyOffset,
  Random,
  type Side,
  sides,
  type Stack,
  startWorkload,
  sumTotals,
  type Totals,
  TransferReader,
  type TransferReport,
  type Workload,
  Writer,
} from '../harness/index.js';

export interface LoadOptions {
  readonly seed: number;
  /** Transactions per second on each side. */
  readonly rate: number;
}

export interface Written {
  readonly totals: Readonly<Record<Side, Totals>>;
  readonly sums: Readonly<Record<Side, TransferReport>>;
}

export class Load {
  readonly #workloads: readonly Workload[];
  readonly #big: readonly BigWriter[];
  readonly #readers: readonly TransferReader[];

  constructor(stack: Stack, { seed, rate }: LoadOptions) {
    const at = (side: Side) => ({ side, connection: stack.connection(side), seed: seed + (side === 'a' ? 0 : 500) });
    this.#workloads = sides.map((side) => startWorkload({ ...at(side), transactionsPerSecond: rate }));
    this.#big = sides.map((side) => new BigWriter(stack, at(side)));
    this.#readers = sides.map((side) => new TransferReader(stack.connection(side)));
  }

  /** An error that no writer may meet. */
  get failure(): unknown {
    return [...this.#workloads, ...this.#big].find(({ failure }) => failure !== undefined)?.failure;
  }

  get totals(): Readonly<Record<Side, Totals>> {
    const [a, b] = this.#workloads.map(({ totals }, index) => sumTotals([totals, this.#big[index]?.totals ?? emptyTotals()]));
    return { a: a ?? emptyTotals(), b: b ?? emptyTotals() };
  }

  async stopWriting(): Promise<void> {
    await Promise.all([...this.#workloads, ...this.#big].map((writer) => writer.stop()));
  }

  async stopReading(): Promise<Written['sums']> {
    const [a, b] = await Promise.all(this.#readers.map((reader) => reader.stop()));
    return { a: a ?? { reads: 0, wrong: [] }, b: b ?? { reads: 0, wrong: [] } };
  }
}

const rowsPerStatement = 500;

/** Large enough to be streamed by the loader, so that faults meet it half way. */
class BigWriter {
  readonly totals: Totals = emptyTotals();
  failure: unknown;
  readonly #side: Side;
  readonly #random: Random;
  readonly #writer: Writer;
  readonly #loop: Promise<void>;
  readonly #stopping = new AbortController();
  readonly #committed: { readonly from: number; readonly to: number }[] = [];
  #next: number;

  constructor(stack: Stack, { side, seed }: { readonly side: Side; readonly seed: number }) {
    this.#side = side;
    this.#random = new Random(seed + 77);
    this.#next = side === 'a' ? 1 : 500_000_000; // ranges of their own: a DELETE locks no row of the other side
    this.#writer = new Writer(stack.connection(side), this.totals);
    this.#loop = this.#run().catch((error: unknown) => {
      this.failure = error;
    });
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
    await this.#writer.close();
    if (this.failure !== undefined) throw this.failure;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    for (let batch = 1; !signal.aborted; batch++) {
      await sleep(this.#random.int(4000, 20_000), undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      await this.#write(batch);
    }
  }

  /** Inserts a batch and deletes an older one, in one transaction. */
  async #write(batch: number): Promise<void> {
    const rows = this.#random.int(3, 20) * rowsPerStatement;
    const first = this.#next;
    const id = (index: number): number => 2 * (first + index) + keyOffset[this.#side];
    const old = this.#committed.length > 1 ? this.#committed.shift() : undefined;
    this.#next += rows; // even if it fails: keys are not used again
    const outcome = await this.#writer.transact(async (transaction) => {
      for (let done = 0; done < rows; done += rowsPerStatement) {
        const values = Array.from({ length: rowsPerStatement }, (_, index) => [
          id(done + index),
          batch,
          `payload ${id(done + index)}, with some length`,
        ]);
        await transaction.insert('bulk', 'INSERT INTO shop.bulk VALUES ?', [values]);
      }
      if (old) await transaction.delete('bulk', 'DELETE FROM shop.bulk WHERE id BETWEEN ? AND ?', [old.from, old.to]);
    });
    if (outcome === 'committed') this.#committed.push({ from: id(0), to: id(rows - 1) });
  }
}
