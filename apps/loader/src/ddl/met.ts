/** Whether a target shows already what a schema change does, so that nothing is left to be done. Decision 0034, rule 15. */
import type { DdlRecord } from '@lutra/model';
import { hasRows, isGone, isThere, showsClauses } from '@lutra/mysql';
import type { Queries } from '@lutra/mysql';
import type { DdlPlan } from './carry-out.js';

/** @throws SyncError TARGET_* */
export async function showsAll(
  queries: Queries,
  { record, plan: { tables }, bothWays }: { readonly record: DdlRecord; readonly plan: DdlPlan; readonly bothWays: boolean },
): Promise<boolean> {
  const [table] = tables;
  if (!table) return false;
  if (record.clauses !== null) return showsClauses(queries, table, record.clauses);
  if (/^DROP (?:TABLE|DATABASE)$/.test(record.statement)) return !(await inOrder(tables, (each) => isGone(queries, each))).includes(false);
  const found = await inOrder(tables, (each) => isThere(queries, each));
  if (!/^CREATE (?:TABLE|DATABASE)$/.test(record.statement) || found.includes(false)) return false;
  // At the source it was new, so it was empty. What is here and has rows is another table; both ways, one that was made here as well,
  // whose rows go to the source.
  const mayHaveRows = record.statement === 'CREATE DATABASE' || mayExist(record) || bothWays;
  return mayHaveRows || !(await hasRows(queries, table));
}

/** It was written so that it may be there. */
function mayExist({ sql, tables }: DdlRecord): boolean {
  return /\bif\s+not\s+exists\b/i.test(sql.slice(0, Math.min(...tables.map(({ offset }) => offset))));
}

async function inOrder<T, R>(all: readonly T[], work: (each: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = [];
  for (const each of all) results.push(await work(each));
  return results;
}
