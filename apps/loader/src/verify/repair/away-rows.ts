/** Rows of the other end than home, read beside its applications, without a lock. */
import { rowToJson } from '@lutra/model';
import type { Row } from '@lutra/model';
import { holdersQueries, keyOfRow, readRowQuery, toRowBeside } from '@lutra/mysql';
import type { ResultRow, RowPlan, Session } from '@lutra/mysql';

export interface AwayRows {
  /** In the order of the keys; null: there is none. */
  read(keys: readonly Row[]): Promise<readonly (Row | null)[]>;
  /** Keys of other rows that hold a unique value of these. */
  holders(rows: readonly Row[]): Promise<readonly Row[]>;
}

/** Of statements in one text. */
const maxReads = 200;

export class ServerAwayRows implements AwayRows {
  readonly #session: Pick<Session, 'execute' | 'translate'>;
  readonly #plan: RowPlan;

  constructor(session: Pick<Session, 'execute' | 'translate'>, plan: RowPlan) {
    this.#session = session;
    this.#plan = plan;
  }

  async read(keys: readonly Row[]): Promise<readonly (Row | null)[]> {
    const found = await this.#ask(keys.map((key) => readRowQuery(this.#plan, key, false)));
    return Promise.all(found.map(async ([row]) => (row ? toRowBeside(this.#plan, row) : null)));
  }

  async holders(rows: readonly Row[]): Promise<readonly Row[]> {
    const found = await this.#ask(rows.flatMap((row) => holdersQueries(this.#plan, row, false)));
    const keys = new Map<string, Row>();
    for (const row of found.flat()) {
      const key = keyOfRow(this.#plan, await toRowBeside(this.#plan, row));
      keys.set(rowToJson(key), key);
    }
    return [...keys.values()];
  }

  async #ask(statements: readonly string[]): Promise<readonly (readonly ResultRow[])[]> {
    const results: (readonly ResultRow[])[] = [];
    try {
      for (let at = 0; at < statements.length; at += maxReads)
        results.push(...(await this.#session.execute(statements.slice(at, at + maxReads).join(';\n'))).map(({ rows }) => rows));
    } catch (error) {
      throw this.#session.translate(error, 'read rows');
    }
    return results;
  }
}
