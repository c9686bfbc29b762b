/** What must hold for one conflict rule by itself: what its policy needs, and what has no effect with it. Pure; returns every problem. */
import { goesByVersion, policyTraits } from '@lutra/model';
import type { ConflictRule } from '@lutra/model';
import type { Problem } from '../configuration/problem.js';

/** @param name of the rule, for messages */
export function ruleProblems(rule: ConflictRule, name: string): readonly Problem[] {
  const { policy, version } = rule;
  const problems: Problem[] = [];
  if (goesByVersion(rule) && version === undefined) {
    const what = `${name}: ${policy === 'latest' ? 'policy latest' : 'sameColumn latest'} needs version: the column whose greater value wins`;
    const fix = 'Name a column of the tables that every write raises, for instance "version": "updated_at".';
    problems.push({ id: 'version-missing', severity: 'error', what, fix });
  }
  if (!policyTraits[policy].merges && Object.keys(rule.columns).length > 0) {
    const what = `${name}: columns are merged by policy merge only; this is ${policy}`;
    problems.push({ id: 'columns-without-merge', severity: 'error', what, fix: 'Make it "policy": "merge", or take columns out.' });
  }
  const idle = idleFields(rule);
  if (idle.length > 0) {
    const what = `${name}: ${idle.join(', ')} ${idle.length === 1 ? 'has' : 'have'} no effect with policy ${policy}`;
    problems.push({ id: 'rule-field-unused', severity: 'warning', what, fix: `Take ${idle.join(', ')} out, or choose another policy.` });
  }
  return problems;
}

/** Those that somebody must have set: a default says nothing. */
function idleFields(rule: ConflictRule): readonly string[] {
  const { version, sameColumn, deletes } = rule;
  const { merges, weighsDeletes } = policyTraits[rule.policy];
  return [
    ...(version !== undefined && !goesByVersion(rule) ? ['version'] : []),
    ...(sameColumn === 'latest' && !merges ? ['sameColumn'] : []),
    ...(deletes === 'win' && !weighsDeletes ? ['deletes'] : []),
  ];
}
