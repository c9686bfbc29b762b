/** What a verification asks a server beside its rows. */
import { reservedSchemas } from '@lutra/model';
import type { TableName } from '@lutra/model';
import { quoteText } from '@lutra/mysql';
import type { NumberSeries, Queries, ResultRow } from '@lutra/mysql';

function textIn(row: ResultRow | undefined, name: string): string {
  const value = row?.[name] ?? '';
  return Buffer.isBuffer(value) ? value.toString('utf8') : String(value);
}

/** That the user may see. */
export async function baseTables(queries: Queries): Promise<readonly TableName[]> {
  const reserved = reservedSchemas.map(quoteText).join(', ');
  const rows = await queries.query(
    `SELECT TABLE_SCHEMA AS db, TABLE_NAME AS tbl FROM information_schema.TABLES WHERE TABLE_TYPE = 'BASE TABLE' AND TABLE_SCHEMA NOT IN (${reserved}) ORDER BY TABLE_SCHEMA, TABLE_NAME`,
  );
  return rows.map((row) => ({ database: textIn(row, 'db'), name: textIn(row, 'tbl') }));
}

export async function readNumbers(queries: Queries): Promise<NumberSeries> {
  const [row] = await queries.query('SELECT @@GLOBAL.auto_increment_increment AS step, @@GLOBAL.auto_increment_offset AS start');
  return { step: Number(textIn(row, 'step')), offset: Number(textIn(row, 'start')) };
}
