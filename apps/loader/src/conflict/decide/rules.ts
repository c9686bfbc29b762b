/** Which rule of the channel a table at the target has, and who has the last word. Pure. */
import { createRuleFinder } from '@lutra/model';
import type { ConflictRule, ConflictsDocument, TableName } from '@lutra/model';

/** What this pipeline is in its channel. */
export interface RuleBook {
  /** The target is in the home region: its decisions are final. */
  readonly targetIsHome: boolean;
  readonly sourceIsHome: boolean;
  ruleOf(table: TableName): ConflictRule;
}

export function ruleBook({ home, rules }: ConflictsDocument, regions: { readonly source: string; readonly target: string }): RuleBook {
  return { targetIsHome: home === regions.target, sourceIsHome: home === regions.source, ruleOf: createRuleFinder(rules) };
}
