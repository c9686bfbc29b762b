/**
 * The sieve: which rows of a pair of tables may differ. Digests of key ranges are compared; a range that differs is cut until its rows are
 * few, and then the hash of each row crosses. So an equal table sends a few bytes a range.
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
import type { Digest, DigestedSide, KeyRange } from '@lutra/mysql';
import type { TablePair } from './table-pair.js';

export interface SieveOptions {
  /** Rows of a range to begin with. */
  readonly rangeRows?: number;
  /** A range of so many rows is not cut any more. */
  readonly leafRows?: number;
  /** Keys that are kept; ranges that differ beyond are only counted. */
  readonly maxKeys?: number;
  /** Before each range; with the rows of the source that are compared so far. */
  between(rows: number): Promise<void>;
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
const parts = 10;
export const maxKeys = 10_000;

interface Limits {
  readonly rangeRows: number;
  readonly leafRows: number;
  readonly maxKeys: number;
}

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
  readonly #keys = new Map<string, Row>();
  #rows = 0;
  #ranges = 0;

  constructor(pair: TablePair, options: SieveOptions) {
    this.#pair = pair;
    this.#limits = { rangeRows, leafRows, maxKeys, ...defined(options) };
    this.#between = options.between;
  }

  async run(): Promise<Sieved> {
    for (let range: KeyRange = { from: null, to: null }; ;) {
      await this.#between(this.#rows);
      const to = await this.#end(range);
      const counted = await this.#count({ ...range, to });
      this.#rows += counted.source.rows;
      await this.#compare(counted);
      if (to === null) break;
      range = { from: to, to: null };
    }
    return { rows: this.#rows, keys: this.#keys, ranges: this.#ranges };
  }

  /** Behind the source's last key the target may have rows still. */
  async #end(range: KeyRange): Promise<Row | null> {
    const { rangeRows: rows } = this.#limits;
    return (await this.#pair.boundary('source', range, rows)) ?? this.#pair.boundary('target', range, rows);
  }

  async #count(range: KeyRange): Promise<Counted> {
    const [source, target] = await Promise.all([this.#pair.digest('source', range), this.#pair.digest('target', range)]);
    return { range, source, target };
  }

  async #compare(counted: Counted): Promise<void> {
    const { source, target } = counted;
    if (source.rows + target.rows === 0 || sameDigest(source, target)) return;
    const isHashed = [source, target].every(({ rows, hashed }) => rows === hashed);
    if (this.#keys.size >= this.#limits.maxKeys && isHashed) return void (this.#ranges += 1);
    const leaf = isHashed ? this.#limits.leafRows : readRows;
    if (Math.max(source.rows, target.rows) > leaf) return this.#cut(counted, leaf);
    return isHashed ? this.#cross(counted) : this.#read(counted);
  }

  async #cut({ range, source, target }: Counted, leaf: number): Promise<void> {
    const side: DigestedSide = source.rows >= target.rows ? 'source' : 'target';
    const rows = Math.max(leaf, Math.ceil(Math.max(source.rows, target.rows) / parts));
    for (let { from } = range; ;) {
      await this.#between(this.#rows);
      const end = await this.#pair.boundary(side, { from, to: range.to }, rows);
      await this.#compare(await this.#count({ from, to: end ?? range.to }));
      if (end === null) return;
      from = end;
    }
  }

  async #cross({ range, ...counted }: Counted): Promise<void> {
    const limit = 2 * this.#limits.leafRows;
    const [there, here] = await Promise.all([this.#pair.hashes('source', range, limit), this.#pair.hashes('target', range, limit)]);
    if (there.length === limit || here.length === limit) return this.#cut({ range, ...counted }, this.#limits.leafRows);
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
