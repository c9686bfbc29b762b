/** What of lutra.seed changes although no seed begins or goes on: ticks that are void, and tables that wait for their seed. */
import { checkpointFence } from '@lutra/marker';
import type { Checkpoint } from '@lutra/marker';
import type { TableName } from '@lutra/model';
import { quoteText } from './literal.js';
import { ask, through } from './ownership.js';
import { anewOf, fixedNames, textOfStatements, whereTable } from './seed-store.js';
import type { SeedOf } from './seed-store.js';
import type { ConnectionOptions, Queries } from './session-options.js';
import type { SqlText } from './sql-text.js';

/**
 * What is ticked off of tables that the pipeline does not carry now. Counter-example without: a table leaves the routes amid its seed and
 * comes back; the rows that were ticked off before have changed meanwhile, and seeding goes on behind them.
 * @throws SyncError FENCED, TARGET_*
 */
export async function untickSeeds(
  target: ConnectionOptions | Queries,
  key: Pick<Checkpoint, 'pipeline' | 'part' | 'epoch'>,
  tables: readonly TableName[],
): Promise<void> {
  const { pipeline } = key;
  await fenced(
    target,
    key,
    tables.map((table) => `UPDATE lutra.seed SET ${anewOf}${whereTable({ pipeline, table })} AND state = 'seeding'`),
  );
}

/** They are gone at the source, with the rows that were not in the log. @throws SyncError FENCED, TARGET_* */
export async function awaitSeedNoMore(
  target: ConnectionOptions | Queries,
  key: Pick<Checkpoint, 'pipeline' | 'part' | 'epoch'>,
  tables: readonly TableName[],
): Promise<void> {
  const { pipeline } = key;
  const over = "state = 'cancelled', ended_at = CURRENT_TIMESTAMP(3)";
  await fenced(
    target,
    key,
    tables.map((table) => `UPDATE lutra.seed SET ${over}${whereTable({ pipeline, table })} AND state = 'waiting'`),
  );
}

async function fenced(
  target: ConnectionOptions | Queries,
  key: Pick<Checkpoint, 'pipeline' | 'part' | 'epoch'>,
  texts: readonly string[],
): Promise<void> {
  await through(target, async (queries) => {
    await queries.query('BEGIN');
    try {
      for (const sql of [checkpointFence(key), ...texts]) await ask(queries, sql);
      await queries.query('COMMIT');
    } catch (error) {
      await queries.query('ROLLBACK').catch(() => undefined); // a connection that cannot is broken, and the server rolls back
      throw error;
    }
  });
}

/** Its rows are not in the log, so nothing of it is applied from here on, until a seed of it begins. */
export function awaitSeed(of: Pick<SeedOf, 'pipeline' | 'table' | 'target'>): SqlText {
  const { database, name } = of.table;
  const texts = [of.pipeline, database, name, '', of.target.database, of.target.name, ''].map(quoteText).join(', ');
  const into = `INSERT INTO lutra.seed (${fixedNames.join(', ')}, part, state, is_whole) VALUES (${texts}, 0, 'waiting', 0)`;
  const anew = [anewOf, ...fixedNames.slice(3).map((column) => `${column} = VALUES(${column})`), "state = 'waiting'"];
  const again = [...anew, 'begun_at = CURRENT_TIMESTAMP(3)', 'ended_at = NULL'].join(', ');
  return textOfStatements([
    `UPDATE lutra.seed SET state = 'cancelled', ended_at = CURRENT_TIMESTAMP(3)${whereTable(of)} AND state = 'seeding'`,
    `${into} ON DUPLICATE KEY UPDATE ${again}`,
  ]);
}
