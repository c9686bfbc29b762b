/** Writers of one side: transactions of one to three statements on rows that are theirs alone. */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  emptyTotals,
  keyOffset,
  Random,
  type Side,
  type Stack,
  sumTotals,
  type Totals,
  type Transaction,
  Writer,
} from '../harness/index.js';
import { quiet } from './fill.js';
import type { Expected, RowWritten } from './expected.js';
import { countOf, namesOf, seededDatabase, type SeededTable, seededTables, setsOf, valuesOf, whereOf } from './tables.js';

export interface LoadOptions {
  readonly seed: number;
  /** Transactions per second at each side. */
  readonly rate: number;
  /** Of the fill. */
  readonly rows: number;
  readonly expected: Expected;
}

const writersPerSide = 2;
/** A parent has children, a child lacks its parent; the table is not there yet. */
const natural = [1451, 1452, 1146];

export class SeededLoad {
  failure: unknown;
  readonly #loops: readonly Promise<void>[];
  readonly #all: readonly { readonly side: Side; readonly totals: Totals }[];
  #isStopping = false;

  constructor(stack: Stack, options: LoadOptions) {
    const authors = (['a', 'b'] as const).flatMap((side) =>
      Array.from({ length: writersPerSide }, (_, index) => ({ side, index, totals: emptyTotals() })),
    );
    this.#all = authors;
    this.#loops = authors.map((author) => this.#loop(new RowWriter(stack, { ...options, ...author }), options));
  }

  get totals(): Readonly<Record<Side, Totals>> {
    return { a: this.#sum('a'), b: this.#sum('b') };
  }

  async stopWriting(): Promise<void> {
    this.#isStopping = true;
    await Promise.all(this.#loops);
    if (this.failure !== undefined) throw this.failure;
  }

  #sum(side: Side): Totals {
    return sumTotals(this.#all.filter((author) => author.side === side).map(({ totals }) => totals));
  }

  async #loop(writer: RowWriter, { rate }: LoadOptions): Promise<void> {
    try {
      while (!this.#isStopping) {
        const next = performance.now() + (writersPerSide * 1000) / rate;
        await writer.write();
        await sleep(Math.max(0, next - performance.now()));
      }
    } catch (error) {
      this.failure ??= error;
      this.#isStopping = true;
    } finally {
      await writer.close();
    }
  }
}

interface RowWriterOptions extends LoadOptions {
  readonly side: Side;
  readonly index: number;
  readonly totals: Totals;
}

class RowWriter {
  readonly #options: RowWriterOptions;
  readonly #random: Random;
  readonly #writer: Writer;
  /** Numbers of rows that this writer has inserted, or moved there, by table. */
  readonly #fresh = new Map<string, number[]>();
  #n = 0;
  #next = 0;

  constructor(stack: Stack, options: RowWriterOptions) {
    const { side, index, seed, totals } = options;
    this.#options = options;
    this.#random = new Random(seed * 16 + 2 * index + keyOffset[side]);
    this.#writer = new Writer({ ...stack.connection(side), charset: 'utf8mb4' }, totals, natural);
  }

  async write(): Promise<void> {
    const { side, index, expected } = this.#options;
    this.#n += 1;
    const stamp = `${side}.${index}.${this.#n}`;
    const tables = Array.from({ length: this.#random.int(1, 3) }, () => this.#random.pick(seededTables));
    let written: RowWritten[] = [];
    const outcome = await this.#writer.transact(async (transaction) => {
      written = [];
      for (const table of tables) written.push(...(await this.#change(transaction, table, stamp)));
    });
    if (outcome === 'committed' || outcome === 'unknown') expected.take(written, outcome);
  }

  close(): Promise<void> {
    return this.#writer.close();
  }

  async #change(transaction: Transaction, table: SeededTable, stamp: string): Promise<RowWritten[]> {
    const at = { v: String(this.#random.int(0, 1000)), stamp: `'${stamp}'` };
    const name = `${seededDatabase}.${table.name}`;
    const does = this.#random.next();
    if (does < 0.2) {
      const n = this.#freshNumber(table);
      const values = valuesOf(table, { ...at, n: String(n) });
      await transaction.insert(table.name, `INSERT INTO ${name} (${namesOf(table)}) VALUES (${values})`, []);
      return [{ table: table.name, n, stamp }];
    }
    const n = this.#number(table);
    const removes = table.removes === 'both' || table.removes === this.#options.side;
    if (does < 0.3 && removes) {
      const gone = await transaction.delete(table.name, `DELETE FROM ${name} WHERE ${whereOf(table, n)}`, []);
      return gone === 0 ? [] : [{ table: table.name, n, stamp: null }];
    }
    const to = does < 0.38 && removes ? this.#freshNumber(table) : n;
    const sets = setsOf(table, { ...at, n: String(to) });
    const changed = await transaction.update(table.name, `UPDATE ${name} SET ${sets} WHERE ${whereOf(table, n)}`, []);
    if (changed === 0) return []; // it is gone, or not there yet
    return [...(to === n ? [] : [{ table: table.name, n, stamp: null }]), { table: table.name, n: to, stamp }];
  }

  /** Of a row that was there at the start, or that this writer made. */
  #number(table: SeededTable): number {
    const fresh = this.#fresh.get(table.name) ?? [];
    if (fresh.length > 0 && this.#random.chance(0.25)) return this.#random.pick(fresh);
    for (;;) {
      const n = this.#mine(this.#random.int(0, Math.floor(countOf(table, this.#options.rows) / 4) - 2));
      if (!quiet(n)) return n;
    }
  }

  #freshNumber(table: SeededTable): number {
    const n = this.#mine(Math.floor(countOf(table, this.#options.rows) / 2) + this.#next++);
    this.#fresh.set(table.name, [...(this.#fresh.get(table.name) ?? []).slice(-50), n]);
    return n;
  }

  /** Each writer has one of four numbers. */
  #mine(index: number): number {
    return 4 * index + 2 * this.#options.index + keyOffset[this.#options.side];
  }
}
