/**
 * The conflict policies: what each of them is, for all that must know it, and what a rule says. A new policy is an entry here and one in
 * the loader's policy.ts, and does not compile without both. docs/04-conflicts.md has what they do.
 */
import { z } from 'zod';
import { patternSchema } from './name-pattern.js';

export const columnPolicies = ['delta', 'max', 'min'] as const;
export type ColumnPolicy = (typeof columnPolicies)[number];

const column = z.string().min(1).max(64);

/** What a rule says beside its tables and its policy. */
const ruleFields = {
  /** `latest`, also as `sameColumn`: the column whose greater value wins. */
  version: column.optional(),
  /** `merge`: columns whose two changes are both kept: the sum of the differences, the greater or the smaller value. */
  columns: z.record(column, z.enum(columnPolicies)).default({}),
  /** `merge`: who wins a column that both sides changed. */
  sameColumn: z.enum(['home', 'latest']).default('home'),
  /** Whether a deletion wins against a change of the same row. */
  deletes: z.enum(['win', 'lose']).default('lose'),
};
export type RuleField = keyof typeof ruleFields;

export interface PolicyTraits {
  /**
   * `nobody`: the pipeline stops. `one side`: always the same one, so that two sides would end with each other's version. `home`: its row
   * as a whole, whatever is in the two rows. `by value`: what is in the rows says it, and the sides may differ until home has had the last
   * word.
   */
  readonly winner: 'nobody' | 'one side' | 'home' | 'by value';
  /** Fields of the rule that it goes by; where `sameColumn` is one, `version` counts only if that says `latest`. */
  readonly uses: readonly RuleField[];
}

const policies = {
  stop: { winner: 'nobody', uses: [] },
  home: { winner: 'home', uses: [] },
  latest: { winner: 'by value', uses: ['version', 'deletes'] },
  merge: { winner: 'by value', uses: ['columns', 'sameColumn', 'version', 'deletes'] },
  overwrite: { winner: 'one side', uses: [] },
  ignore: { winner: 'one side', uses: [] },
} as const satisfies Readonly<Record<string, PolicyTraits>>;

/** Who wins where both sides changed a row. */
export type ConflictPolicy = keyof typeof policies;
export const conflictPolicies = Object.keys(policies) as readonly ConflictPolicy[];
/** Those that decide about tables which flow both ways. */
export type TwoWayPolicy = {
  [P in ConflictPolicy]: (typeof policies)[P]['winner'] extends 'home' | 'by value' ? P : never;
}[ConflictPolicy];
export const policyTraits: Readonly<Record<ConflictPolicy, PolicyTraits>> = policies;

export const conflictRuleSchema = z.strictObject({
  /** Of the table as it is called at the target. The first rule that matches decides; a table without a rule has policy `stop`. */
  schema: patternSchema.default('*'),
  table: patternSchema.default('*'),
  policy: z.enum(conflictPolicies),
  ...ruleFields,
});
export type ConflictRule = z.infer<typeof conflictRuleSchema>;

type Policy = Pick<ConflictRule, 'policy'>;

/** A conflict is decided by nobody. */
export function isStop({ policy }: Policy): boolean {
  return policyTraits[policy].winner === 'nobody';
}

/** The decisions of two sides differ until one of them has the last word. */
export function needsHome({ policy }: Policy): boolean {
  const { winner } = policyTraits[policy];
  return winner === 'home' || winner === 'by value';
}

/** For tables that flow one way only. */
export function isOneWay({ policy }: Policy): boolean {
  return policyTraits[policy].winner === 'one side';
}

/** What home sends is taken and what it has stays, as whole rows. */
export function homeWins({ policy }: Policy): boolean {
  return policyTraits[policy].winner === 'home';
}

/** The field has an effect with the rule's policy. */
export function usesField({ policy, sameColumn }: Pick<ConflictRule, 'policy' | 'sameColumn'>, field: RuleField): boolean {
  const { uses } = policyTraits[policy];
  return uses.includes(field) && (field !== 'version' || sameColumn === 'latest' || !uses.includes('sameColumn'));
}

const ruleFieldNames = Object.keys(ruleFields) as readonly RuleField[];

/** Those that somebody has set without an effect: a default says nothing. */
export function unusedFields(rule: ConflictRule): readonly RuleField[] {
  const plain: ConflictRule = conflictRuleSchema.parse({ policy: rule.policy });
  return ruleFieldNames.filter((field) => !usesField(rule, field) && JSON.stringify(rule[field]) !== JSON.stringify(plain[field]));
}
