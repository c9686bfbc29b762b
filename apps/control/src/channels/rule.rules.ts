/** What must hold for one conflict rule by itself: what its policy needs, and what has no effect with it. Pure; returns every problem. */
import { conflictPolicies, policyTraits, unusedFields, usesField } from '@lutra/model';
import type { ConflictRule, RuleField } from '@lutra/model';
import type { Problem } from '../configuration/problem.js';

/** What a policy that goes by the field cannot do without; null: it has a default. */
const needed: Readonly<Record<RuleField, Pick<Problem, 'id' | 'what' | 'fix'> | null>> = {
  version: {
    id: 'version-missing',
    what: 'the column whose greater value wins',
    fix: 'Name a column of the tables that every write raises, for instance "version": "updated_at".',
  },
  columns: null,
  sameColumn: null,
  deletes: null,
};

/** @param name of the rule, for messages */
export function ruleProblems(rule: ConflictRule, name: string): readonly Problem[] {
  return [...missingProblems(rule, name), ...unusedProblems(rule, name)];
}

function missingProblems(rule: ConflictRule, name: string): readonly Problem[] {
  const { policy } = rule;
  return (Object.keys(needed) as readonly RuleField[]).flatMap((field): readonly Problem[] => {
    const need = needed[field];
    if (need === null || rule[field] !== undefined || !usesField(rule, field)) return [];
    const by = policyTraits[policy].uses.includes('sameColumn') ? `sameColumn ${rule.sameColumn}` : `policy ${policy}`;
    return [{ id: need.id, severity: 'error', what: `${name}: ${by} needs ${field}: ${need.what}`, fix: need.fix }];
  });
}

function unusedProblems(rule: ConflictRule, name: string): readonly Problem[] {
  const { policy } = rule;
  const problems: Problem[] = [];
  const unused = unusedFields(rule);
  if (unused.includes('columns')) {
    const merging = conflictPolicies.filter((each) => policyTraits[each].uses.includes('columns')).join(' or ');
    const what = `${name}: columns are merged by policy ${merging} only; this is ${policy}`;
    problems.push({ id: 'columns-without-merge', severity: 'error', what, fix: `Make it "policy": "${merging}", or take columns out.` });
  }
  const idle = unused.filter((field) => field !== 'columns');
  if (idle.length > 0) {
    const what = `${name}: ${idle.join(', ')} ${idle.length === 1 ? 'has' : 'have'} no effect with policy ${policy}`;
    problems.push({ id: 'rule-field-unused', severity: 'warning', what, fix: `Take ${idle.join(', ')} out, or choose another policy.` });
  }
  return problems;
}
