/** What is known to be wrong, or to surprise, about the tables that routes take. */
import { createRouter, tableName } from '@lutra/model';
import type { FollowedRoute, Route, TableName } from '@lutra/model';
import { withAlterAdvice } from './alter-advice.js';
import { checkPrivileges, toRead } from './check-privileges.js';
import { ownKeyed } from './keyed.js';
import { quoteTable, quoteText } from './literal.js';
import { ofTable, problem } from './problem.js';
import type { Problem } from './problem.js';
import { checkShadows } from './check-shadows.js';
import { suspended } from './suspended-problems.js';
import { refusedColumns } from './refused-columns.js';
import { logsCascades, textOf } from './server-facts.js';
import type { ServerFacts } from './server-facts.js';
import type { Queries } from './session-options.js';
import { isTransactional, loadTables } from './target-table.js';
import type { ForeignKey, TargetTable } from './target-definition.js';

export interface RoutedTables {
  readonly routes: readonly FollowedRoute[];
  suspends?(table: TableName): boolean;
  readonly isRouted: (table: TableName) => boolean;
}

export async function checkSourceTables(queries: Queries, server: ServerFacts, routed: RoutedTables): Promise<readonly Problem[]> {
  const tables = await loadRouted(queries, routed.isRouted);
  const problems = routed.routes.flatMap((route) => checkRoute(route, tables, server));
  for (const table of tables) {
    const found = checkTable(table, server);
    const told = [...(routed.suspends?.(table) ? suspended('source', table, found) : found), ...checkPrivileges(server, table, toRead)];
    problems.push(...ofTable(table, told));
  }
  const more = [...(await checkShadows(queries, routed.routes)), ...(await checkVersioned(queries, routed.isRouted))];
  return [...problems, ...more].map((found) => withAlterAdvice(found, true));
}

/** The routed tables that the user can see. */
export async function loadRouted(queries: Queries, isRouted: (table: TableName) => boolean): Promise<readonly TargetTable[]> {
  const rows = await queries.query(
    "SELECT DISTINCT TABLE_SCHEMA AS db FROM information_schema.TABLES WHERE TABLE_TYPE = 'BASE TABLE' ORDER BY TABLE_SCHEMA",
  );
  const tables: TargetTable[] = [];
  for (const row of rows) {
    const database = textOf(row, 'db');
    const names = await queries.query(
      `SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_TYPE = 'BASE TABLE' AND TABLE_SCHEMA = ${quoteText(database)}`,
    );
    if (!names.some((name) => isRouted({ database, name: textOf(name, 'name') }))) continue;
    tables.push(...(await loadTables(queries, database)).filter(isRouted));
  }
  return tables;
}

function hasTable(route: Route, tables: readonly TargetTable[]): boolean {
  const router = createRouter([route]);
  return tables.some((table) => router(table) !== null);
}

/** A table that the user may not see is replicated all the same, and nobody has looked at it. */
function checkRoute(route: Route, tables: readonly TargetTable[], server: ServerFacts): readonly Problem[] {
  const { schema, table } = route;
  const isExact = !/[*?]/.test(schema + table);
  const unseen = isExact
    ? hasTable(route, tables) || server.grants.has('SELECT', { database: schema, name: table })
      ? []
      : toRead
    : toRead.filter((privilege) => !server.grants.covers(privilege, schema));
  if (unseen.length > 0) {
    const what = `the user lacks ${unseen.join(', ')} on all that the route ${schema}.${table} may take: tables that are hidden from it would be replicated without having been checked`;
    return [problem('error', 'route-unseen', what, `GRANT ${toRead.join(', ')} ON ${server.grants.objectOf(schema)} TO ${server.account}`)];
  }
  if (hasTable(route, tables)) return [];
  return [problem('warning', 'route-empty', `no table matches the route ${schema}.${table}`, 'create the table, or correct the route')];
}

