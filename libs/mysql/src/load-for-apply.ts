/**
 * The definition of a table that a loader writes to. It must see all of it: what the server hides from the user (triggers without the
 * privilege TRIGGER) would be taken for what is not there.
 */
import { SyncError, tableName } from '@lutra/model';
import type { TableName } from '@lutra/model';
import { readGrants } from './grants.js';
import type { Grants } from './grants.js';
import { quoteTable } from './literal.js';
import { accountOf } from './server-facts.js';
import type { Queries } from './session-options.js';
import { loadTable } from './target-table.js';
import type { TargetTable } from './target-definition.js';

/**
 * @throws SyncError TARGET_DENIED: the privilege that is missing, and its GRANT; TRIGGER_UNGUARDED; and as loadTable()
 */
export async function loadForApply(queries: Queries, database: string, name: string): Promise<TargetTable> {
  const grants = await readGrants(queries);
  const table = await loadTable(queries, database, name).catch((error: unknown) => {
    throw unseenOr(error, grants, { database, name });
  });
  await requireSight(queries, table, grants);
  const [trigger] = table.unguardedTriggers;
  if (trigger === undefined) return table;
  const what = `${tableName(table)}: trigger ${trigger} can change rows that are applied, so that both sides differ`;
  throw new SyncError('TRIGGER_UNGUARDED', `${what}: let it do nothing where @lutra_apply is set`, {
    details: { database, table: name, trigger },
  });
}

/** One that the user has no right to see may be there. */
function unseenOr(error: unknown, grants: Grants, table: TableName): unknown {
  if (!(error instanceof SyncError) || error.code !== 'TABLE_MISSING' || grants.has('SELECT', table)) return error;
  return error.again(error.message, { refused: { hidden: true } });
}

async function requireSight(queries: Queries, table: TargetTable, grants: Grants): Promise<void> {
  if (grants.has('TRIGGER', table)) return;
  const { database, name } = table;
  const grant = `GRANT TRIGGER ON ${quoteTable(table)} TO ${await accountOf(queries)}`;
  const what = `the user lacks TRIGGER on ${tableName(table)}, so whether a trigger changes what is applied cannot be seen`;
  throw new SyncError('TARGET_DENIED', `${what}: ${grant}`, { details: { database, table: name, privilege: 'TRIGGER', grant } });
}
