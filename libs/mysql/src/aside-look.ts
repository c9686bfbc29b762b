/** What a target is asked before it puts a table aside (RENAME): what goes along with it, and what must not. */
import type { TableName } from '@lutra/model';
import { tableName } from '@lutra/model';
import { definitionsOf } from './ddl-look.js';
import { quoteName, quoteText } from './literal.js';
import { textOf } from './server-facts.js';
import type { Queries } from './session-options.js';

/**
 * Clauses that take the constraints away which it must not keep: a foreign key would refuse what is done to its parent, and names of
 * constraints are unique in a database, so that the table which takes its place could not have them. Null: the table is not there.
 * @throws SyncError TARGET_*
 */
export async function asideDefinition(queries: Queries, table: TableName): Promise<readonly string[] | null> {
  const [definition = null] = await definitionsOf(queries, [table]);
  if (definition === null) return null;
  return [...definition.matchAll(/^ {2}CONSTRAINT `((?:[^`]|``)+)` (FOREIGN KEY|CHECK) /gm)].map(
    ([, name = '', kind = '']) => `DROP ${kind} ${quoteName(name.replaceAll('``', '`'))}`,
  );
}

/**
 * Why it cannot be put aside; null: it can. A server moves triggers, and foreign keys of others to it, with the table.
 * @throws SyncError TARGET_*
 */
export async function asideObstacles(queries: Queries, table: TableName): Promise<string | null> {
  const [database, name] = [quoteText(table.database), quoteText(table.name)];
  const [kind] = await queries.query(
    `SELECT TABLE_TYPE AS kind FROM information_schema.TABLES WHERE TABLE_SCHEMA = ${database} AND TABLE_NAME = ${name}`,
  );
  if (!kind) return null;
  if (textOf(kind, 'kind') !== 'BASE TABLE') return `${tableName(table)} is no table at the target (${textOf(kind, 'kind')})`;
  const isIt = `TABLE_SCHEMA = ${database} AND TABLE_NAME = ${name}`;
  const refers = `REFERENCED_TABLE_SCHEMA = ${database} AND REFERENCED_TABLE_NAME = ${name} AND NOT (${isIt})`;
  const children = await queries.query(
    `SELECT DISTINCT TABLE_SCHEMA AS db, TABLE_NAME AS tbl FROM information_schema.KEY_COLUMN_USAGE WHERE ${refers} LIMIT 3`,
  );
  const names = children.map((row) => tableName({ database: textOf(row, 'db'), name: textOf(row, 'tbl') }));
  if (names.length > 0) return `foreign keys of ${names.join(', ')} refer to ${tableName(table)} at the target, and would go with it`;
  const triggers = await queries.query(
    `SELECT TRIGGER_NAME AS name FROM information_schema.TRIGGERS WHERE EVENT_OBJECT_SCHEMA = ${database} AND EVENT_OBJECT_TABLE = ${name} LIMIT 1`,
  );
  return triggers[0] ? `${tableName(table)} has triggers at the target (${textOf(triggers[0], 'name')}), which would go with it` : null;
}
