/** What an operator wants to see of a table that differs: the rows that only one server has, and the conflicts that were decided there. */
import type { Side } from '../harness/index.js';
import type { Field } from './field.js';
import { quoted } from './table.js';

type Where = Side | 'replica';

const most = 4;
const width = 500;

/** Rows of each server that another one lacks, as it shows them. */
export async function oddRows(
  field: Field,
  where: readonly Where[],
  of: { readonly database: string; readonly table: string },
): Promise<string[]> {
  const all = await Promise.all(
    where.map(async (one) => {
      const rows = await field.rows(one, `SELECT * FROM ${quoted(of.database)}.${quoted(of.table)}`).catch(() => []);
      return rows.map((row) => JSON.stringify(row));
    }),
  );
  return where.flatMap((one, index) => {
    const others = all.filter((_, other) => other !== index);
    const odd = (all[index] ?? []).filter((row) => others.some((rows) => !rows.includes(row)));
    return odd.slice(0, most).map((row) => `  ${one.padEnd(7)} has ${row.slice(0, width)}`);
  });
}

export async function conflictsOn(
  field: Field,
  where: readonly Side[],
  of: { readonly database: string; readonly table: string },
): Promise<string[]> {
  const sql = `SELECT id, row_key, type, policy, winner, final, op FROM lutra.conflict
    WHERE database_name = '${of.database}' AND table_name = '${of.table}' ORDER BY id DESC LIMIT 8`;
  const lines = await Promise.all(
    where.map(async (one) => (await field.rows(one, sql)).map((row) => `  conflict at ${one}: ${JSON.stringify(row)}`).toReversed()),
  );
  return lines.flat();
}
