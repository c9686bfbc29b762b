/** Whether the target shows what a schema change does: there is nothing left to be done. Decision 0034, rule 15. */
import type { DdlClause, DdlRecord } from '@lutra/model';
import { hasRows, isGone, isThere, showsClauses } from '@lutra/mysql';
import type { Queries } from '@lutra/mysql';
import type { DdlPlan } from './carry-out.js';
import { mayExist } from './record-facts.js';

/** @throws SyncError TARGET_* */
export async function isMet(queries: Queries, record: DdlRecord, { tables, parts }: DdlPlan, bothWays: boolean): Promise<boolean> {
  const [table] = tables;
  if (!table) return false;
  const clauses = parts ? allOf(parts.map((part) => part.record.clauses)) : record.clauses;
  if (clauses !== null) return showsClauses(queries, table, clauses);
  if (parts) return false;
  if (/^DROP (?:TABLE|DATABASE)$/.test(record.statement)) return !(await inOrder(tables, (each) => isGone(queries, each))).includes(false);
  const found = await inOrder(tables, (each) => isThere(queries, each));
  if (!/^CREATE (?:TABLE|DATABASE)$/.test(record.statement) || found.includes(false)) return false;
  // At the source it was new, so it was empty. What is here and has rows is another table; both ways, one that was made here as well,
  // whose rows go to the source.
  const mayHaveRows = record.statement === 'CREATE DATABASE' || mayExist(record) || bothWays;
  return mayHaveRows || !(await hasRows(queries, table));
}

/** Null: one of them does something else too. */
function allOf(each: readonly (readonly DdlClause[] | null)[]): readonly DdlClause[] | null {
  return each.includes(null) ? null : each.flatMap((clauses) => clauses ?? []);
}

async function inOrder<T, R>(all: readonly T[], work: (each: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = [];
  for (const each of all) results.push(await work(each));
  return results;
}
