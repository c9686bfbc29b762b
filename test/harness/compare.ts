/**
 * Are two servers' tables equal, row by row and byte by byte? First each server sums a 128-bit digest over all rows of a table: equal sums
 * and counts are equal tables (equal rows in a table without key count as often as they are there). Only where they differ are the rows
 * themselves read, as two streams in the order of a digest of the key, so that neither collations nor memory matter. Both sides must be
 * quiet.
 */
import { createConnection, type Connection, type ConnectionOptions, type RowDataPacket } from 'mysql2/promise';
import { type ColumnInfo, differingColumns, digestOf, keyText, nameText, rowText } from './row-text.js';
import { rowsOf, type StoredRow } from './row-stream.js';

export interface Difference {
  readonly table: string;
  readonly kind: 'missing on a' | 'missing on b' | 'different' | 'table missing on a' | 'table missing on b' | 'columns differ';
  /** `id=7`; empty where a whole table is meant. In a table without key, the row's digest. */
  readonly key: string;
  /** Where kind is `different`: which columns. */
  readonly columns: readonly string[];
}

export interface Comparison {
  readonly tables: number;
  /** On side a. */
  readonly rows: number;
  /** The first ones of each table. */
  readonly differences: readonly Difference[];
  /** All of them. */
  readonly differing: number;
}

export interface CompareOptions {
  readonly a: ConnectionOptions;
  readonly b: ConnectionOptions;
  readonly databases: readonly string[];
  /** How many differences of a table are told. */
  readonly most?: number;
}

interface Pair<T> {
  readonly a: T;
  readonly b: T;
}

interface TableComparison {
  readonly rows: number;
  readonly differences: readonly Difference[];
  readonly differing: number;
}

export async function compareDatabases({ a, b, databases, most = 20 }: CompareOptions): Promise<Comparison> {
  const connections = { a: await open(a), b: await open(b) };
  try {
    const results: TableComparison[] = [];
    for (const database of databases) {
      const names = { a: await tableNames(connections.a, database), b: await tableNames(connections.b, database) };
      for (const name of [...new Set([...names.a, ...names.b])].sort()) {
        const absent = names.a.includes(name) ? (names.b.includes(name) ? undefined : 'b') : 'a';
        const table = { database, name };
        results.push(
          absent
            ? only({ table: text(table), kind: `table missing on ${absent}`, key: '', columns: [] })
            : await compareTable(connections, table, { at: { a, b }, most }),
        );
      }
    }
    return {
      tables: results.length,
      rows: results.reduce((sum, { rows }) => sum + rows, 0),
      differences: results.flatMap(({ differences }) => differences),
      differing: results.reduce((sum, { differing }) => sum + differing, 0),
    };
  } finally {
    connections.a.destroy();
    connections.b.destroy();
  }
}

interface Table {
  readonly database: string;
  readonly name: string;
}

async function compareTable(
  connections: Pair<Connection>,
  table: Table,
  { at, most }: { at: Pair<ConnectionOptions>; most: number },
): Promise<TableComparison> {
  const columns = { a: await columnsOf(connections.a, table), b: await columnsOf(connections.b, table) };
  const names = (list: readonly ColumnInfo[]): string => list.map(({ name }) => name).join();
  if (names(columns.a) !== names(columns.b)) return only({ table: text(table), kind: 'columns differ', key: '', columns: [] });
  const sums = await Promise.all([digest(connections.a, table, columns.a), digest(connections.b, table, columns.b)]);
  const rows = Number(sums[0].n);
  if (sums[0].n === sums[1].n && sums[0].low === sums[1].low && sums[0].high === sums[1].high)
    return { rows, differences: [], differing: 0 };
  return {
    rows,
    ...(await walk(
      { a: rowsOf(at.a, selectRows(table, columns.a)), b: rowsOf(at.b, selectRows(table, columns.b)) },
      { table, columns: columns.a, most },
    )),
  };
}

interface Walk {
  readonly table: Table;
  readonly columns: readonly ColumnInfo[];
  readonly most: number;
}

