/**
 * Whether a table of the target is being seeded, by whichever pipeline: what is missing in it has not come yet. Asked in the transaction
 * that has met a missing row, and only then.
 */
import { tableName } from '@lutra/model';
import type { TableName } from '@lutra/model';
import { beingSeededQuery, hasSeedsQuery } from '@lutra/mysql';
import type { ApplyConnection } from '@lutra/mysql';

export class SeededTables {
  readonly #connection: Pick<ApplyConnection, 'within'>;
  readonly #known = new Map<string, boolean>();
  /** The target has lutra.seed. */
  #hasSeeds: boolean | null = null;

  /** For one open target transaction. */
  constructor(connection: Pick<ApplyConnection, 'within'>) {
    this.#connection = connection;
  }

  async has(table: TableName): Promise<boolean> {
    const key = tableName(table);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    this.#hasSeeds ??= await this.#found(hasSeedsQuery);
    const isSeeded = this.#hasSeeds && (await this.#found(beingSeededQuery(table)));
    this.#known.set(key, isSeeded);
    return isSeeded;
  }

  async #found(sql: string): Promise<boolean> {
    const [rows = []] = await this.#connection.within(sql);
    return Number(rows[0]?.['found']) > 0;
  }
}
