/**
 * One way: a transaction that does not find its rows as they must be, in a table that is not known to be equal (it is being seeded,
 * repaired, or the log has a hole). An update of a row that has not come yet writes it whole, a deletion of it is done, and a row that
 * differs is replaced where this pipeline brings what is right. All else stops the pipeline as ever.
 *
 * Counter-example for passing the update over: capture leaves a row out of its chunk because of this very update, and the row never comes.
 */
import type { Checkpoint } from '@lutra/marker';
import { checkpointStatement } from '@lutra/marker';
import { rowsFlags } from '@lutra/model';
import type { SyncError } from '@lutra/model';
import { keyOfRow, openingText, planRows, sameKey, sameRowsBeside, StatementBuilder } from '@lutra/mysql';
import type { ApplyConnection, Change, RowPlan, SqlText } from '@lutra/mysql';
import { withHow } from '../assemble/changes.js';
import type { TargetWriter } from '../commit/target-writer.js';
import { forceRow, readRows } from '../conflict/resolve/rows.js';
import { nameRow } from '../commit/failure.js';
import { RowsToCome } from './rows-to-come.js';
import type { RowsToComeOptions } from './rows-to-come.js';

export interface MissingRowsOptions extends RowsToComeOptions {
  readonly writer: Pick<TargetWriter, 'ready' | 'used'>;
}

export class MissingRows {
  readonly #options: MissingRowsOptions;

  constructor(options: MissingRowsOptions) {
    this.#options = options;
  }

  /**
   * Commits changes that were refused and rolled back. `behind`: what is written behind them; null: nothing.
   * @throws SyncError `error` where all of their tables are known to be equal, and as TargetWriter.commit
   */
  async commit(
    changes: readonly Change[],
    { checkpoint, behind = null }: { readonly checkpoint: Checkpoint; readonly behind?: SqlText | null },
    error: SyncError,
  ): Promise<void> {
    const connection = await this.#options.writer.ready();
    await connection.run(openingText(checkpointStatement(checkpoint), { repeatable: true }));
    if (!(await isAnyToCome(new RowsToCome(connection, this.#options), changes))) {
      await connection.rollback();
      throw error;
    }
    await this.apply(connection, changes);
    if (behind) await connection.run(behind);
    await connection.commit();
    this.#options.writer.used();
  }

  /** Whether what was refused, and rolled back, may be for rows that have not come yet. */
  async areToCome(changes: readonly Change[]): Promise<boolean> {
    const connection = await this.#options.writer.ready();
    return isAnyToCome(new RowsToCome({ within: async (sql) => [await connection.query(sql)] }, this.#options), changes);
  }

  /** In an open target transaction, one by one. */
  async apply(connection: ApplyConnection, changes: readonly Change[]): Promise<void> {
    const toCome = new RowsToCome(connection, this.#options);
    const plans = new Map<Change['source'], RowPlan>();
    for (const change of changes) {
      try {
        if (isKeyed(change) && (await toCome.has(change))) await writeWhole(connection, change, { plan: planOf(plans, change), toCome });
        else await plain(connection, (await isToCome(toCome, change)) ? unchecked(change) : change);
      } catch (error) {
        await connection.rollback();
        throw nameRow(error, change);
      }
    }
  }
}

/** A change of a table that is not known to be equal, one way. */
export async function writeWhole(
  connection: Pick<ApplyConnection, 'within' | 'attempt' | 'run'>,
  change: Change,
  { plan, toCome }: { readonly plan: RowPlan; readonly toCome: RowsToCome },
): Promise<void> {
  const { before, after, under } = change;
  const moves = before !== null && after !== null && !sameKey(plan, before, after);
  const [found, there] = await readRows(connection, [
    { plan, key: before ?? after, values: null },
    ...(moves ? [{ plan, key: after, values: null }] : []),
  ]);
  const existing = found?.existing ?? null;
  const taken = there?.existing ?? null;
  const isOne = existing !== null && taken !== null && sameKey(plan, existing, taken);
  const replaces = (existing !== null || taken !== null) && (await toCome.replaces(change));
  // It fails there, as ever.
  if (existing !== null && !replaces && !(before && (await sameRowsBeside(plan, existing, before)))) return plain(connection, change);
  const displaced = replaces && taken !== null && !isOne ? [taken] : [];
  const refused = await forceRow(connection, plan, { existing, row: after, displaced, ...(under && { under }) });
  if (refused) throw refused;
  await toCome.unlist(
    connection,
    change,
    [before, after].flatMap((row) => (row ? [keyOfRow(plan, row)] : [])),
  );
}

function planOf(plans: Map<Change['source'], RowPlan>, { source, target }: Change): RowPlan {
  let plan = plans.get(source);
  if (!plan) plans.set(source, (plan = planRows(source, target)));
  return plan;
}

/** Of rows without a key none can be told to be missing. */
function isKeyed({ target }: Change): boolean {
  return target.primaryKey.length > 0;
}

/** A child may come before its parent, if that one has not come yet. */
async function isToCome(toCome: RowsToCome, change: Change): Promise<boolean> {
  const { source, target } = change;
  for (const table of [...(isKeyed(change) ? [target] : []), ...target.foreignKeys.map(({ parent }) => parent)])
    if (await toCome.has({ source, target: table })) return true;
  return false;
}

async function isAnyToCome(toCome: RowsToCome, changes: readonly Change[]): Promise<boolean> {
  for (const change of changes) if (await isToCome(toCome, change)) return true;
  return false;
}

/** Its parent has not come yet. */
function unchecked(change: Change): Change {
  const { session = null, flags = 0 } = change.under ?? {};
  return withHow(change, { under: { session, flags: flags | rowsFlags.noForeignKeyChecks } });
}

/** As if its row were there. */
async function plain(connection: Pick<ApplyConnection, 'run'>, of: Change): Promise<void> {
  const change = withHow(of, { whole: false });
  const builder = new StatementBuilder();
  await builder.prepare(change);
  builder.add(change);
  await connection.run(builder.take());
}
