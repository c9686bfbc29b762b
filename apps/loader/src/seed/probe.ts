/**
 * Rows of the source compared with those here, at their place in the log: exact, because all that lies before it is applied, the rows are
 * locked, and what was changed here and has not come to the source yet is known. Values alone could not tell: a row that goes and comes
 * back looks the same.
 */
import { identicalRows, keyOfRow, samenessOf } from '@lutra/mysql';
import type { ApplyConnection, Difference, RowPlan } from '@lutra/mysql';
import type { Row } from '@lutra/model';
import { keyText, readRows } from '../conflict/resolve/rows.js';
import type { PreparedChunk } from './prepared-chunk.js';
import { changedOf, completed } from './watch.js';
import type { Watch } from './watch.js';

/** In an open target transaction. One for each row that came, and for each key that has none at the source. */
export async function compareRows(
  connection: Pick<ApplyConnection, 'within'>,
  chunk: PreparedChunk,
  watch: Watch | null,
): Promise<readonly Difference[]> {
  const { plan, rows, absent, seen } = chunk;
  const asked = [...rows, ...absent];
  const found = await readRows(
    connection,
    asked.map((key) => ({ plan, key, values: null })),
  );
  await completed(watch, chunk);
  const came = new Map(Array.from(rows, (row) => [keyText(plan, row), row]));
  const differences: Difference[] = [];
  for (const [i, row] of asked.entries()) {
    const here = found[i]?.existing ?? null;
    // The server may take a key that was asked for for that of a row that came: 'a' for 'A'.
    const pair = { here, there: i < rows.length ? row : ((here && came.get(keyText(plan, here))) ?? null) };
    const isChanged = changedOf(watch, row, seen) === 'primary';
    differences.push({ key: keyOfRow(plan, row), ...(await outcomeOf(plan, pair, isChanged)) });
  }
  return differences;
}

async function outcomeOf(
  plan: RowPlan,
  { here, there }: Pick<Difference, 'here' | 'there'>,
  isChanged: boolean,
): Promise<Omit<Difference, 'key'>> {
  const none = { columns: null, here: null, there: null };
  if (isChanged) return { ...none, outcome: 'in-flight' };
  if (here === null) return there === null ? { ...none, outcome: 'equal' } : { columns: null, here, there, outcome: 'missing-here' };
  if (there === null) return { columns: null, here, there, outcome: 'missing-there' };
  if (await identicalRows(plan, here, there)) return { ...none, outcome: 'equal' };
  return { columns: await differingColumns(plan, here, there), here, there, outcome: 'different' };
}

/** None where only types inside of a document differ: its text does not tell them. */
async function differingColumns(plan: RowPlan, here: Row, there: Row): Promise<readonly string[]> {
  const same = await samenessOf(plan, [here, there]);
  return plan.table.columns.flatMap(({ name }) => (same(name, here[name], there[name]) ? [] : [name]));
}
