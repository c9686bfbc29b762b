/**
 * The sieve: which rows of a pair of tables may differ. Digests of key ranges are compared; a range that differs is cut until its rows are
 * few, and then the hash of each row crosses. So an equal table sends a few bytes a range. A server may be far away: some ranges cost one
 * round trip, which also says where the next ones end; all that is cut on one level costs two, whatever the number of ranges and parts.
 *
 * 1. It reads two servers at two times: what it finds may be on its way, and is looked at again (verify-table.ts). What it passes over was
 *    equal while its range was read.
 * 2. Ranges are cut at keys of the side that has more rows in them: a table that is empty at the source and large at the target has no
 *    keys at the source to cut it by.
 * 3. Where a server gives no hash (`hashed` < `rows`) the rows are read: a row that is left out of a sum would be equal to any other.
 */
import { rowToJson } from '@lutra/model';
import type { Row } from '@lutra/model';
import { sameDigest } from '@lutra/mysql';
import type { DigestedSide, KeyRange } from '@lutra/mysql';
import { answerOf, chain, countedOf, groups, multiples, partsOf } from './sieve-ranges.js';
import type { Counted, Cut } from './sieve-ranges.js';
import type { RowHash, TablePair } from './table-pair.js';

export interface SieveOptions {
  /** Rows of a range to begin with, and again where many differ; else ranges grow. */
  readonly rangeRows?: number;
  /** Of one range; of those that are asked for at once, four times as many. */
  readonly mostRangeRows?: number;
  /** A range of so many rows is not cut any more. */
  readonly leafRows?: number;
  /** Keys that are kept; ranges that differ beyond are only counted. */
  readonly maxKeys?: number;
  /** Before each range; with the rows of the source that are compared so far. */
  between(rows: number): Promise<void>;
  /** Milliseconds. */
  readonly now?: () => number;
}

export interface Sieved {
  /** At the source. */
  readonly rows: number;
  /** Primary keys that may differ, by their text. */
  readonly keys: ReadonlyMap<string, Row>;
  /** Ranges that differ beyond the keys. */
  readonly ranges: number;
}

export const rangeRows = 10_000;
const leafRows = 50;
/** Rows that are read whole may be large. */
const readRows = 20;
/** Of one round trip: what is cut, and whose hashes cross. A range has `parts` statements, a leaf some kilobytes. */
const atOnce = { cuts: 16, leaves: 64 };
/** One row of so many differs, or fewer: ranges stay large. */
const sparse = 1_000;
/** A server keeps the hashes of a range in a temporary table, which is on its disk beyond 16 MiB. */
const mostRangeRows = 80_000;
const rangesAtOnce = 4;
/** A pause or an end of the verification waits for the round trip that is under way. */
const roundMs = { grows: 1_000, shrinks: 3_000 };
export const maxKeys = 10_000;

type Limits = Required<Pick<SieveOptions, 'rangeRows' | 'mostRangeRows' | 'leafRows' | 'maxKeys'>>;

export async function sieve(pair: TablePair, options: SieveOptions): Promise<Sieved> {
  return new Sieve(pair, options).run();
}

class Sieve {
  readonly #pair: TablePair;
  readonly #limits: Limits;
  readonly #between: SieveOptions['between'];
  readonly #now: () => number;
  readonly #keys = new Map<string, Row>();
  #rows = 0;
  #differing = 0;
  #waiting: Counted[] = [];
  /** Rows that were compared when ranges were cut last; whether many of the rows before that differ. */
  #cutAt = 0;
  #isDense = false;

  constructor(pair: TablePair, options: SieveOptions) {
    this.#pair = pair;
    this.#limits = { rangeRows, mostRangeRows, leafRows, maxKeys, ...defined(options) };
    this.#between = options.between;
    this.#now = options.now ?? (() => performance.now());
  }

