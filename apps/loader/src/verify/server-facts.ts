/** What a verification asks a server beside its rows. */
import { reservedSchemas } from '@lutra/model';
import type { TableName } from '@lutra/model';
import { quoteText } from '@lutra/mysql';
import type { NumberSeries, Queries, ResultRow } from '@lutra/mysql';
import type { BinlogEnd } from './crossing.js';

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

/** All that is visible to a read before it stands before this position. */
export async function readEnd(queries: Queries): Promise<BinlogEnd> {
  const [row] = await queries.query('SELECT VERSION() AS version');
  const version = textIn(row, 'version');
  const isMariadb = /mariadb/i.test(version);
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isNew = !isMariadb && (major > 8 || (major === 8 && minor >= 2));
  const [end] = await queries.query(isNew ? 'SHOW BINARY LOG STATUS' : 'SHOW MASTER STATUS');
  const [server] = isMariadb ? [] : await queries.query('SELECT @@server_uuid AS uuid');
  return { file: textIn(end, 'File'), pos: Number(textIn(end, 'Position')), server: isMariadb ? null : textIn(server, 'uuid') };
}

export async function readNumbers(queries: Queries): Promise<NumberSeries> {
  const [row] = await queries.query('SELECT @@GLOBAL.auto_increment_increment AS step, @@GLOBAL.auto_increment_offset AS start');
  return { step: Number(textIn(row, 'step')), offset: Number(textIn(row, 'start')) };
}
