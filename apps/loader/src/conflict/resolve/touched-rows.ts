/** The rows of one transaction that a conflict touched at home, which the other regions are told as the transaction leaves them. */
import { resolutionStatement } from '@lutra/marker';
import type { ResolutionSignal } from '@lutra/marker';
import { SyncError, tableName } from '@lutra/model';
import type { Row } from '@lutra/model';
import { asSource, inPieces, planRows, quoteText, stagedOf, Staging } from '@lutra/mysql';
import type { ApplyConnection, RowPlan, SqlText } from '@lutra/mysql';
import { keyText, readRows } from './rows.js';
import type { DecidableTable } from '../detect/table-book.js';

/** Whose loader met the conflicts: uid, and channel. */
export type ResolutionBy = Pick<ResolutionSignal, 'pipeline' | 'channel'>;

/** Of one transaction. */
const maxResolutions = 100_000;
/** Rows that are held. */
const maxRead = 200;
const signalTable = { database: 'lutra', name: 'signal' };

export class TouchedRows {
  /** By table and key. */
  readonly #rows = new Map<string, { table: DecidableTable; key: Row }>();

  /** @throws SyncError ROW_CONFLICT when they are too many to hold */
  add(table: DecidableTable, key: Row): void {
    if (this.#rows.size >= maxResolutions)
      throw new SyncError('ROW_CONFLICT', `more than ${maxResolutions} rows of one transaction are in conflict`, {
        details: { rows: maxResolutions },
      });
    this.#rows.set(`${tableName(table.target)}\0${keyText(table.plan, key)}`, { table, key });
  }

  /** Last of all, in the same transaction. */
  async writeResolutions(connection: Pick<ApplyConnection, 'within' | 'attempt' | 'run'>, by: ResolutionBy): Promise<void> {
    const all = [...this.#rows.values()];
    for (let from = 0; from < all.length; from += maxRead) {
      const some = all.slice(from, from + maxRead);
      const found = await readRows(
        connection,
        some.map(({ table, key }) => ({ plan: wholePlan(table), key, values: null })),
      );
      const texts = some.map(({ table: { target }, key }, i): SqlText => {
        const resolution = { ...by, database: target.database, table: target.name, key, row: found[i]?.existing ?? null };
        const staging = new Staging();
        const quote = (content: string): string => staging.text(content, { column: 'content', table: signalTable, change: 0 }, quoteText);
        return {
          sql: resolutionStatement(resolution, from + i, quote),
          marks: [{ does: 'insert', table: signalTable, change: 0, changes: 1 }],
          ...stagedOf([{ staged: staging.take() }]),
        };
      });
      for (const text of inPieces(texts)) await connection.run(text);
    }
  }
}

const wholePlans = new WeakMap<DecidableTable, RowPlan>();

/**
 * With the columns that the change did not have. Counter-example without: the table has got a column d here, and a change of a row with d
 * is on its way; where it loses against a change that knows no d, the row that is told has to bring d as well.
 */
function wholePlan(table: DecidableTable): RowPlan {
  let plan = wholePlans.get(table);
  if (!plan) {
    const { schema, target } = table;
    const came = new Map(schema.columns.map((column) => [column.name.toLowerCase(), column]));
    const own = asSource(target);
    const columns = own.columns.map((column) => came.get(column.name.toLowerCase()) ?? column);
    const isSame = columns.length === schema.columns.length;
    wholePlans.set(table, (plan = isSame ? table.plan : planRows({ ...schema, columns }, target)));
  }
  return plan;
}
