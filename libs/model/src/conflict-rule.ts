/** Which rule of a channel decides about a table at the target. Pure. */
import type { ConflictPolicy, ConflictRule } from './config.js';
import { createRouter } from './route.js';
import type { TableName } from './route.js';

/** Of a table that no rule takes: nobody decides for the users what may be lost. */
export const stopRule: ConflictRule = { schema: '*', table: '*', policy: 'stop', columns: {}, sameColumn: 'home', deletes: 'lose' };

/** The first rule that matches. */
export function createRuleFinder(rules: readonly ConflictRule[]): (target: TableName) => ConflictRule {
  const compiled = rules.map((rule) => ({ rule, takes: createRouter([{ schema: rule.schema, table: rule.table }]) }));
  return (target) => compiled.find(({ takes }) => takes(target) !== null)?.rule ?? stopRule;
}

/** What a policy is, for all that must know: the rules of a channel, the checks, the loader. */
export interface PolicyTraits {
  /** `no`: it stops. `by itself`: nothing is sent back. `with home`: the sides may differ until home has had the last word. */
  readonly decides: 'no' | 'by itself' | 'with home';
  /** It uses `columns` and `sameColumn` of the rule. */
  readonly merges: boolean;
  /** `deletes` of the rule counts. */
  readonly weighsDeletes: boolean;
  /** The version column says who wins: of rows always, or, only through `sameColumn`, of columns that both sides changed. */
  readonly version: 'never' | 'of rows' | 'of columns';
}

const fixed = { merges: false, weighsDeletes: false, version: 'never' } as const;

/** A new policy does not compile without its entry here, and its case in the loader's policy.ts. */
export const policyTraits: Readonly<Record<ConflictPolicy, PolicyTraits>> = {
  stop: { decides: 'no', ...fixed },
  home: { decides: 'with home', ...fixed },
  latest: { decides: 'with home', merges: false, weighsDeletes: true, version: 'of rows' },
  merge: { decides: 'with home', merges: true, weighsDeletes: true, version: 'of columns' },
  overwrite: { decides: 'by itself', ...fixed },
  ignore: { decides: 'by itself', ...fixed },
};

/** Its decisions differ from side to side until one of them has the last word. */
export function needsHome({ policy }: Pick<ConflictRule, 'policy'>): boolean {
  return policyTraits[policy].decides === 'with home';
}

/** For tables that flow one way only: each of two sides would end with another version. */
export function isOneWay({ policy }: Pick<ConflictRule, 'policy'>): boolean {
  return policyTraits[policy].decides === 'by itself';
}

/** Who wins is told by a version column. */
export function goesByVersion({ policy, sameColumn }: Pick<ConflictRule, 'policy' | 'sameColumn'>): boolean {
  const { version } = policyTraits[policy];
  return version === 'of rows' || (version === 'of columns' && sameColumn === 'latest');
}
