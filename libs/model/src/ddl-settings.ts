/** What a pipeline does with schema changes. Since level 3. */
import { z } from 'zod';

export const ddlPolicies = ['apply', 'ignore', 'stop'] as const;
/** apply: runs at the target too · ignore: passed over, counted, and shown until it is confirmed · stop: the pipeline holds at it */
export type DdlPolicy = (typeof ddlPolicies)[number];

export const ddlSettingsSchema = z.strictObject({
  /** Of every statement that has none of its own. Left out: `stop` where something flows both ways, else `apply`. */
  default: z.enum(ddlPolicies).optional(),
  /** DROP TABLE and DROP DATABASE. */
  drop: z.enum(ddlPolicies).optional(),
  /** TRUNCATE TABLE. */
  truncate: z.enum(ddlPolicies).optional(),
  /** s that a statement may run at the target; left out: no bound. */
  maxSeconds: z.int().min(1).max(604_800).optional(),
});
export type DdlSettings = z.infer<typeof ddlSettingsSchema>;

/** What a pipeline does with statements of that kind ('ALTER TABLE'). */
export function ddlPolicy(settings: DdlSettings | undefined, statement: string, bothWays: boolean): DdlPolicy {
  const { default: all = bothWays ? 'stop' : 'apply', drop = all, truncate = all } = settings ?? {};
  if (statement === 'TRUNCATE TABLE') return truncate;
  return /^DROP (?:TABLE|DATABASE)$/.test(statement) ? drop : all;
}
