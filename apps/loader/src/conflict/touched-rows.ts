/** The rows of one transaction that a conflict touched at home, which the other regions are told as the transaction leaves them. */
import { remedyStatement } from '@lutra/marker';
import { SyncError, tableName } from '@lutra/model';
import type { Row } from '@lutra/model';
import { quoteText } from '@lutra/mysql';
import type { ApplyConnection } from '@lutra/mysql';
import { keyText, readRow } from './rows.js';
import type { DecidableTable } from './table-book.js';

/** Of one transaction. */
const maxRemedies = 100_000;

export class TouchedRows {
  /** By table and key. */
  readonly #rows = new Map<string, { table: DecidableTable; key: Row }>();

  /** @throws SyncError ROW_CONFLICT when they are too many to hold */
  add(table: DecidableTable, key: Row): void {
    if (this.#rows.size >= maxRemedies)
      throw new SyncError('ROW_CONFLICT', `more than ${maxRemedies} rows of one transaction are in conflict`, {
        details: { rows: maxRemedies },
      });
    this.#rows.set(`${tableName(table.target)}\0${keyText(table.plan, key)}`, { table, key });
  }

  /** Last of all, in the same transaction. */
  async writeRemedies(connection: Pick<ApplyConnection, 'within' | 'attempt' | 'run'>, pipeline: string): Promise<void> {
    let slot = 0;
    for (const { table, key } of this.#rows.values()) {
      const row = await readRow(connection, table.plan, key);
      const { database, name } = table.target;
      const sql = remedyStatement({ pipeline, database, table: name, key, row }, slot++, quoteText);
      await connection.run({ sql, marks: [{ does: 'insert', table: { database: 'lutra', name: 'signal' }, change: 0, changes: 1 }] });
    }
  }
}
