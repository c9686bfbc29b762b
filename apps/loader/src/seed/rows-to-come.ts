/**
 * Rows that a transaction does not find as its source had them, because seeding has not brought them yet. If nobody has changed them since,
 * that is no conflict: what comes is written whole. Counter-examples without:
 *
 * 1. Home takes an update of a row that it does not have yet for a conflict with a deletion, and its resolution record deletes the row
 *    everywhere.
 * 2. A change meets a row that is out of date, and the pipeline stops. The row of its chunk, which would replace it, stands behind it.
 */
import { conflictKind } from '@lutra/mysql';
import type { ApplyConnection } from '@lutra/mysql';
import type { Row, SyncError, TableName } from '@lutra/model';
import type { Step } from '../conflict/resolve/step.js';
import { SeededTables } from './seeded-tables.js';

type About = Pick<Step, 'table' | 'concurrent'>;

export class RowsToCome {
  readonly #seeded: SeededTables;
  readonly #replaces: (source: TableName) => boolean;

  /** For one open target transaction. `replaces`: this pipeline is seeding the table, and what it brings replaces what is there. */
  constructor(connection: Pick<ApplyConnection, 'within'>, replaces: (source: TableName) => boolean) {
    this.#seeded = new SeededTables(connection);
    this.#replaces = replaces;
  }

  /** Some pipeline is seeding the table of the target. */
  has(target: TableName): Promise<boolean> {
    return this.#seeded.has(target);
  }

  /** `existing` is not what the steps say: is it to be made so? */
  async takesWhole(steps: readonly About[], existing: Row | null): Promise<boolean> {
    const [first] = steps;
    if (!first || steps.some(isContested)) return false;
    return existing === null ? this.#seeded.has(first.table.target) : this.#replaces(first.table.schema);
  }

  /** The foreign key that refuses the row points to one that has not come yet: the row goes before it. */
  async isBeforeParent(step: About, error: SyncError): Promise<boolean> {
    if (conflictKind(error) !== 'parent missing' || isContested(step)) return false;
    for (const { parent } of step.table.target.foreignKeys) if (await this.#seeded.has(parent)) return true;
    return false;
  }
}

function isContested({ concurrent: { primary, unique } }: About): boolean {
  return primary !== null || unique !== null;
}
