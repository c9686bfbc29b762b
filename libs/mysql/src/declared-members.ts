/** What a server is asked for the members of an ENUM or SET that do not print as they are (declared-members.ts in libs/rows). */
import { textCodec } from '@lutra/model';
import { declaredValues, isOfKind, isShownAs, quoteName, quoteTable } from '@lutra/rows';
import { rowsIfAllowed, textOf } from './server-facts.js';
import type { Queries } from './session-options.js';
import type { TargetColumn, TargetTable } from './target-definition.js';

/** What is printed may stand for something else, and the server has not told what. */
export function isUntold({
  type,
  columnType,
  charset,
  members,
}: Pick<TargetColumn, 'type' | 'columnType' | 'charset' | 'members'>): boolean {
  if (!isOfKind(type, 'choice') || members || charset === null || charset === 'binary') return false;
  return textCodec(charset)?.plain === false ? /[^ -~]|\?/.test(columnType) : columnType.includes('?');
}

/** The table with the members of its ENUM and SET columns that do not print as they are, as far as its server tells them. */
export async function withMembers(queries: Queries, table: TargetTable): Promise<TargetTable> {
  if (!table.columns.some(isUntold)) return table;
  const columns: TargetColumn[] = [];
  for (const column of table.columns) {
    const members = isUntold(column) ? await storedMembers(queries, table, column) : null;
    columns.push(members ? { ...column, members } : column);
  }
  return { ...table, columns };
}

/**
 * A recursive query's column has the type of its first part, of no row: what the others put into it by numbers comes out as text. Numbers
 * double at each step, since a server limits the steps; a SET's bits do not. Null: the column was a text, or the table may not be read.
 */
async function storedMembers(queries: Queries, table: TargetTable, { name, type, columnType, charset }: TargetColumn) {
  const declared = declaredValues(columnType);
  const [start, none] = [`SELECT 0, ${quoteName(name)} FROM ${quoteTable(table)} WHERE FALSE`, 'UNION ALL SELECT 0, NULL'];
  const next =
    type === 'set'
      ? `SELECT i + 1, CAST(1 AS UNSIGNED) << i FROM m WHERE i < ${declared.length}`
      : `SELECT 2 * i + d, 2 * i + d FROM m, (SELECT 1 AS d UNION ALL SELECT 2) AS e WHERE 2 * i + d <= ${declared.length}`;
  const sql = `WITH RECURSIVE m (i, v) AS (${start} ${none} UNION ALL ${next}) SELECT HEX(v) AS member FROM m WHERE i > 0 ORDER BY i`;
  const rows = (await rowsIfAllowed(queries, sql)) ?? [];
  const members = rows.map((row) => textCodec(charset ?? '')?.decode(Buffer.from(textOf(row, 'member'), 'hex')) ?? null);
  const told = members.filter((member, i) => member !== null && (member === declared[i] || isShownAs(member, declared[i] ?? '')));
  return told.length === declared.length ? (told as readonly string[]) : null;
}
