/** The shapes of repairs in the REST API: what is ordered, and what it would do. */
import { nameSchema, repairOrderSchema } from '@lutra/model';
import { z } from 'zod';
import { problemSchema } from '../http/schemas.js';
import { reasonSchema, tablePatternSchema } from '../orders/orders.schemas.js';
import { differenceSchema } from './verification.schemas.js';

const keySchema = z.strictObject({
  pipeline: nameSchema,
  /** As it is called at the source; so is the table. */
  schema: z.string().min(1).max(64),
  table: z.string().min(1).max(64),
  /** As GET …/verify/differences shows it. */
  key: z.record(z.string(), z.unknown()),
});
export type RepairKey = z.infer<typeof keySchema>;

export const repairWriteSchema = z
  .strictObject({
    dryRun: z.boolean().default(false),
    /** Left out: all that were found not to be equal. */
    tables: z.array(tablePatternSchema).min(1).max(1_000).optional(),
    /** Instead of tables: these rows alone. */
    keys: z.array(keySchema).min(1).max(1_000).optional(),
    /** Whose row it becomes. Left out: one way `source`, both ways the home region. */
    winner: z.string().min(1).max(48).optional(),
    /** Tables whose rows that are only at the target are deleted where others may be why; `schema.table` at the source. */
    extra: z.array(z.string().min(3).max(129)).max(1_000).default([]),
    /** `trash`: files that no row names are moved to the trash of their root, all that the verification found. Left out: they stay. */
    orphans: z.literal('trash').optional(),
    /** Verified and repaired again until all is equal, or a pass repairs nothing. */
    untilEqual: z.boolean().default(false),
    reason: reasonSchema,
  })
  .refine(({ tables, keys }) => tables === undefined || keys === undefined, 'either tables or keys')
  .refine(({ keys, orphans }) => keys === undefined || orphans === undefined, 'orphans belongs to tables, not to keys')
  .refine(({ keys, untilEqual }) => keys === undefined || !untilEqual, 'untilEqual belongs to tables, not to keys');
export type RepairWrite = z.infer<typeof repairWriteSchema>;

export const repairAnswerSchema = z.object({
  /** As it was written, or would be. */
  order: repairOrderSchema,
  /** A preview: nothing was ordered. */
  dryRun: z.boolean(),
  /** Rows that it is about, by what was found of them. */
  tables: z.array(
    z.object({
      pipeline: z.string(),
      schema: z.string(),
      table: z.string(),
      missingHere: z.number(),
      missingThere: z.number(),
      different: z.number(),
      /** Only at the target, where others may be why: deleted where `extra` names the table. */
      extra: z.number(),
      /** Ranges of keys that hold more rows than are kept. */
      ranges: z.number(),
      /** Files that rows of both sides name, and that differ; with `keys` none is repaired. */
      files: z.number(),
    }),
  ),
  /** Roots with files that no row names, as the verification found them; empty where `orphans` is left out. */
  orphans: z.array(z.object({ pipeline: z.string(), root: z.string(), files: z.number(), bytes: z.number() })),
  /** The first 20 rows, with both versions. */
  rows: z.array(differenceSchema),
  problems: z.array(problemSchema),
});
export type RepairAnswer = z.infer<typeof repairAnswerSchema>;
export type RepairedTable = RepairAnswer['tables'][number];
