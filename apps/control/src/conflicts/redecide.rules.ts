/** What a new decision would undo, for the person who must want it. Pure. */
import type { Row } from '@lutra/model';
import { sameValue } from '@lutra/mysql';
import type { RowPlan } from '@lutra/mysql';
import type { Problem } from '../configuration/problem.js';
import { isSame } from './conflict-versions.js';
import type { ConflictEntry } from './conflict.schemas.js';

const fix = 'Look at the row (GET this conflict); say "force": true if the version that you name is to replace what is there now.';

export function redecideProblems(
  { final, transaction }: Pick<ConflictEntry, 'final' | 'transaction'>,
  plan: RowPlan,
  rows: { readonly current: Row | null; readonly result: Row | null },
): readonly Problem[] {
  const problems: Problem[] = [];
  if (!isSame(plan, rows.current, rows.result)) {
    const what = `the row is no longer what the decision left: ${changeOf(plan, rows)}; that change would be lost in all regions`;
    problems.push({ id: 'row-changed', severity: 'error', what, fix });
  }
  if (!final) {
    const what = `this decision was not final: the home region decides about the transaction of ${transaction.origin} by itself, and what is written here may meet that decision and lose`;
    problems.push({ id: 'not-final', severity: 'error', what, fix: `Decide anew at the target in the home region. Or: ${fix}` });
  }
  return problems;
}

/** Names of columns, no values. */
function changeOf(plan: RowPlan, { current, result }: { readonly current: Row | null; readonly result: Row | null }): string {
  if (current === null) return 'it is gone';
  if (result === null) return 'it is there again';
  const columns = plan.table.columns.filter(({ name }) => !sameValue(plan, name, current[name], result[name]));
  return `it differs in ${columns.map(({ name }) => name).join(', ')}`;
}
