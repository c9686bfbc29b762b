/** Which rule of a channel decides about a table at the target. Pure. */
import { conflictRuleSchema } from './conflict-policy.js';
import type { ConflictRule } from './conflict-policy.js';
import { createRouter } from './route.js';
import type { TableName } from './route.js';

/** Of a table that no rule takes: nobody decides for the users what may be lost. */
export const stopRule: ConflictRule = conflictRuleSchema.parse({ policy: 'stop' });

/** The first rule that matches. */
export function createRuleFinder(rules: readonly ConflictRule[]): (target: TableName) => ConflictRule {
  const compiled = rules.map((rule) => ({ rule, takes: createRouter([{ schema: rule.schema, table: rule.table }]) }));
  return (target) => compiled.find(({ takes }) => takes(target) !== null)?.rule ?? stopRule;
}
