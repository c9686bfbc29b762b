/**
 * Rows that a transaction does not find as its source had them, because seeding or a repair has not brought them yet. If nobody has changed
 * them since, that is no conflict: what comes is written whole. Counter-examples without:
 *
 * 1. Home takes an update of a row that it does not have yet for a conflict with a deletion, and its resolution record deletes the row
 *    everywhere.
 * 2. A change meets a row that is out of date, and the pipeline stops. The row of its chunk, which would replace it, stands behind it.
 * 3. The log of the source had a hole. Home refuses what the source writes, and what was lost in the hole is gone from both sides.
 */
import { conflictKind, settledText } from '@lutra/mysql';
import type { ApplyConnection } from '@lutra/mysql';
import type { Row, SyncError, TableName } from '@lutra/model';
import type { Step } from '../conflict/resolve/step.js';
import { UnequalTables } from './unequal-tables.js';
import type { Routed } from './unequal-tables.js';

type About = Pick<Step, 'table' | 'concurrent'>;

export interface RowsToComeOptions {
  /** uid */
  readonly pipeline: string;
  /** This pipeline is seeding the table, and what it brings replaces what is there. */
  replaces(source: TableName): boolean;
}

export class RowsToCome {
  readonly #tables: UnequalTables;
  readonly #options: RowsToComeOptions;

  /** For one open target transaction. */
  constructor(connection: Pick<ApplyConnection, 'within'>, options: RowsToComeOptions) {
    this.#tables = new UnequalTables(connection, options.pipeline);
    this.#options = options;
  }

  /** A row of the table that is missing may come yet. */
  has(routed: Routed): Promise<boolean> {
    return this.#tables.mayLack(routed);
  }

  /** What comes by this pipeline replaces a row that differs, and that nobody has changed. */
  async replaces(routed: Routed): Promise<boolean> {
    return this.#options.replaces(routed.source) || (await this.#tables.entryOf(routed)) !== null;
  }

  /** `existing` is not what the steps say: is it to be made so? */
  async takesWhole(steps: readonly About[], existing: Row | null): Promise<boolean> {
    const [first] = steps;
    if (!first || steps.some(isContested)) return false;
    const routed = { source: first.table.schema, target: first.table.target };
    return existing === null ? this.#tables.mayLack(routed) : this.replaces(routed);
  }

  /** What was taken whole is not listed any more as a row that seeding has left out. */
  async unlist(connection: Pick<ApplyConnection, 'run'>, routed: Routed, keys: readonly Row[]): Promise<void> {
    if (keys.length === 0 || !(await this.#tables.isLeaving(routed))) return;
    const { database, name } = routed.source;
    await connection.run(settledText({ pipeline: this.#options.pipeline, table: { database, name } }, { keys }));
  }

  /** The foreign key that refuses the row points to one that has not come yet: the row goes before it. */
  async isBeforeParent(step: About, error: SyncError): Promise<boolean> {
    if (conflictKind(error) !== 'parent missing' || isContested(step)) return false;
    const { schema: source, target } = step.table;
    for (const { parent } of target.foreignKeys) if (await this.#tables.mayLack({ source, target: parent })) return true;
    return false;
  }
}

function isContested({ concurrent: { primary, unique } }: About): boolean {
  return primary !== null || unique !== null;
}
