/**
 * The sieve: which rows of a pair of tables may differ. Digests of key ranges are compared; a range that differs is cut until its rows are
 * few, and then the hash of each row crosses. So an equal table sends a few bytes a range. A server may be far away: a range costs one round
 * trip, which also says where the next one ends; a cut costs two, whatever the number of its parts.
 *
 * 1. It reads two servers at two times: what it finds may be on its way, and is looked at again (verify-table.ts). What it passes over was
 *    equal while its range was read.
 * 2. Ranges are cut at keys of the side that has more rows in them: a table that is empty at the source and large at the target has no
 *    keys at the source to cut it by.
 * 3. Where a server gives no hash (`hashed` < `rows`) the rows are read: a row that is left out of a sum would be equal to any other.
 */
import { rowToJson, SyncError } from '@lutra/model';
import type { Row } from '@lutra/model';
import { sameDigest } from '@lutra/mysql';
import type { Digest, DigestedSide, KeyRange } from '@lutra/mysql';
import type { RowHash, TablePair } from './table-pair.js';

export interface SieveOptions {
  /** Rows of a range to begin with, and again where rows differ; equal ranges grow. */
  readonly rangeRows?: number;
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
const parts = 16;
/** Both servers keep the hashes of a range in memory until they are summed up. */
const mostRangeRows = 80_000;
/** A pause or an end of the verification waits for the range that is under way. */
const rangeMs = { grows: 1_000, shrinks: 3_000 };
export const maxKeys = 10_000;

type Limits = Required<Pick<SieveOptions, 'rangeRows' | 'leafRows' | 'maxKeys'>>;

interface Counted {
  readonly range: KeyRange;
  readonly source: Digest;
  readonly target: Digest;
}

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
  #ranges = 0;

  constructor(pair: TablePair, options: SieveOptions) {
    this.#pair = pair;
    this.#limits = { rangeRows, leafRows, maxKeys, ...defined(options) };
    this.#between = options.between;
    this.#now = options.now ?? (() => performance.now());
  }

  async run(): Promise<Sieved> {
    let size = this.#limits.rangeRows;
    let range: KeyRange = { from: null, to: await this.#end('source', null, size) };
    range = { ...range, to: range.to ?? (await this.#end('target', null, size)) };
    for (;;) {
      await this.#between(this.#rows);
      const begun = this.#now();
      const { next, ...counted } = await this.#stretch(range, size);
      size = this.#sizeAfter(counted, { size, tookMs: this.#now() - begun });
      this.#rows += counted.source.rows;
      await this.#compare([counted]);
      if (range.to === null) break;
      // Behind the source's last key the target may have rows still.
      range = { from: range.to, to: next ?? (await this.#end('target', range.to, size)) };
    }
    return { rows: this.#rows, keys: this.#keys, ranges: this.#ranges };
  }

  async #end(side: DigestedSide, from: Row | null, rows: number): Promise<Row | null> {
    return (await this.#pair.boundaries(side, { from, to: null }, [rows]))[0] ?? null;
  }

  async #stretch(range: KeyRange, size: number): Promise<Counted & { readonly next: Row | null }> {
    const [{ digest: source, next }, target] = await Promise.all([
      this.#pair.stretch('source', range, size),
      this.#pair.digests('target', [range]),
    ]);
    return { range, source, target: answerOf(target, 0), next };
  }

  /** Where rows differ, ranges are to be cut: they stay small. */
  #sizeAfter({ source, target }: Counted, { size, tookMs }: { readonly size: number; readonly tookMs: number }): number {
    const { rangeRows: first, leafRows: least } = this.#limits;
    if (!sameDigest(source, target)) return Math.min(size, first);
    if (tookMs < rangeMs.grows) return Math.max(size, Math.min(mostRangeRows, 2 * size));
    return tookMs > rangeMs.shrinks ? Math.max(Math.min(size, least), Math.floor(size / 2)) : size;
  }

  async #compare(all: readonly Counted[]): Promise<void> {
    const leaves: Counted[] = [];
    for (const counted of all) {
      const { source, target } = counted;
      if (source.rows + target.rows === 0 || sameDigest(source, target)) continue;
      const isHashed = [source, target].every(({ rows, hashed }) => rows === hashed);
      const leaf = isHashed ? this.#limits.leafRows : readRows;
      if (this.#keys.size >= this.#limits.maxKeys && isHashed) this.#ranges += 1;
      else if (Math.max(source.rows, target.rows) > leaf) await this.#cut(counted, leaf);
      else if (isHashed) leaves.push(counted);
      else await this.#read(counted);
    }
    if (leaves.length > 0) await this.#cross(leaves);
  }

  /**
   * Boundaries are read one after the other while rows come and go, so one may lie before the one before it. Each range begins where the
   * last one ended, and so they cover all keys even then.
   */
  async #cut({ range, source, target }: Counted, leaf: number): Promise<void> {
    await this.#between(this.#rows);
    const side: DigestedSide = source.rows >= target.rows ? 'source' : 'target';
    const all = Math.max(source.rows, target.rows);
    const rows = Math.max(leaf, Math.ceil(all / parts));
    const numbers = Array.from({ length: Math.max(1, Math.ceil(all / rows) - 1) }, (_, i) => rows * (i + 1));
    const found = await this.#pair.boundaries(side, range, numbers);
    const ends = [...found.filter((end) => end !== null), range.to];
    const ranges = ends.map((to, i): KeyRange => ({ from: i === 0 ? range.from : (ends[i - 1] ?? null), to }));
    const [there, here] = await Promise.all([this.#pair.digests('source', ranges), this.#pair.digests('target', ranges)]);
    await this.#compare(ranges.map((part, i) => ({ range: part, source: answerOf(there, i), target: answerOf(here, i) })));
  }

  async #cross(leaves: readonly Counted[]): Promise<void> {
    const limit = 2 * this.#limits.leafRows;
    const ranges = leaves.map(({ range }) => range);
    const [there, here] = await Promise.all([this.#pair.hashes('source', ranges, limit), this.#pair.hashes('target', ranges, limit)]);
    for (const [i, leaf] of leaves.entries()) {
      const [one, other] = [answerOf(there, i), answerOf(here, i)];
      if (one.length === limit || other.length === limit) await this.#cut(leaf, this.#limits.leafRows);
      else this.#keepUnlike(one, other);
    }
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
    if (there.length === limit || here.length === limit) return this.#cut({ range, ...counted }, readRows);
    for (const key of await differingKeys(this.#pair, there, here)) this.#keep(key);
  }

  #keep(key: Row): void {
    if (this.#keys.size < this.#limits.maxKeys) this.#keys.set(rowToJson(key), key);
    else this.#ranges += 1;
  }
}

/** A range without an answer is not equal to anything. */
function answerOf<T>(answers: readonly T[], i: number): T {
  const answer = answers[i];
  if (answer === undefined) throw new SyncError('INTERNAL', `a server answered ${answers.length} times, and ${i + 1} were asked for`);
  return answer;
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

function defined({ rangeRows: a, leafRows: b, maxKeys: c }: SieveOptions): Partial<Limits> {
  return { ...(a !== undefined && { rangeRows: a }), ...(b !== undefined && { leafRows: b }), ...(c !== undefined && { maxKeys: c }) };
}
