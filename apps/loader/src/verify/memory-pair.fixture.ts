/** A pair of tables in memory, with what a server is asked: for tests of the sieve. */
import type { Row } from '@lutra/model';
import type { Digest, DigestedSide, KeyRange } from '@lutra/mysql';
import type { Numbered, RowHash, Stretch, TablePair } from './table-pair.js';

type Table = Map<number, string>;

export class MemoryPair implements TablePair {
  readonly isHashed = true;
  readonly source: Table = new Map();
  readonly target: Table = new Map();
  /** Bytes that cross: of digests, keys, hashes. */
  crossed = 0;
  digested = 0;
  /** Round trips, of both sides. */
  trips = 0;
  /** Rows that no server can hash. */
  readonly unhashed = new Set<number>();
  /** Called before each read. */
  onRead: () => void = () => undefined;

  async digests(side: DigestedSide, ranges: readonly KeyRange[]): Promise<readonly Digest[]> {
    this.trips += 1;
    return ranges.map((range) => this.#digest(side, range));
  }

  async stretch(side: DigestedSide, ranges: readonly KeyRange[], numbers: readonly number[]): Promise<Stretch> {
    this.trips += 1;
    const from = ranges.at(-1)?.to ?? null;
    const ends = from === null ? [] : numbers.map((n) => this.#boundary(side, { from, to: null }, n));
    return { digests: ranges.map((range) => this.#digest(side, range)), ends };
  }

  async boundaries(side: DigestedSide, asked: readonly Numbered[]): Promise<readonly (readonly (Row | null)[])[]> {
    this.trips += 1;
    return asked.map(({ range, numbers }) => numbers.map((n) => this.#boundary(side, range, n)));
  }

  async hashes(side: DigestedSide, ranges: readonly KeyRange[], limit: number): Promise<readonly (readonly RowHash[])[]> {
    this.trips += 1;
    return ranges.map((range) => {
      const rows = this.#rows(side, range).slice(0, limit);
      this.crossed += rows.length * 74;
      return rows.map(([id, v]) => ({ key: { id }, hash: this.unhashed.has(id) ? null : v }));
    });
  }

  async rows(side: DigestedSide, range: KeyRange, limit: number): Promise<readonly Row[]> {
    this.trips += 1;
    return this.#rows(side, range)
      .slice(0, limit)
      .map(([id, v]) => ({ id, v }));
  }

  async rowsOf(side: DigestedSide, keys: readonly Row[]): Promise<readonly (readonly Row[])[]> {
    this.trips += 1;
    return keys.map(({ id }) => {
      this.onRead();
      const v = this[side].get(Number(id));
      return v === undefined ? [] : [{ id: Number(id), v }];
    });
  }

  keyOf({ id }: Row): Row {
    return { id: id ?? null };
  }

  async same(a: Row, b: Row): Promise<boolean> {
    return a['id'] === b['id'] && a['v'] === b['v'];
  }

  #digest(side: DigestedSide, range: KeyRange): Digest {
    this.digested += 1;
    this.crossed += 60;
    const rows = this.#rows(side, range);
    const hashed = rows.filter(([id]) => !this.unhashed.has(id));
    return { rows: rows.length, hashed: hashed.length, sum: JSON.stringify(hashed) };
  }

  #boundary(side: DigestedSide, range: KeyRange, n: number): Row | null {
    this.crossed += 10;
    const found = this.#rows(side, range)[n - 1];
    return found ? { id: found[0] } : null;
  }

  #rows(side: DigestedSide, { from, to }: KeyRange): readonly (readonly [number, string])[] {
    this.onRead();
    const [low, high] = [from === null ? -Infinity : Number(from['id']), to === null ? Infinity : Number(to['id'])];
    return [...this[side]].filter(([id]) => id > low && id <= high).toSorted(([a], [b]) => a - b);
  }
}
