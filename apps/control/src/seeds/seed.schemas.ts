/** The shapes of seeds in the REST API: what is ordered, what it would do, and how far it is. */
import { seedOrderSchema, seedProgressSchema } from '@lutra/model';
import { z } from 'zod';
import { reasonSchema, tablePatternSchema, whereSchema } from '../orders/orders.schemas.js';
import { flagSchema, problemSchema } from '../http/schemas.js';

export const seedDefaults = { chunkRows: 2_000, parallel: 4, maxLagMs: 5_000 } as const;

const orderShape = seedOrderSchema.shape;

export const seedWriteSchema = z
  .strictObject({
    tables: z.array(tablePatternSchema).min(1).max(1_000).optional(),
    /** Instead of tables: rows that are sent again, by primary key. Whole numbers beyond 2^53 are written as text. */
    keys: z
      .array(z.strictObject({ table: z.string().min(3).max(129), key: z.record(z.string(), z.unknown()) }))
      .min(1)
      .max(500)
      .optional(),
    where: whereSchema.optional(),
    chunkRows: orderShape.chunkRows.default(seedDefaults.chunkRows),
    parallel: orderShape.parallel.default(seedDefaults.parallel),
    rowsPerSecond: orderShape.rowsPerSecond.default(null),
    maxLagMs: orderShape.maxLagMs.default(seedDefaults.maxLagMs),
    /** Left out: `source` one way; both ways the home region. */
    onExisting: orderShape.onExisting.optional(),
    /** The target creates tables that it lacks. */
    createTables: z.boolean().default(false),
    /** Its tables are verified when it is done. */
    verify: z.boolean().default(true),
    reason: reasonSchema.optional(),
  })
  .refine(({ tables, keys }) => (tables === undefined) !== (keys === undefined), 'either tables or keys')
  .refine(({ keys, where }) => keys === undefined || where === undefined, 'where belongs to tables, not to keys');
export type SeedWrite = z.infer<typeof seedWriteSchema>;

const tableNameSchema = z.object({ schema: z.string(), table: z.string() });

const amountsShape = {
  tables: z.array(
    z.object({
      source: tableNameSchema,
      target: tableNameSchema,
      /** By the statistics of the server. */
      rows: z.number(),
      bytes: z.number(),
      /** How many rows are there already, by its statistics; null: the table does not exist. */
      rowsAtTarget: z.number().nullable(),
      /** It would be created. */
      created: z.boolean(),
    }),
  ),
  rows: z.number(),
  bytes: z.number(),
  /** What the topic needs for it, before compression. */
  topicBytes: z.number(),
};

export const seedAnswerSchema = z.object({
  /** null: keys were asked for, which are entries of lutra.resync at the source. */
  order: seedOrderSchema.nullable(),
  /** A preview: nothing was ordered. */
  dryRun: z.boolean(),
  /** The verification that follows; null: none does. */
  verification: z.string().nullable(),
  /** Entries of lutra.resync. */
  entries: z.number(),
  ...amountsShape,
  problems: z.array(problemSchema),
});
/** What a change of a channel would seed: `PUT …/channels/{name}?seed=true&dryRun=true`. */
export const addedSeedsSchema = z.object({
  dryRun: z.literal(true),
  seeds: z.array(z.object({ pipeline: z.string(), order: seedOrderSchema, ...amountsShape })),
  problems: z.array(problemSchema),
});
export type AddedSeedsAnswer = z.infer<typeof addedSeedsSchema>;
export type SeedAnswer = z.infer<typeof seedAnswerSchema>;

export const seedFoundSchema = z.object({
  order: seedOrderSchema.nullable(),
  /** Of this order, as the loader says it; null: it has not begun. */
  progress: seedProgressSchema.nullable(),
  /** Rows that the target has handled. */
  rows: z.number(),
  tables: z.object({ seeding: z.number(), done: z.number(), cancelled: z.number() }),
  /** What the source's capture says of it; null: none carries it out. */
  activity: z
    .object({
      state: z.string(),
      tables: z.number(),
      tablesDone: z.number(),
      /** Tables that cannot be seeded, and why. */
      refused: z.array(z.object({ database: z.string(), table: z.string(), code: z.string(), message: z.string() })),
      /** Published since this process took over. */
      rows: z.number(),
      rowsEstimated: z.number().nullable(),
      rowsPerSecond: z.number(),
      etaMs: z.number().nullable(),
      waitingFor: z.string().nullable(),
    })
    .nullable(),
  /** Of the source's capture: state, and what it waits for; null: none works. */
  capture: z
    .object({ instance: z.string(), state: z.string(), waitingFor: z.string().nullable(), lagMs: z.number().nullable() })
    .nullable(),
});
export type SeedFound = z.infer<typeof seedFoundSchema>;

/** Of `PUT …/channels/{name}`. */
export const replaceQuerySchema = z
  .object({ force: flagSchema, seed: flagSchema, dryRun: flagSchema })
  .refine(({ seed, dryRun }) => seed || !dryRun, 'dryRun belongs to seed=true');
export type ReplaceQuery = z.infer<typeof replaceQuerySchema>;
