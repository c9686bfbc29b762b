/**
 * Whether the user may do what Lutra does with a table, and see all that a check or a loader judges. What a server hides, it hides without
 * an error: a user with a right on one column sees a table of one column, and one without TRIGGER sees none. So nothing is judged by what
 * came back empty, but by what was granted.
 */
import { tableName } from '@lutra/model';
import type { TableName } from '@lutra/model';
import { quoteTable } from './literal.js';
import { problem } from './problem.js';
import type { Problem } from './problem.js';
import type { ServerFacts } from './server-facts.js';

/** What each is for, where that is not plain: MariaDB shows foreign keys to nobody who has SELECT alone, and TRIGGER is enough. */
export const toRead = ['SELECT', 'TRIGGER'];
export const toWrite = ['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRIGGER'];

/** Of a table that is there. */
export function checkPrivileges(server: ServerFacts, table: TableName, wanted: readonly string[]): readonly Problem[] {
  const missing = server.grants.missing(wanted, table);
  if (missing.length === 0) return [];
  const unseen = missing.includes('TRIGGER') ? ': its triggers cannot be seen' : '';
  const what = `the user lacks ${missing.join(', ')} on ${tableName(table)}${unseen}`;
  return [problem('error', 'table-privileges', what, `GRANT ${wanted.join(', ')} ON ${quoteTable(table)} TO ${server.account}`)];
}

/** Its columns, keys and so on are all shown. */
export function seesAll(server: ServerFacts, table: TableName): boolean {
  return server.grants.missing(toRead, table).length === 0;
}