  async run(): Promise<Sieved> {
    let rows = this.#limits.rangeRows;
    let ends = await this.#ends('source', null, this.#numbers(rows));
    for (let from: Row | null = null; ;) {
      const ranges = await this.#ranges(from, ends, rows);
      await this.#between(this.#rows);
      const begun = this.#now();
      const [there, here] = await Promise.all([
        this.#pair.stretch('source', ranges, this.#numbers(rows)),
        this.#pair.digests('target', ranges),
      ]);
      const counted = countedOf(ranges, there.digests, here);
      const tookMs = this.#now() - begun;
      this.#rows += counted.reduce((sum, { source }) => sum + source.rows, 0);
      this.#waiting.push(...counted.filter(({ source, target }) => !sameDigest(source, target)));
      if (this.#waiting.length >= atOnce.cuts) await this.#compareWaiting();
      rows = this.#rowsAfter(rows, tookMs);
      from = ranges.at(-1)?.to ?? null;
      if (from === null) break;
      ({ ends } = there);
    }
    await this.#compareWaiting();
    return { rows: this.#rows, keys: this.#keys, ranges: this.#differing };
  }

  /** Up to the last of the ends. Behind the source's last key the target may have rows still. */
  async #ranges(from: Row | null, ends: readonly (Row | null)[], rows: number): Promise<readonly KeyRange[]> {
    const there = ends.filter((end) => end !== null);
    return chain({ from, to: null }, there.length > 0 ? there : await this.#ends('target', from, [rows]));
  }

  async #ends(side: DigestedSide, from: Row | null, numbers: readonly number[]): Promise<readonly (Row | null)[]> {
    return (await this.#pair.boundaries(side, [{ range: { from, to: null }, numbers }]))[0] ?? [];
  }

  get #found(): number {
    return this.#keys.size + this.#differing;
  }

  /** Of the last rows of ranges that together have so many. */
  #numbers(rows: number): readonly number[] {
    const count = Math.ceil(rows / this.#limits.mostRangeRows);
    return multiples(Math.ceil(rows / count), count);
  }

  /** Where many rows differ, all of a range is to be cut, and read again for each cut: it stays small. */
  #rowsAfter(rows: number, tookMs: number): number {
    const { rangeRows: first, mostRangeRows: most, leafRows: least } = this.#limits;
    if (this.#isDense) return Math.min(rows, first);
    if (tookMs < roundMs.grows) return Math.max(rows, Math.min(rangesAtOnce * most, 2 * rows));
    return tookMs > roundMs.shrinks ? Math.max(Math.min(rows, least), Math.floor(rows / 2)) : rows;
  }

  /** Ranges that differ wait for others: together they are cut in as many round trips as one. */
  async #compareWaiting(): Promise<void> {
    const [before, waiting] = [this.#found, this.#waiting];
    const rows = this.#rows - this.#cutAt;
    [this.#waiting, this.#cutAt] = [[], this.#rows];
    await this.#compare(waiting);
    this.#isDense = (this.#found - before) * sparse > rows;
  }

  async #compare(all: readonly Counted[]): Promise<void> {
    const [leaves, cuts]: [Counted[], Cut[]] = [[], []];
    for (const counted of all) {
      const { source, target } = counted;
      if (source.rows + target.rows === 0 || sameDigest(source, target)) continue;
      const isHashed = [source, target].every(({ rows, hashed }) => rows === hashed);
      const leaf = isHashed ? this.#limits.leafRows : readRows;
      if (Math.max(source.rows, target.rows) > leaf) cuts.push({ counted, leaf, isHashed });
      else if (isHashed) leaves.push(counted);
      else await this.#read(counted);
    }
    for (const some of groups(leaves, atOnce.leaves))
      if (this.#isFull) this.#differing += some.length;
      else await this.#cross(some);
    for (const some of groups(cuts, atOnce.cuts)) {
      // What has no hash is read, however many differ.
      const wanted = this.#isFull ? some.filter(({ isHashed }) => !isHashed) : some;
      this.#differing += some.length - wanted.length;
      if (wanted.length > 0) await this.#cut(wanted);
    }
  }

  get #isFull(): boolean {
    return this.#keys.size >= this.#limits.maxKeys;
  }

  /**
   * Boundaries are read one after the other while rows come and go, so one may lie before the one before it. Each range begins where the
   * last one ended, and so they cover all keys even then.
   */
  async #cut(cuts: readonly Cut[]): Promise<void> {
    await this.#between(this.#rows);
    const ofSide = (side: DigestedSide): readonly Cut[] =>
      cuts.filter(({ counted: { source, target } }) => source.rows >= target.rows === (side === 'source'));
    const cutAt = async (side: DigestedSide): Promise<readonly KeyRange[]> => {
      const own = ofSide(side);
      const found = own.length === 0 ? [] : await this.#pair.boundaries(side, own.map(partsOf));
      return own.flatMap(({ counted: { range } }, i) => chain(range, [...answerOf(found, i).filter((end) => end !== null), range.to]));
    };
    const ranges = (await Promise.all([cutAt('source'), cutAt('target')])).flat();
    const [there, here] = await Promise.all([this.#pair.digests('source', ranges), this.#pair.digests('target', ranges)]);
    await this.#compare(countedOf(ranges, there, here));
  }

  async #cross(leaves: readonly Counted[]): Promise<void> {
    const limit = 2 * this.#limits.leafRows;
    const ranges = leaves.map(({ range }) => range);
    const [there, here] = await Promise.all([this.#pair.hashes('source', ranges, limit), this.#pair.hashes('target', ranges, limit)]);
    const grown: Cut[] = [];
    for (const [i, counted] of leaves.entries()) {
      const [one, other] = [answerOf(there, i), answerOf(here, i)];
      if (one.length === limit || other.length === limit) grown.push({ counted, leaf: this.#limits.leafRows, isHashed: true });
      else this.#keepUnlike(one, other);
    }
    if (grown.length > 0) await this.#cut(grown);
  }

  #keepUnlike(there: readonly RowHash[], here: readonly RowHash[]): void {
    const hashes = new Map(here.map(({ key, hash }) => [rowToJson(key), { key, hash }]));
    for (const { key, hash } of there) {
      const text = rowToJson(key);
      const other = hashes.get(text);
      hashes.delete(text);
      if (!other || hash === null || other.hash !== hash) this.#keep(key);
    }
    for (const { key } of hashes.values()) this.#keep(key);
  }

  async #read({ range, ...counted }: Counted): Promise<void> {
    const limit = 2 * readRows;
    const [there, here] = await Promise.all([this.#pair.rows('source', range, limit), this.#pair.rows('target', range, limit)]);
    if (there.length === limit || here.length === limit)
      return this.#cut([{ counted: { range, ...counted }, leaf: readRows, isHashed: false }]);
    for (const key of await differingKeys(this.#pair, there, here)) this.#keep(key);
  }

  #keep(key: Row): void {
    if (this.#keys.size < this.#limits.maxKeys) this.#keys.set(rowToJson(key), key);
    else this.#differing += 1;
  }
}

/** Of rows that one side lacks, or that differ. */
export async function differingKeys(pair: TablePair, there: readonly Row[], here: readonly Row[]): Promise<readonly Row[]> {
  const others = new Map(here.map((row) => [rowToJson(pair.keyOf(row)), row]));
  const keys: Row[] = [];
  for (const row of there) {
    const key = pair.keyOf(row);
    const other = others.get(rowToJson(key));
    others.delete(rowToJson(key));
    if (!other || !(await pair.same(row, other))) keys.push(key);
  }
  return [...keys, ...[...others.values()].map((row) => pair.keyOf(row))];
}

function defined(options: SieveOptions): Partial<Limits> {
  const names = ['rangeRows', 'mostRangeRows', 'leafRows', 'maxKeys'] as const;
  return Object.fromEntries(names.flatMap((name) => (options[name] === undefined ? [] : [[name, options[name]]])));
}
