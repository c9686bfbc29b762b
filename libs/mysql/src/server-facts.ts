/** What kind of server it is, and its settings: read once per check. The dialect differences of the checks are here. */
import { SyncError } from '@lutra/model';
import { readGrants } from './grants.js';
import type { Grants } from './grants.js';
import { quoteText } from './literal.js';
import type { Queries, ResultRow } from './session-options.js';

export interface ServerFacts {
  readonly flavor: 'mysql' | 'mariadb';
  /** As the server says it. */
  readonly version: string;
  /** 8.0.15 → 80015 */
  readonly number: number;
  /** Global variables, names in lower case. */
  readonly variables: ReadonlyMap<string, string>;
  /** `'lutra'@'10.%'`, for GRANT statements. */
  readonly account: string;
  readonly grants: Grants;
}

export async function readServer(queries: Queries): Promise<ServerFacts> {
  const [row] = await queries.query('SELECT VERSION() AS version');
  const version = textOf(row, 'version');
  const settings = await queries.query('SHOW GLOBAL VARIABLES');
  return {
    flavor: /mariadb/i.test(version) ? 'mariadb' : 'mysql',
    version,
    number: versionNumber(version),
    variables: new Map(settings.map((setting) => [textOf(setting, 'Variable_name').toLowerCase(), textOf(setting, 'Value')])),
    account: await accountOf(queries),
    grants: await readGrants(queries),
  };
}

/** MariaDB before 11 pretended to be 5.5.5. */
function versionNumber(version: string): number {
  const [, major = 0, minor = 0, patch = 0] = /^(?:5\.5\.5-)?(\d+)\.(\d+)\.(\d+)/.exec(version) ?? [];
  return Number(major) * 10_000 + Number(minor) * 100 + Number(patch);
}

/** `'lutra'@'10.%'`, for GRANT statements. */
export async function accountOf(queries: Queries): Promise<string> {
  const [row] = await queries.query('SELECT CURRENT_USER() AS account');
  const account = textOf(row, 'account');
  const at = account.lastIndexOf('@');
  return `${quoteText(account.slice(0, at))}@${quoteText(account.slice(at + 1))}`;
}

/** Servers that enforce foreign keys in SQL log what a key does to children; InnoDB's own keys do it unseen. */
export function logsCascades(server: ServerFacts): boolean {
  return server.variables.get('innodb_native_foreign_keys') === 'OFF';
}

/** The statement that sets a global variable for good. */
export function setGlobal(server: ServerFacts, variable: string, value: string): string {
  const assignment = `${variable} = ${/^\d+$/.test(value) ? value : quoteText(value)}`;
  return server.flavor === 'mysql' ? `SET PERSIST ${assignment}` : `SET GLOBAL ${assignment} (and in the server's my.cnf: ${assignment})`;
}

export function statusStatement(server: ServerFacts): string {
  return server.flavor === 'mysql' && server.number >= 80_200 ? 'SHOW BINARY LOG STATUS' : 'SHOW MASTER STATUS';
}

export function replicasStatement(server: ServerFacts): string {
  return server.flavor === 'mysql' && server.number >= 80_022 ? 'SHOW REPLICAS' : 'SHOW SLAVE HOSTS';
}

export function replicationStatement(server: ServerFacts): string {
  if (server.flavor === 'mariadb') return 'SHOW ALL SLAVES STATUS';
  return server.number >= 80_022 ? 'SHOW REPLICA STATUS' : 'SHOW SLAVE STATUS';
}

/** The rows, or null where the user may not ask. */
export async function rowsIfAllowed(queries: Queries, sql: string): Promise<readonly ResultRow[] | null> {
  try {
    return await queries.query(sql);
  } catch (error) {
    if (error instanceof SyncError && (error.code === 'SOURCE_DENIED' || error.code === 'TARGET_DENIED')) return null;
    throw error;
  }
}

export function textOf(row: ResultRow | undefined, column: string): string {
  const value = row?.[column];
  if (value === null || value === undefined) return '';
  return Buffer.isBuffer(value) ? value.toString('utf8') : String(value);
}
