/** Rows that the winner is asked to send once more, as entries of its lutra.resync. */
import { createHash } from 'node:crypto';
import { rowToJson } from '@lutra/model';
import type { Row } from '@lutra/model';
import { quoteText } from '@lutra/mysql';
import type { Queries, ResultRow } from '@lutra/mysql';
import type { ProbedTable } from '../probes.js';

export class ResyncedRows {
  readonly #winner: Queries;
  readonly #of: ProbedTable;

  /** @param of pipeline that brings them, request that the entries carry, table at the winner */
  constructor(winner: Queries, of: ProbedTable) {
    this.#winner = winner;
    this.#of = of;
  }

  /** A row that is sent twice is written once. */
  async ask(keys: readonly Row[]): Promise<void> {
    if (keys.length === 0) return;
    const { pipeline, request, table } = this.#of;
    const [uid, id, database, name] = [pipeline, request, table.database, table.name].map(quoteText);
    const entries = keys.map((key) => `(${database}, ${name}, ${quoteText(rowToJson(key))}, ${uid}, 'repair', ${id})`);
    const into = 'lutra.resync (schema_name, table_name, row_key, pipeline, purpose, request)';
    await this.#winner.query(`INSERT INTO ${into} VALUES ${entries.join(', ')}`);
  }

  /** Entries that capture has not sent. */
  async waiting(): Promise<number> {
    const [row] = await this.#winner.query(`SELECT COUNT(*) AS n FROM lutra.resync WHERE ${this.#here} AND problem IS NULL`);
    return Number(row?.['n'] ?? 0);
  }

  /** What capture cannot send, once: hash of the key → why. */
  async refused(): Promise<ReadonlyMap<string, string>> {
    const rows = await this.#winner.query(`SELECT id, row_key, problem FROM lutra.resync WHERE ${this.#here} AND problem IS NOT NULL`);
    // By number: a condition would lock entries that others insert.
    if (rows.length > 0)
      await this.#winner.query(`DELETE FROM lutra.resync WHERE id IN (${rows.map((row) => textIn(row, 'id')).join(', ')})`);
    return new Map(
      rows.map((row) => [
        createHash('sha256').update(textIn(row, 'row_key')).digest('hex'),
        `it cannot be sent: ${textIn(row, 'problem')}`,
      ]),
    );
  }

  get #here(): string {
    const { pipeline, request, table } = this.#of;
    const [uid, id, database, name] = [pipeline, request, table.database, table.name].map(quoteText);
    return `pipeline = ${uid} AND purpose = 'repair' AND request = ${id} AND schema_name = ${database} AND table_name = ${name}`;
  }
}

function textIn(row: ResultRow, name: string): string {
  const value = row[name];
  return Buffer.isBuffer(value) ? value.toString('utf8') : String(value);
}