function checkTable(table: TargetTable, server: ServerFacts): readonly Problem[] {
  const name = tableName(table);
  const problems: Problem[] = [];
  if (!isTransactional(table)) {
    problems.push(
      problem(
        'error',
        'table-engine',
        `${name} is ${table.engine}: its changes leave the transaction`,
        `ALTER TABLE ${quoteTable(table)} ENGINE = InnoDB`,
      ),
    );
  }
  const foreign = refusedColumns(table, server).map((column) => `${column.name} (${column.why})`);
  if (foreign.length > 0) {
    problems.push(
      problem(
        'error',
        'table-column-type',
        `${name}: columns that cannot be replicated: ${foreign.join('; ')}`,
        'exclude the table, or change these columns (an index over an expression: drop it)',
      ),
    );
  }
  if (ownKeyed(table).primaryKey.length === 0) {
    problems.push(
      problem(
        'warning',
        'table-no-key',
        `${name} has no primary key: each change reads the whole target table`,
        `ALTER TABLE ${quoteTable(table)} ADD PRIMARY KEY (…)`,
      ),
    );
  }
  if (table.triggers > (table.toolTriggers ?? 0))
    problems.push(
      problem(
        'warning',
        'table-triggers',
        `${name} has triggers: what they write to routed tables arrives as rows, so the same triggers at the target must do nothing where @lutra_apply = 1`,
        null,
      ),
    );
  return [...problems, ...table.foreignKeys.flatMap((key) => checkForeignKey(table, key, server))];
}

/**
 * Seen on 8.0.15, 9.7 and MariaDB 11.4: what a key does to children is in the binlog only where the server enforces keys in SQL (9.7's
 * default). There each child comes before its parent but also before its own children, which the target's keys then have deleted already.
 */
function checkForeignKey(table: TargetTable, key: ForeignKey, server: ServerFacts): readonly Problem[] {
  const acts = (rule: string): boolean => rule === 'CASCADE' || rule === 'SET NULL' || rule === 'SET DEFAULT';
  if (!acts(key.onDelete) && !acts(key.onUpdate)) return [];
  const what = `${tableName(table)}: foreign key ${key.name} (ON DELETE ${key.onDelete}, ON UPDATE ${key.onUpdate})`;
  if (!logsCascades(server)) {
    return [
      problem('warning', 'table-cascade', `${what}: what it does to rows is not in the binlog: the target must have the same key`, null),
    ];
  }
  const fix = 'in my.cnf: [mysqld] innodb_native_foreign_keys = ON; then restart. Or have no such foreign key at the target';
  const problems: Problem[] = [];
  if (key.onDelete === 'CASCADE' && (key.self || table.referenced)) {
    const stops = 'this server logs a chain of deletions from the middle, so deleting a parent with grandchildren will stop the pipeline';
    problems.push(problem('error', 'table-cascade-chain', `${what}: ${stops} (ROW_CONFLICT)`, fix));
  }
  if (acts(key.onUpdate)) {
    const stops = "this server logs the changed children before their parent, so an UPDATE of the parent's key will stop the pipeline";
    problems.push(problem('warning', 'table-cascade', `${what}: ${stops} (ROW_CONFLICT)`, fix));
  }
  return problems;
}

/** MariaDB's history rows would arrive as rows. */
async function checkVersioned(queries: Queries, isRouted: (table: TableName) => boolean): Promise<readonly Problem[]> {
  const rows = await queries.query(
    "SELECT TABLE_SCHEMA AS db, TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_TYPE = 'SYSTEM VERSIONED'",
  );
  return rows
    .map((row) => ({ database: textOf(row, 'db'), name: textOf(row, 'name') }))
    .filter(isRouted)
    .flatMap((table) =>
      ofTable(table, [
        problem(
          'error',
          'table-versioned',
          `${tableName(table)} is system-versioned`,
          `ALTER TABLE ${quoteTable(table)} DROP SYSTEM VERSIONING, or take it out of the route`,
        ),
      ]),
    );
}
