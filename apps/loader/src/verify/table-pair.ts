/** What a verification asks the two servers of a pair of tables. Reads only, each a statement of its own without a lock. */
import {
  boundaryQuery,
  digestQuery,
  hashesQuery,
  keyIn,
  keyOfRow,
  readDigest,
  rowsByKeyQuery,
  rowsQuery,
  sameRowsBeside,
  toRowBeside,
} from '@lutra/mysql';
import type { BatchQueries, Digest, DigestPlan, DigestedSide, KeyRange, ResultRow } from '@lutra/mysql';
import type { Row } from '@lutra/model';

/** Rows and keys are as the source's row events have them, on both sides. Each call is one round trip, however much it asks for. */
export interface TablePair {
  /** False: the servers cannot hash its rows, so they are read. */
  readonly isHashed: boolean;
  digests(side: DigestedSide, ranges: readonly KeyRange[]): Promise<readonly Digest[]>;
  /** With the keys of the rows with these numbers behind the last range. */
  stretch(side: DigestedSide, ranges: readonly KeyRange[], numbers: readonly number[]): Promise<Stretch>;
  /** Of each range the keys of the rows with these numbers in it. Each is read at a time of its own. */
  boundaries(side: DigestedSide, asked: readonly Numbered[]): Promise<readonly (readonly (Row | null)[])[]>;
  /** Of each range in the order of the key. */
  hashes(side: DigestedSide, ranges: readonly KeyRange[], limit: number): Promise<readonly (readonly RowHash[])[]>;
  rows(side: DigestedSide, range: KeyRange, limit: number): Promise<readonly Row[]>;
  /** Of each key, as the server compares keys. */
  rowsOf(side: DigestedSide, keys: readonly Row[]): Promise<readonly (readonly Row[])[]>;
  keyOf(row: Row): Row;
  /** Equal as stored. */
  same(a: Row, b: Row): Promise<boolean>;
}

export interface Numbered {
  readonly range: KeyRange;
  /** From 1; a range may have fewer rows, and null is the answer. */
  readonly numbers: readonly number[];
}

export interface Stretch {
  readonly digests: readonly Digest[];
  readonly ends: readonly (Row | null)[];
}

export interface RowHash {
  readonly key: Row;
  /** Null: the server could not hash it. */
  readonly hash: string | null;
}

export interface ServerPairOptions {
  readonly plan: DigestPlan;
  readonly source: BatchQueries;
  readonly target: BatchQueries;
  /** Which rows are compared, in SQL; null: all. */
  readonly where: string | null;
}

export class ServerPair implements TablePair {
  readonly #options: ServerPairOptions;

  constructor(options: ServerPairOptions) {
    this.#options = options;
  }

  get isHashed(): boolean {
    return this.#options.plan.unhashed.length === 0;
  }

  async digests(side: DigestedSide, ranges: readonly KeyRange[]): Promise<readonly Digest[]> {
    const found = await this.#ask(
      side,
      ranges.map((range) => this.#digest(side, range)),
    );
    return found.map(([row]) => readDigest(row));
  }

  async stretch(side: DigestedSide, ranges: readonly KeyRange[], numbers: readonly number[]): Promise<Stretch> {
    const from = ranges.at(-1)?.to ?? null;
    const behind = from === null ? [] : numbers.map((n) => this.#boundary(side, { from, to: null }, n));
    const found = await this.#ask(side, [...ranges.map((range) => this.#digest(side, range)), ...behind]);
    return {
      digests: found.slice(0, ranges.length).map(([row]) => readDigest(row)),
      ends: found.slice(ranges.length).map(([row]) => this.#keyIn(side, row)),
    };
  }

  async boundaries(side: DigestedSide, asked: readonly Numbered[]): Promise<readonly (readonly (Row | null)[])[]> {
    const statements = asked.flatMap(({ range, numbers }) => numbers.map((n) => this.#boundary(side, range, n)));
    const found = (await this.#ask(side, statements)).map(([row]) => this.#keyIn(side, row)).values();
    return asked.map(({ numbers }) => numbers.map(() => found.next().value ?? null));
  }

  async hashes(side: DigestedSide, ranges: readonly KeyRange[], limit: number): Promise<readonly (readonly RowHash[])[]> {
    const { plan, where } = this.#options;
    const found = await this.#ask(
      side,
      ranges.map((range) => hashesQuery(plan[side], { range, where }, limit)),
    );
    const hashOf = (row: ResultRow): RowHash => ({ key: keyIn(plan[side], row), hash: row['h'] === null ? null : String(row['h']) });
    return found.map((rows) => rows.map(hashOf));
  }

  async rows(side: DigestedSide, range: KeyRange, limit: number): Promise<readonly Row[]> {
    const { plan, where } = this.#options;
    const [found = []] = await this.#ask(side, [rowsQuery(plan[side], { range, where }, limit)]);
    return this.#read(side, found);
  }

  async rowsOf(side: DigestedSide, keys: readonly Row[]): Promise<readonly (readonly Row[])[]> {
    const found = await this.#ask(
      side,
      keys.map((key) => rowsByKeyQuery(this.#options.plan[side], [key])),
    );
    return Promise.all(found.map((rows) => this.#read(side, rows)));
  }

  keyOf(row: Row): Row {
    return keyOfRow(this.#options.plan.target.rows, row);
  }

  same(a: Row, b: Row): Promise<boolean> {
    return sameRowsBeside(this.#options.plan.target.rows, a, b);
  }

  #digest(side: DigestedSide, range: KeyRange): string {
    const { plan, where } = this.#options;
    return digestQuery(plan[side], { range, where });
  }

  #boundary(side: DigestedSide, range: KeyRange, n: number): string {
    const { plan, where } = this.#options;
    return boundaryQuery(plan[side], { range, where }, n);
  }

  #keyIn(side: DigestedSide, found: ResultRow | undefined): Row | null {
    return found ? keyIn(this.#options.plan[side], found) : null;
  }

  #ask(side: DigestedSide, statements: readonly string[]): Promise<readonly (readonly ResultRow[])[]> {
    return this.#options[side].queries(statements);
  }

  async #read(side: DigestedSide, found: readonly ResultRow[]): Promise<readonly Row[]> {
    const rows: Row[] = [];
    for (const row of found) rows.push(await toRowBeside(this.#options.plan[side].rows, row));
    return rows;
  }
}
