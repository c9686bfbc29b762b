/** Which rule of a channel decides about a table at the target. Pure. */
import type { ConflictRule } from './config.js';
import { createRouter } from './route.js';
import type { TableName } from './route.js';

/** Of a table that no rule takes: nobody decides for the users what may be lost. */
export const stopRule: ConflictRule = { schema: '*', table: '*', policy: 'stop', columns: {}, sameColumn: 'home', deletes: 'lose' };

/** The first rule that matches. */
export function createRuleFinder(rules: readonly ConflictRule[]): (target: TableName) => ConflictRule {
  const compiled = rules.map((rule) => ({ rule, takes: createRouter([{ schema: rule.schema, table: rule.table }]) }));
  return (target) => compiled.find(({ takes }) => takes(target) !== null)?.rule ?? stopRule;
}

/** Who wins is told by a version column. */
export function goesByVersion({ policy, sameColumn }: Pick<ConflictRule, 'policy' | 'sameColumn'>): boolean {
  return policy === 'latest' || (policy === 'merge' && sameColumn === 'latest');
}
