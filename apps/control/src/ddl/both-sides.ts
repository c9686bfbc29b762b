/** A table as it is at both sides of a pipeline now: its definitions, and what rows of the source would meet at the target. */
import { createRuleFinder, flowsBothWays, tableName, toSyncError } from '@lutra/model';
import type { ChannelDocument, Router, TableName } from '@lutra/model';
import { asSource, compareDefinitions, loadTables, ownKeyed, quoteTable, tableDifferences } from '@lutra/mysql';
import type { Session, TargetTable } from '@lutra/mysql';
import type { TableSides } from './ddl.schemas.js';

/** One side. */
export interface SideLook {
  readonly definition: string | null;
  readonly table: TargetTable | null;
  readonly version: string;
}

export interface Pair {
  readonly source: TableName;
  readonly target: TableName;
  /** null: that side could not be asked. */
  readonly from: SideLook | null;
  readonly to: SideLook | null;
}

export async function lookAt(session: Session, tables: readonly TableName[]): Promise<readonly SideLook[]> {
  const version = String((await session.query('SELECT VERSION() AS version'))[0]?.['version']);
  const looks: SideLook[] = [];
  for (const table of tables) {
    const definition = await definitionOf(session, table);
    const [loaded] = definition === null ? [] : await loadTables(session, table.database, table.name);
    looks.push({ definition, table: loaded ?? null, version });
  }
  return looks;
}

/** null: it is not there, or the user may not see it. */
async function definitionOf(session: Session, table: TableName): Promise<string | null> {
  try {
    const [row] = await session.query(`SHOW CREATE TABLE ${quoteTable(table)}`);
    return row?.['Create Table']?.toString() ?? null; // a view has another column
  } catch (error) {
    if (['TABLE_MISSING', 'TARGET_DENIED', 'SOURCE_DENIED'].includes(toSyncError(error).code)) return null;
    throw error;
  }
}

export function sidesOf({ source, target, from, to }: Pair, channel: ChannelDocument, router: Router): TableSides {
  return {
    source: tableName(source),
    target: tableName(target),
    atSource: from?.definition ?? null,
    atTarget: to?.definition ?? null,
    key: from?.table ? ownKeyed(from.table).primaryKey : null,
    differences: from && to ? differences({ source, target, from, to }, channel, router) : [],
  };
}

type Asked = Pair & { readonly from: SideLook; readonly to: SideLook };

function differences({ source, target, from, to }: Asked, channel: ChannelDocument, router: Router): string[] {
  if (!from.table || !to.table) {
    if (from.table) return [`${tableName(target)} is not at the target`];
    return to.table ? [`${tableName(source)} is not at the source`] : [];
  }
  const isMariadb = ({ version }: SideLook): boolean => /mariadb/i.test(version);
  const known = new Set(from.table.columns.map(({ name }) => name.toLowerCase()));
  const extra = to.table.columns.filter(({ name }) => !known.has(name.toLowerCase()));
  const problems = compareDefinitions({
    from: from.table,
    to: to.table,
    sameVersion: from.version === to.version,
    sameFlavor: isMariadb(from) === isMariadb(to),
    twoWay: flowsBothWays(channel.pipelines),
    policy: createRuleFinder(channel.conflicts.rules)(target).policy,
    router,
  });
  const told = [...tableDifferences(asSource(from.table), to.table), ...problems.map(({ what }) => what)];
  const untold = extra.filter(({ name }) => !told.some((what) => what.startsWith(`column ${name} `)));
  return [...told, ...untold.map(({ name }) => `column ${name} is at the target alone`)];
}
