/** Everybody who writes and reads meanwhile: some writers at each site, and a reader. */
import { setTimeout as sleep } from 'node:timers/promises';
import { emptyTotals, Random, sumTotals, type Totals } from '../harness/index.js';
import { ClashWriter } from './clash-writer.js';
import type { History } from './history.js';
import { ExpectedRows } from './own-rows.js';
import { RowReader } from './row-reader.js';
import type { Shape } from './shapes.js';
import type { Site } from './site.js';

export interface LoadOptions {
  readonly sites: readonly Site[];
  readonly shapes: readonly Shape[];
  readonly seed: number;
  /** Transactions per second at each site. */
  readonly rate: number;
  /** Share of statements on rows that everybody writes. */
  readonly hot: number;
  readonly history: History;
}

const writersPerSite = 3;
const stopBoundMs = 120_000;

export class ClashLoad {
  readonly expected: ExpectedRows;
  readonly readers: readonly RowReader[];
  failure: unknown;
  readonly #totals: Readonly<Record<string, readonly Totals[]>>;
  readonly #loops: readonly Promise<void>[];
  readonly #stopping = new AbortController();
  readonly #givingUp = new AbortController();

  constructor({ sites, shapes, seed, rate, hot, history }: LoadOptions) {
    const expected = new ExpectedRows(shapes);
    this.expected = expected;
    this.readers = sites.map((site) => new RowReader(site, shapes));
    const authors = sites.flatMap((site, siteIndex) =>
      Array.from({ length: writersPerSite }, (_, index) => ({
        site,
        index,
        seed: (seed * 64 + siteIndex * 8 + index) >>> 0,
        totals: emptyTotals(),
      })),
    );
    this.#totals = Object.fromEntries(
      sites.map((site) => [site.letter, authors.filter((author) => author.site === site).map(({ totals }) => totals)]),
    );
    this.#loops = authors.map(({ site, index, seed: own, totals }) => {
      const writer = new ClashWriter({
        name: `${site.letter}.${index}`,
        connection: site.connection,
        seed: own,
        shapes,
        hotShare: hot,
        atHome: site === sites[0],
        totals,
        history,
        onCommitted: (name, changes) => expected.take(name, changes),
      });
      return this.#loop(writer, new Random(own + 1), rate / writersPerSite);
    });
  }

  get totals(): Readonly<Record<string, Totals>> {
    return Object.fromEntries(Object.entries(this.#totals).map(([letter, all]) => [letter, sumTotals(all)]));
  }

  /** Lets open transactions end. */
  async stopWriting(): Promise<void> {
    this.#stopping.abort();
    const bound = setTimeout(() => this.#givingUp.abort(), stopBoundMs);
    await Promise.all(this.#loops);
    clearTimeout(bound);
    if (this.failure !== undefined) throw this.failure;
  }

  async stopReading(): Promise<void> {
    await Promise.all(this.readers.map((reader) => reader.stop()));
  }

  async #loop(writer: ClashWriter, random: Random, rate: number): Promise<void> {
    const { signal } = this.#stopping;
    let due = performance.now() + (random.next() * 1000) / rate;
    try {
      while (!signal.aborted) {
        await sleep(Math.max(0, due - performance.now()), undefined, { signal }).catch(() => undefined);
        if (signal.aborted) break;
        due = Math.max(due + 1000 / rate, performance.now() - 1000); // what was missed longer ago is not made up for
        await writer.write(this.#givingUp.signal);
      }
    } catch (error) {
      this.failure ??= error;
      this.#stopping.abort();
    } finally {
      await writer.close();
    }
  }
}
