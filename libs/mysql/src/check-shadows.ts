/** Tables of a source that are called as online tools call theirs: their rows are not carried, though a route takes them. */
import { createRouter, shadowName, tableName } from '@lutra/model';
import type { FollowedRoute, TableName } from '@lutra/model';
import { ofTable, problem } from './problem.js';
import type { Problem } from './problem.js';
import { textOf } from './server-facts.js';
import type { Queries } from './session-options.js';

export async function checkShadows(queries: Queries, routes: readonly FollowedRoute[]): Promise<readonly Problem[]> {
  const followed = createRouter(routes);
  const plain = createRouter(routes.map((route) => ({ ...route, shadows: undefined })));
  const rows = await queries.query(
    "SELECT TABLE_SCHEMA AS db, TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_TYPE = 'BASE TABLE' ORDER BY 1, 2",
  );
  return rows
    .map((row) => ({ database: textOf(row, 'db'), name: textOf(row, 'name') }))
    .filter((table) => plain(table) !== null && followed(table) === null)
    .flatMap((table) => ofTable(table, [shadowed(table)]));
}

function shadowed(table: TableName): Problem {
  const of = { ...table, name: shadowName(table.name)?.of ?? table.name };
  const what = `${tableName(table)} has the name of a table that an online tool makes for ${tableName(of)}: its rows are not replicated`;
  const own = `{"schema": "${table.database}", "table": "${table.name}"}`;
  const fix = `if a tool has left it: DROP TABLE it, if nobody needs it. If it is an ordinary table: name it in a route of its own, ${own}, or rename it`;
  return problem('warning', 'table-shadow', what, fix);
}
