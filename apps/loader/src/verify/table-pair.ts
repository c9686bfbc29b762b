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
import type { Digest, DigestPlan, DigestedSide, KeyRange, Queries, ResultRow } from '@lutra/mysql';
import type { Row } from '@lutra/model';

/** Rows and keys are as the source's row events have them, on both sides. */
export interface TablePair {
  /** False: the servers cannot hash its rows, so they are read. */
  readonly isHashed: boolean;
  digest(side: DigestedSide, range: KeyRange): Promise<Digest>;
  /** The key of the row number `n` of the range, from 1; null: it has fewer. */
  boundary(side: DigestedSide, range: KeyRange, n: number): Promise<Row | null>;
  /** In the order of the key. */
  hashes(side: DigestedSide, range: KeyRange, limit: number): Promise<readonly RowHash[]>;
  rows(side: DigestedSide, range: KeyRange, limit: number): Promise<readonly Row[]>;
  rowsOf(side: DigestedSide, keys: readonly Row[]): Promise<readonly Row[]>;
  keyOf(row: Row): Row;
  /** Equal as stored. */
  same(a: Row, b: Row): Promise<boolean>;
}

export interface RowHash {
  readonly key: Row;
  /** Null: the server could not hash it. */
  readonly hash: string | null;
}

export interface ServerPairOptions {
  readonly plan: DigestPlan;
  readonly source: Queries;
  readonly target: Queries;
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

  async digest(side: DigestedSide, range: KeyRange): Promise<Digest> {
    const { plan, where } = this.#options;
    return readDigest((await this.#ask(side, digestQuery(plan[side], { range, where })))[0]);
  }

  async boundary(side: DigestedSide, range: KeyRange, n: number): Promise<Row | null> {
    const { plan, where } = this.#options;
    const [found] = await this.#ask(side, boundaryQuery(plan[side], { range, where }, n));
    return found ? keyIn(plan[side], found) : null;
  }

  async hashes(side: DigestedSide, range: KeyRange, limit: number): Promise<readonly RowHash[]> {
    const { plan, where } = this.#options;
    const found = await this.#ask(side, hashesQuery(plan[side], { range, where }, limit));
    return found.map((row) => ({ key: keyIn(plan[side], row), hash: row['h'] === null ? null : String(row['h']) }));
  }

  async rows(side: DigestedSide, range: KeyRange, limit: number): Promise<readonly Row[]> {
    const { plan, where } = this.#options;
    return this.#read(side, await this.#ask(side, rowsQuery(plan[side], { range, where }, limit)));
  }

  async rowsOf(side: DigestedSide, keys: readonly Row[]): Promise<readonly Row[]> {
    if (keys.length === 0) return [];
    return this.#read(side, await this.#ask(side, rowsByKeyQuery(this.#options.plan[side], keys)));
  }

  keyOf(row: Row): Row {
    return keyOfRow(this.#options.plan.target.rows, row);
  }

  same(a: Row, b: Row): Promise<boolean> {
    return sameRowsBeside(this.#options.plan.target.rows, a, b);
  }

  #ask(side: DigestedSide, sql: string): Promise<readonly ResultRow[]> {
    return this.#options[side].query(sql);
  }

  async #read(side: DigestedSide, found: readonly ResultRow[]): Promise<readonly Row[]> {
    const rows: Row[] = [];
    for (const row of found) rows.push(await toRowBeside(this.#options.plan[side].rows, row));
    return rows;
  }
}
