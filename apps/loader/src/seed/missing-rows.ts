/**
 * One way: a transaction that does not find its rows as they must be, in a table that is being seeded. An update of a row that has not come
 * yet writes it whole, a deletion of it is done, and an insert replaces what seeding would replace. All else stops the pipeline as ever.
 *
 * Counter-example for passing the update over: capture leaves a row out of its chunk because of this very update, and the row never comes.
 */
import type { Checkpoint } from '@lutra/marker';
import { checkpointStatement } from '@lutra/marker';
import { rowsFlags } from '@lutra/model';
import type { SyncError, TableName } from '@lutra/model';
import { openingText, planRows, StatementBuilder } from '@lutra/mysql';
import type { ApplyConnection, Change, RowPlan } from '@lutra/mysql';
import type { TargetWriter } from '../commit/target-writer.js';
import { forceRow, readRows } from '../conflict/resolve/rows.js';
import { nameRow } from '../commit/failure.js';
import { SeededTables } from './seeded-tables.js';

export interface MissingRowsOptions {
  readonly writer: Pick<TargetWriter, 'ready' | 'used'>;
  /** Of the source: this pipeline is seeding it, and what it brings replaces what is there. */
  replaces(table: TableName): boolean;
}

export class MissingRows {
  readonly #options: MissingRowsOptions;

  constructor(options: MissingRowsOptions) {
    this.#options = options;
  }

  /**
   * Commits changes that were refused and rolled back.
   * @throws SyncError `error` where none of their tables is being seeded, and as TargetWriter.commit
   */
  async commit(changes: readonly Change[], checkpoint: Checkpoint, error: SyncError): Promise<void> {
    const connection = await this.#options.writer.ready();
    await connection.run(openingText(checkpointStatement(checkpoint), { repeatable: true }));
    if (!(await isAnySeeded(connection, changes))) {
      await connection.rollback();
      throw error;
    }
    await this.apply(connection, changes);
    await connection.commit();
    this.#options.writer.used();
  }

  /** Whether what was refused, and rolled back, may be for rows that have not come yet. */
  async areSeeded(changes: readonly Change[]): Promise<boolean> {
    const connection = await this.#options.writer.ready();
    return isAnySeeded({ within: async (sql) => [await connection.query(sql)] }, changes);
  }

  /** In an open target transaction, one by one. */
  async apply(connection: ApplyConnection, changes: readonly Change[]): Promise<void> {
    const seeded = new SeededTables(connection);
    const replaces = (table: TableName): boolean => this.#options.replaces(table);
    const plans = new Map<Change['source'], RowPlan>();
    for (const change of changes) {
      try {
        if (await seeded.has(change.target)) await writeWhole(connection, change, { plan: planOf(plans, change), replaces });
        else await plain(connection, (await isSeeded(seeded, change)) ? unchecked(change) : change);
      } catch (error) {
        await connection.rollback();
        throw nameRow(error, change);
      }
    }
  }
}

/** A change of a table that is being seeded, one way. */
export async function writeWhole(
  connection: Pick<ApplyConnection, 'within' | 'attempt' | 'run'>,
  change: Change,
  { plan, replaces }: Pick<MissingRowsOptions, 'replaces'> & { readonly plan: RowPlan },
): Promise<void> {
  const { op, before, after, source, under } = change;
  const [found] = await readRows(connection, [{ plan, key: before ?? after, values: null }]);
  const existing = found?.existing ?? null;
  if (op === 'c' && existing !== null && !replaces(source)) return plain(connection, change);
  const refused = await forceRow(connection, plan, { existing, row: after, displaced: [], ...(under && { under }) });
  if (refused) throw refused;
}

function planOf(plans: Map<Change['source'], RowPlan>, { source, target }: Change): RowPlan {
  let plan = plans.get(source);
  if (!plan) plans.set(source, (plan = planRows(source, target)));
  return plan;
}

/** A child may come before its parent, if that one is being seeded. */
async function isSeeded(seeded: SeededTables, { target }: Change): Promise<boolean> {
  for (const table of [target, ...target.foreignKeys.map(({ parent }) => parent)]) if (await seeded.has(table)) return true;
  return false;
}

async function isAnySeeded(connection: Pick<ApplyConnection, 'within'>, changes: readonly Change[]): Promise<boolean> {
  const seeded = new SeededTables(connection);
  for (const change of changes) if (await isSeeded(seeded, change)) return true;
  return false;
}

/** Its parent has not come yet. */
function unchecked(change: Change): Change {
  const { session = null, flags = 0 } = change.under ?? {};
  return { ...change, under: { session, flags: flags | rowsFlags.noForeignKeyChecks } };
}

async function plain(connection: Pick<ApplyConnection, 'run'>, change: Change): Promise<void> {
  const builder = new StatementBuilder();
  await builder.prepare(change);
  builder.add(change);
  await connection.run(builder.take());
}
