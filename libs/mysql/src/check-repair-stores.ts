/**
 * Whether rows can be compared and repaired at a target: the tables of level 2 as schemas/lutra.sql makes them, also the columns that it
 * adds to a table of before. Replication needs nothing of it, so each is a warning.
 */
import { problem } from './problem.js';
import type { Problem } from './problem.js';
import { textOf } from './server-facts.js';
import type { ServerFacts } from './server-facts.js';
import type { Queries } from './session-options.js';

interface Store {
  readonly name: 'unequal' | 'difference' | 'conflict';
  /** None: another check asks for them. */
  readonly rights: readonly string[];
  /** Those that an earlier script did not make. */
  readonly columns: Readonly<Record<string, string>>;
}

const written = ['SELECT', 'INSERT', 'UPDATE'] as const;
const stores: readonly Store[] = [
  { name: 'unequal', rights: written, columns: {} },
  {
    name: 'difference',
    rights: [...written, 'DELETE'],
    columns: { problem: 'VARCHAR(1000) NULL DEFAULT NULL' },
  },
  {
    name: 'conflict',
    rights: [],
    columns: {
      request: 'VARCHAR(36) CHARACTER SET ascii COLLATE ascii_bin NULL DEFAULT NULL',
      reason: 'VARCHAR(1200) NULL DEFAULT NULL',
    },
  },
];
const unrepaired = 'nothing is repaired here, and no restart is followed by a repair';

export async function checkRepairStores(queries: Queries, server: ServerFacts): Promise<readonly Problem[]> {
  const of = "TABLE_SCHEMA = 'lutra' AND TABLE_NAME IN ('unequal', 'difference', 'conflict')";
  const tables = await queries.query(`SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE ${of}`);
  const columns = await queries.query(`SELECT TABLE_NAME AS name, COLUMN_NAME AS part FROM information_schema.COLUMNS WHERE ${of}`);
  const known = new Set(tables.map((row) => textOf(row, 'name')));
  const parts = new Set(columns.map((row) => `${textOf(row, 'name')}.${textOf(row, 'part')}`));
  return stores.flatMap((store) => (known.has(store.name) ? problemsOf(server, store, parts) : missing(server, store)));
}

/** lutra.conflict is asked for where conflicts are looked for. */
function missing(server: ServerFacts, { name, rights }: Store): readonly Problem[] {
  if (rights.length === 0) return [];
  const fix = `run schemas/lutra.sql on this server as an administrator; ${grant(server, name, rights)}`;
  return [warning(`lutra.${name} does not exist, or the user may not see it: ${unrepaired}`, fix)];
}

function problemsOf(server: ServerFacts, { name, rights, columns }: Store, parts: ReadonlySet<string>): readonly Problem[] {
  const table = { database: 'lutra', name };
  const denied = server.grants.missing(rights, table);
  // What is hidden would look like what is missing.
  const lacking = server.grants.has('SELECT', table) ? Object.entries(columns).filter(([column]) => !parts.has(`${name}.${column}`)) : [];
  const added = lacking.map(([column, type]) => `ADD COLUMN ${column} ${type}`).join(', ');
  const names = lacking.map(([column]) => column).join(', ');
  return [
    ...(denied.length === 0
      ? []
      : [warning(`the user lacks ${denied.join(', ')} on lutra.${name}: ${unrepaired}`, grant(server, name, rights))]),
    ...(lacking.length === 0 ? [] : [warning(`lutra.${name} lacks ${names}: ${unrepaired}`, `ALTER TABLE lutra.${name} ${added}`)]),
  ];
}

function grant({ account }: ServerFacts, name: string, rights: readonly string[]): string {
  return `GRANT ${rights.join(', ')} ON lutra.${name} TO ${account}`;
}

function warning(what: string, fix: string): Problem {
  return problem('warning', 'repair-stores', what, fix);
}
