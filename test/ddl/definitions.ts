/**
 * Are the tables of a pipeline's routes the same on both sides: those that are there, how they are defined, and their rows? Both servers
 * are of one version. Nothing may be under way.
 */
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { createRouter, type Route, type Router, sourceTable, type TableName } from '@lutra/model';

export interface Ends {
  readonly source: Connection;
  readonly target: Connection;
}

export interface CompareOptions {
  readonly routes: readonly Route[];
  /** At the source. */
  readonly databases: readonly string[];
}

/** In words; none: they are equal. */
export async function differencesOf(ends: Ends, { routes, databases }: CompareOptions): Promise<readonly string[]> {
  const router = createRouter(routes);
  const here = (await tablesOf(ends.source, databases)).filter((table) => router(table) !== null);
  const targets = [...new Set([...databases, ...routes.map(({ to }) => to?.schema)])].filter((name) => name !== undefined);
  const there = (await tablesOf(ends.target, targets)).filter((table) => sourceTable(table, routes, router) !== null);
  const found = await databaseDifferences(ends, { routes, databases });
  for (const table of here) {
    const at = router(table);
    if (at === null) continue;
    if (there.some((other) => isSame(other, at))) found.push(...(await tableDifferences(ends, { table, at, router })));
    else found.push(`${text(table)}: ${text(at)} is missing at the target`);
  }
  const arrived = here.map((table) => router(table));
  const left = there.filter((table) => !arrived.some((at) => at !== null && isSame(at, table)));
  return [...found, ...left.map((table) => `${text(table)} is at the target alone`)];
}

/** Databases that are routed as a whole under their own names. */
async function databaseDifferences({ source, target }: Ends, { routes, databases }: CompareOptions): Promise<string[]> {
  const whole = databases.filter((database) => routes.some(({ schema, table, to }) => schema === database && table === '*' && !to));
  const differences = whole.map(async (database) => {
    const [here, there] = [await databaseOf(source, database), await databaseOf(target, database)];
    return here === there ? [] : [`the database ${database} is ${here ?? 'absent'} at the source, ${there ?? 'absent'} at the target`];
  });
  return (await Promise.all(differences)).flat();
}

interface Pair {
  readonly table: TableName;
  readonly at: TableName;
  readonly router: Router;
}

async function tableDifferences({ source, target }: Ends, { table, at, router }: Pair): Promise<readonly string[]> {
  const own = (name: TableName): TableName => name;
  const here = definitionOf(await shown(source, table), { of: table, name: at, mapped: (name) => router(name) ?? name });
  const there = definitionOf(await shown(target, at), { of: at, name: at, mapped: own });
  if (here !== there) return [`${text(table)} is defined as\n${here}\nand at the target\n${there}`];
  const [rows, others] = [await rowsOf(source, table), await rowsOf(target, at)];
  if (JSON.stringify(rows) === JSON.stringify(others)) return [];
  const first = rows.findIndex((row, index) => row !== others[index]);
  return [
    `${text(table)} has ${rows.length} rows, ${others.length} at the target; the first that differs is ${rows[first] ?? others.at(-1)}`,
  ];
}

interface Shown {
  readonly of: TableName;
  readonly name: TableName;
  readonly mapped: (name: TableName) => TableName;
}

/** Names of other tables in full, and as they are called at the target. How far a server has counted is its own. */
function definitionOf(printed: string, { of, name, mapped }: Shown): string {
  const named = printed
    .replace(/^CREATE TABLE `[^\n]*` \(/, `CREATE TABLE \`${name.name}\` (`)
    .replaceAll(/REFERENCES (?:`((?:[^`]|``)+)`\.)?`((?:[^`]|``)+)`/g, (_, database: string | undefined, other: string) => {
      const full = mapped({ database: database ?? of.database, name: other });
      return `REFERENCES \`${full.database}\`.\`${full.name}\``;
    });
  return named.replace(/ AUTO_INCREMENT=\d+/, '');
}

async function shown(connection: Connection, { database, name }: TableName): Promise<string> {
  const [[row]] = await connection.query<RowDataPacket[]>('SHOW CREATE TABLE ??.??', [database, name]);
  return String(row?.['Create Table']);
}

async function rowsOf(connection: Connection, { database, name }: TableName): Promise<readonly string[]> {
  const [rows] = await connection.query<RowDataPacket[]>('SELECT * FROM ??.??', [database, name]);
  return rows.map((row) => JSON.stringify(row)).toSorted();
}

async function tablesOf(connection: Connection, databases: readonly string[]): Promise<readonly TableName[]> {
  const [rows] = await connection.query<RowDataPacket[]>(
    `SELECT table_schema AS in_database, table_name AS name FROM information_schema.tables
      WHERE table_schema IN (?) AND table_type = 'BASE TABLE' ORDER BY 1, 2`,
    [databases],
  );
  return rows.map((row) => ({ database: String(row['in_database']), name: String(row['name']) }));
}

async function databaseOf(connection: Connection, database: string): Promise<string | undefined> {
  const [[row]] = await connection.query<RowDataPacket[]>(
    'SELECT default_collation_name AS collation_name FROM information_schema.schemata WHERE schema_name = ?',
    [database],
  );
  return row?.['collation_name'] as string | undefined;
}

function isSame(one: TableName, other: TableName): boolean {
  return one.database === other.database && one.name === other.name;
}

function text({ database, name }: TableName): string {
  return `${database}.${name}`;
}
