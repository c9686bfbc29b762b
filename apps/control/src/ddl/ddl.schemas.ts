/** What a pipeline does with schema changes, and a person's answer where it holds at one. */
import { ddlAnswers, ddlPolicies } from '@lutra/model';
import { z } from 'zod';
import { ddlActivitySchema, ddlHoldSchema } from './hold.schemas.js';

const settingsSchema = z.object({
  default: z.enum(ddlPolicies),
  drop: z.enum(ddlPolicies),
  truncate: z.enum(ddlPolicies),
  /** null: no bound. */
  maxSeconds: z.number().nullable(),
  /** Something comes back from the target. */
  bothWays: z.boolean(),
  /** Both ways, of the tables at which it holds, by their names at the target: whose schema changes run everywhere. */
  homes: z.array(z.object({ table: z.string(), /** A region; null: none is named. */ home: z.string().nullable() })),
});

/** A row of lutra.ddl. */
const recentSchema = z.object({
  record: z.string(),
  part: z.number(),
  log: z.string(),
  seq: z.number(),
  /** intent: it may have run · done · skipped */
  state: z.string(),
  statement: z.string(),
  /** As it ran here, cut at 4,000 characters; it may hold values. */
  here: z.string(),
  /** `schema.table`, by their names here. */
  tables: z.array(z.string()),
  /** UTC */
  begunAt: z.string(),
  endedAt: z.string().nullable(),
  /** null: nobody was asked. */
  answer: z.object({ answer: z.string(), by: z.string(), reason: z.string() }).nullable(),
});
export type RecentDdl = z.infer<typeof recentSchema>;

/** A table of the statement at which the pipeline holds, at both sides. */
const sidesSchema = z.object({
  /** `schema.table`, by their names at each side. */
  source: z.string(),
  target: z.string(),
  /** SHOW CREATE TABLE; null: it is not there, or could not be asked. */
  atSource: z.string().nullable(),
  atTarget: z.string().nullable(),
  /** Columns by which its rows are told apart at the source; null: it is not there, or could not be asked. */
  key: z.array(z.string()).readonly().nullable(),
  /** What rows of the source would meet. Empty: nothing is known to differ. */
  differences: z.array(z.string()),
});
export type TableSides = z.infer<typeof sidesSchema>;

/** A table whose rows are in no log: nothing of it is applied before a seed of it begins. */
const waitingSchema = z.object({
  /** `schema.table`, by their names at each side. */
  source: z.string(),
  target: z.string(),
  /** ms since 1970 */
  since: z.number(),
});
export type WaitingTable = z.infer<typeof waitingSchema>;

export const pipelineDdlSchema = z.object({
  /** `<channel>.<pipeline>` */
  pipeline: z.string(),
  uid: z.string(),
  settings: settingsSchema,
  /** null: it does not hold. */
  hold: ddlHoldSchema.nullable(),
  /** null: none runs at the target. */
  running: ddlActivitySchema.nullable(),
  /** Where it holds: those tables that it carries, as they are now. */
  tables: z.array(sidesSchema),
  /** The newest 20 at the target, newest first. */
  recent: z.array(recentSchema),
  /** Tables that wait for their seed, 20 at most. */
  waiting: z.array(waitingSchema),
  /** Servers that did not answer: what is asked of them is left out above. */
  unreachable: z.array(z.object({ endpoint: z.string(), code: z.string(), message: z.string() })),
});
export type PipelineDdl = z.infer<typeof pipelineDdlSchema>;

export const ddlAnswerSchema = z.strictObject({
  /** `hold.log` and `hold.seq`: the answer is to this statement alone. */
  log: z.string().min(1),
  seq: z.int().min(0),
  /**
   * run: carry it out as `hold.here` shows it · done: it has been done at the target · skip: leave it out · seed: put the target's tables
   * aside, and copy `hold.enters`
   */
  answer: z.enum(ddlAnswers),
  /** Who says so; left out: whose token it is. */
  by: z.string().min(1).max(200).optional(),
  /** Why, for who reads lutra.ddl later. */
  reason: z.string().min(1).max(1000),
});
export type DdlAnswerWrite = z.infer<typeof ddlAnswerSchema>;