/** Merges two streams that are in the same order. */
async function walk(streams: Pair<AsyncIterator<StoredRow>>, { table, columns, most }: Walk): Promise<Omit<TableComparison, 'rows'>> {
  const differences: Difference[] = [];
  let differing = 0;
  const tell = (kind: Difference['kind'], row: StoredRow, which: readonly string[] = []): void => {
    differing += 1;
    if (differences.length < most) differences.push({ table: text(table), kind, key: row.label, columns: which });
  };
  const next = async (side: 'a' | 'b'): Promise<StoredRow | undefined> => {
    const { done, value } = await streams[side].next();
    return done ? undefined : value;
  };
  let [a, b] = [await next('a'), await next('b')];
  while (a !== undefined || b !== undefined) {
    if (b === undefined || (a !== undefined && a.key < b.key)) {
      tell('missing on b', a as StoredRow);
      a = await next('a');
    } else if (a === undefined || b.key < a.key) {
      tell('missing on a', b);
      b = await next('b');
    } else {
      if (a.content !== b.content) tell('different', a, differingColumns(columns, a.content, b.content));
      [a, b] = [await next('a'), await next('b')];
    }
  }
  return { differences, differing };
}

function selectRows({ database, name }: Table, columns: readonly ColumnInfo[]): string {
  const key = columns.some(({ inKey }) => inKey) ? digestOf(keyText(columns)) : digestOf(rowText(columns));
  const label = columns.some(({ inKey }) => inKey) ? keyLabel(columns) : key;
  // One list of names is the same on both servers, and so is the order of hexadecimal digits.
  return `SELECT ${key} AS sort_key, ${label} AS label, ${rowText(columns)} AS content FROM ${nameText(database)}.${nameText(name)} ORDER BY sort_key`;
}

function keyLabel(columns: readonly ColumnInfo[]): string {
  const parts = columns
    .filter(({ inKey }) => inKey)
    .map(({ name }) => `CONCAT('${name.replaceAll("'", "''")}=', CONVERT(${nameText(name)} USING utf8mb4))`);
  return `CONCAT_WS(' ', ${parts.join(', ')})`;
}

interface Sums {
  readonly n: string;
  readonly low: string;
  readonly high: string;
}

async function digest(connection: Connection, { database, name }: Table, columns: readonly ColumnInfo[]): Promise<Sums> {
  // A sum and not an exclusive or: two equal rows would cancel each other out.
  const half = (from: number): string => `CAST(COALESCE(SUM(CAST(CONV(SUBSTRING(d, ${from}, 16), 16, 10) AS UNSIGNED)), 0) AS CHAR)`;
  const sql = `SELECT CAST(COUNT(*) AS CHAR) n, ${half(1)} low, ${half(17)} high FROM (SELECT ${digestOf(rowText(columns))} d FROM ${nameText(database)}.${nameText(name)}) digests`;
  const [[row]] = await connection.query<(Sums & RowDataPacket)[]>(sql);
  if (!row) throw new Error(`${database}.${name}: no answer`);
  return row;
}

async function tableNames(connection: Connection, database: string): Promise<string[]> {
  const sql = "SELECT table_name name FROM information_schema.tables WHERE table_schema = ? AND table_type = 'BASE TABLE'";
  const [rows] = await connection.query<RowDataPacket[]>(sql, [database]);
  return rows.map((row) => row['name'] as string);
}

async function columnsOf(connection: Connection, { database, name }: Table): Promise<ColumnInfo[]> {
  const sql = `SELECT column_name name, data_type type, column_key = 'PRI' inKey FROM information_schema.columns
    WHERE table_schema = ? AND table_name = ? ORDER BY ordinal_position`;
  const [rows] = await connection.query<RowDataPacket[]>(sql, [database, name]);
  return rows.map((row) => ({ name: row['name'] as string, type: (row['type'] as string).toLowerCase(), inKey: Boolean(row['inKey']) }));
}

async function open(options: ConnectionOptions): Promise<Connection> {
  const connection = await createConnection(options);
  await connection.query("SET time_zone = '+00:00'");
  return connection;
}

function only(difference: Difference): TableComparison {
  return { rows: 0, differences: [difference], differing: 1 };
}

function text({ database, name }: Table): string {
  return `${database}.${name}`;
}
