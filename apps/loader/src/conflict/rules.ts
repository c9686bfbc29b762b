/** Which rule of the channel a table at the target has, and who has the last word. Pure. */
import { createRouter } from '@lutra/model';
import type { ConflictRule, ConflictsDocument, TableName } from '@lutra/model';

/** What this pipeline is in its channel. */
export interface Role {
  /** The target is in the home region: its decisions are final. */
  readonly targetIsHome: boolean;
  readonly sourceIsHome: boolean;
}

export interface RuleBook extends Role {
  ruleOf(table: TableName): ConflictRule;
}

/** A table that no rule takes: nobody decides for the users what may be lost. */
export const stopRule: ConflictRule = { schema: '*', table: '*', policy: 'stop', columns: {}, sameColumn: 'home', deletes: 'lose' };

export function ruleBook(conflicts: ConflictsDocument, regions: { readonly source: string; readonly target: string }): RuleBook {
  const rules = conflicts.rules.map((rule) => ({ rule, takes: createRouter([{ schema: rule.schema, table: rule.table }]) }));
  return {
    targetIsHome: conflicts.home === regions.target,
    sourceIsHome: conflicts.home === regions.source,
    ruleOf: (table) => rules.find(({ takes }) => takes(table) !== null)?.rule ?? stopRule,
  };
}
