/** The shapes of verifications in the REST API: what is ordered, what was found, and the rows that differ. */
import { fileOutcomes, nameSchema, verificationOrderSchema, verificationResultSchema, verifiedTableSchema } from '@lutra/model';
import { z } from 'zod';
import { reasonSchema, tablePatternSchema, whereSchema } from '../orders/orders.schemas.js';
import { unequalStatusSchema } from '../unequal/unequal.schema.js';

const orderShape = verificationOrderSchema.shape;

export const verifyWriteSchema = z.strictObject({
  /** Left out: all tables of the channel. */
  tables: z.array(tablePatternSchema).min(1).max(1_000).default(['*.*']),
  /** Names in the channel; left out: all. */
  pipelines: z.array(nameSchema).min(1).max(1_000).optional(),
  where: whereSchema.optional(),
  repeat: orderShape.repeat.default('once'),
  share: orderShape.share.default(0.5),
  reason: reasonSchema.optional(),
});
export type VerifyWrite = z.infer<typeof verifyWriteSchema>;

/** With the verdict in words: "shop.orders: equal as of 2026-01-31T10:31:07.000Z, 41332118 rows". */
const shownTableSchema = verifiedTableSchema.extend({ text: z.string() });

export const verificationSchema = z.object({
  order: verificationOrderSchema.nullable(),
  /** Of this order; null: it has not begun. */
  result: verificationResultSchema.extend({ tables: z.array(shownTableSchema) }).nullable(),
  /** All tables that were compared in this pass are equal, and the pass has ended. */
  equal: z.boolean(),
  unequal: unequalStatusSchema,
  /** Pipelines that hold at a schema change: a comparison that needs what is behind it waits until it is answered. */
  held: z.array(z.string()),
});
export type Verification = z.infer<typeof verificationSchema>;

/** Of its order. */
export const verificationIdSchema = z.string().min(1).max(36);

const rowOutcomes = ['asked', 'equal', 'in-flight', 'missing-here', 'missing-there', 'different', 'clash', 'again'] as const;
export const outcomes = [...rowOutcomes, ...fileOutcomes] as const;

export const differenceQuerySchema = z.strictObject({
  pipeline: nameSchema.optional(),
  /** As it is called at the source; so is the table. */
  schema: z.string().max(64).optional(),
  table: z.string().max(64).optional(),
  outcome: z.enum(outcomes).optional(),
  /** Id of a verification, or of an order of seeding; left out: of the channel's verification. */
  request: z.string().max(36).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(50),
  /** `next` of the page before. */
  after: z.string().max(4_000).optional(),
});
export type DifferenceQuery = z.infer<typeof differenceQuerySchema>;

/** Column → value; ["i", digits], ["b", base64], ["f", "-0"] where JSON has no word. */
const row = z.record(z.string(), z.unknown());

export const differenceSchema = z.object({
  pipeline: z.string(),
  /** The endpoint where the row was compared. */
  target: z.string(),
  request: z.string(),
  schema: z.string(),
  table: z.string(),
  key: row.nullable(),
  outcome: z.string(),
  /** Names of those that differ. */
  columns: z.array(z.string()).nullable(),
  /** That the row names, of an outcome `file-…`, with the SHA-256 that the row carries; null: it is about the row. */
  file: z.object({ root: z.string(), path: z.string(), hash: z.string().optional() }).nullable(),
  /** At the target. Null: none, or too large for a list. */
  here: row.nullable(),
  /** At the source. */
  there: row.nullable(),
  /** A row was left out: it is too large. */
  cut: z.boolean(),
  /** Why a repair did not write it. */
  problem: z.string().nullable(),
  /** Where they were compared. */
  log: z.string(),
  seq: z.number(),
  foundAt: z.string(),
});
export type Difference = z.infer<typeof differenceSchema>;

const unreachable = z.array(z.object({ endpoint: z.string(), code: z.string(), message: z.string() }));

export const differenceListSchema = z.object({
  differences: z.array(differenceSchema),
  /** For `after` of the next page; null: this is the last one. */
  next: z.string().nullable(),
  /** Targets that did not answer: their rows are missing here. */
  unreachable,
});
export type DifferenceList = z.infer<typeof differenceListSchema>;

export const removedSchema = z.object({
  /** Of lutra.difference at the targets. */
  rows: z.number(),
  /** As they stand there in the column request. */
  request: z.string(),
  /** Targets that did not answer: their rows stay. */
  unreachable,
});
export type Removed = z.infer<typeof removedSchema>;
