/** A schema change at which a pipeline holds, and one that runs: @lutra/model's types, for answers. */
import { ddlAnswers, ddlHoldReasons } from '@lutra/model';
import type { DdlActivity, DdlHold } from '@lutra/model';
import { z } from 'zod';

const tableNameSchema = z.object({ database: z.string(), name: z.string() });

/** A schema change at which a pipeline holds; its text may hold values. */
export const ddlHoldSchema = z.object({
  log: z.string(),
  seq: z.number(),
  /** Id of the record. */
  record: z.string(),
  reason: z.enum(ddlHoldReasons),
  message: z.string(),
  statement: z.string(),
  /** Cut at 4,000 characters. */
  sql: z.string(),
  /** As it would run at the target; null: it cannot be said. */
  here: z.string().nullable(),
  /** By their names at the source. */
  tables: z.array(tableNameSchema).readonly(),
  /** Answers that would be taken. */
  ways: z.array(z.enum(ddlAnswers)).readonly(),
  /** Of `entered`: those of `tables` that come with rows which are not in the log. */
  enters: z.array(tableNameSchema).readonly().optional(),
  since: z.number(),
}) satisfies z.ZodType<DdlHold>;

/** A schema change that runs at a target. */
export const ddlActivitySchema = z.object({
  log: z.string(),
  seq: z.number(),
  statement: z.string(),
  here: z.string(),
  since: z.number(),
  /** 0 to 1, where the server tells. */
  progress: z.number().nullable(),
  /** Sessions of the target that hold its table. */
  blockers: z.array(z.string()).readonly(),
}) satisfies z.ZodType<DdlActivity>;

/** Without its text, which may hold values. */
export const heldSchema = ddlHoldSchema.omit({ record: true, sql: true, here: true });
