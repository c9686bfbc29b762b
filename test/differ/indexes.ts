/**
 * What a server's indexes say against what a scan says. An index over a virtual column or an expression holds what was computed when the
 * row was written: a target that computes otherwise has another index than the source, though a scan finds equal rows.
 */
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { type ColumnInfo, digestOf, rowText } from '../harness/row-text.js';
import { quoted } from './table.js';

interface Part extends RowDataPacket {
  readonly name: string;
  readonly columnName: string | null;
  readonly type: string | null;
  readonly length: number | null;
  readonly expression: string | null;
}

/** One text for each index: two servers with equal texts find the same rows by it. */
export async function indexTexts(connection: Connection, database: string, table: string): Promise<Map<string, string>> {
  const [parts] = await connection.query<Part[]>(
    `SELECT s.INDEX_NAME name, s.COLUMN_NAME columnName, LOWER(c.DATA_TYPE) type, s.SUB_PART length, s.EXPRESSION expression
     FROM information_schema.STATISTICS s LEFT JOIN information_schema.COLUMNS c
       ON c.TABLE_SCHEMA = s.TABLE_SCHEMA AND c.TABLE_NAME = s.TABLE_NAME AND c.COLUMN_NAME = s.COLUMN_NAME
     WHERE s.TABLE_SCHEMA = ? AND s.TABLE_NAME = ? AND s.INDEX_NAME <> 'PRIMARY' AND s.INDEX_TYPE = 'BTREE' ORDER BY s.INDEX_NAME, s.SEQ_IN_INDEX`,
    [database, table],
  );
  const texts = new Map<string, string>();
  for (const [name, own] of Map.groupBy(parts, (part) => part.name)) {
    const sql = own.every(({ columnName, length }) => columnName !== null && length === null) ? covered(own) : byExpression(own);
    if (sql === undefined) continue;
    texts.set(name, await answer(connection, sql(`${quoted(database)}.${quoted(table)}`, quoted(name))));
  }
  return texts;
}

type Sql = (table: string, index: string) => string;

/** Read from the index alone. */
function covered(parts: readonly Part[]): Sql {
  const columns: ColumnInfo[] = parts.map((part) => ({ name: part.columnName ?? '', type: part.type ?? '', inKey: true }));
  const d = `SUM(CAST(CONV(SUBSTRING(${digestOf(rowText(columns))}, 1, 12), 16, 10) AS UNSIGNED))`;
  return (table, index) =>
    `SELECT CONCAT(COUNT(*), ' ', COALESCE(${d}, 0)) AS text FROM ${table} FORCE INDEX (${index}) WHERE ${quoted(columns[0]?.name ?? '')} IS NOT NULL OR 1`;
}

/** Looked up by each value that the scan shows. */
function byExpression(parts: readonly Part[]): Sql | undefined {
  const [first] = parts;
  const expression = first?.expression?.replaceAll("\\'", "'");
  if (!expression || parts.length > 1) return undefined;
  return (table, index) =>
    `SELECT COALESCE(SUM(n), 0) AS text FROM (SELECT DISTINCT (${expression}) AS v FROM ${table} IGNORE INDEX (${index})) s,
     LATERAL (SELECT COUNT(*) AS n FROM ${table} FORCE INDEX (${index}) WHERE (${expression}) = s.v) f`;
}

async function answer(connection: Connection, sql: string): Promise<string> {
  try {
    const [[row]] = await connection.query<RowDataPacket[]>(sql);
    return String(row?.['text']);
  } catch (error) {
    return `error ${(error as { errno?: number }).errno}`;
  }
}
