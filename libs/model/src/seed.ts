/** What an operator ordered to be copied through the log (seeding), and how far it is. Control writes orders, capture carries them out. */
import { z } from 'zod';
import { pipelineUidSchema } from './pipeline-uid.js';
import { since } from './stored-document.js';

const count = z.int().min(0);

export const seedStates = ['running', 'paused', 'cancelled'] as const;
export type SeedState = (typeof seedStates)[number];

/** Without any key, of one order: it names them. */
export const maxKeylessTables = 500;

/** One for a pipeline at a time. */
export const seedOrderSchema = z.strictObject({
  id: z.string().min(1).max(36),
  /** Patterns of tables at the source, `schema.table`; of those that the pipeline carries. */
  tables: z.array(z.string().min(1)).min(1).readonly(),
  /** A condition in SQL that each row of these tables meets; absent: all rows. */
  where: z.string().min(1).max(4000).optional(),
  /** Rows of one chunk. */
  chunkRows: z.int().min(1).max(100_000),
  /** Chunks that are under way at once. */
  parallel: z.int().min(1).max(32),
  /** null: as fast as it goes. */
  rowsPerSecond: z.int().min(1).nullable(),
  /** While a pipeline of the order is further behind, no chunk begins. */
  maxLagMs: z.int().min(100),
  /** One way `source`, `target`, `stop`; both ways a region or `stop`. */
  onExisting: z.string().min(1).max(48),
  /**
   * Tables at the source without any key that may be copied: one way, by this pipeline alone, into an empty table. Others without a key are
   * refused. Since level 3.
   */
  keyless: z
    .array(z.strictObject({ database: z.string(), name: z.string() }))
    .max(maxKeylessTables)
    .readonly()
    .optional(),
  /** Targets create a table that they lack. */
  createTables: z.boolean(),
  state: z.enum(seedStates),
  /** Pipelines whose seeds must be done before this one begins; one that was cancelled, or has no order, is not waited for. */
  after: z.array(pipelineUidSchema).readonly(),
  /** The schema change whose answer `seed` it carries out: its place in a log. */
  answers: z.strictObject({ log: z.string().min(1), seq: count }).optional(),
  /** Tables at the source whose suspension by a person ends where they begin. */
  resumes: since(
    5,
    z
      .array(z.strictObject({ database: z.string(), name: z.string() }))
      .readonly()
      .optional(),
  ),
  /** Who ordered it, for people. */
  by: z.string(),
  /** ms since 1970 */
  at: count,
});
export type SeedOrder = Readonly<z.infer<typeof seedOrderSchema>>;

/** A table that has begun, as it stands in lutra.seed at the target. */
export const seededTableSchema = z.strictObject({
  database: z.string(),
  table: z.string(),
  state: z.enum(['seeding', 'done', 'cancelled']),
  /** Of each part: JSON of the last key that is ticked off; null: none is. */
  cursors: z.array(z.string().nullable()).readonly(),
  /** Of each part: JSON of its last key; null: the end of the table. */
  ends: z.array(z.string().nullable()).readonly(),
  /** Of each part: it is there to its end. */
  whole: z.array(z.boolean()).readonly(),
  inserted: count,
  equal: count,
  replaced: count,
  kept: count,
  yielded: count,
  clashes: count,
  /** ms since 1970; null: not yet. */
  endedAt: count.nullable(),
});
export type SeededTable = Readonly<z.infer<typeof seededTableSchema>>;

/** What the loader of a pipeline says of its seed. Capture goes on from it. */
export const seedProgressSchema = z.strictObject({
  /** Of the order. */
  request: z.string(),
  tables: z.array(seededTableSchema).readonly(),
  at: count,
});
export type SeedProgress = Readonly<z.infer<typeof seedProgressSchema>>;

/** Of one order: its progress is one node of ZooKeeper. */
export const maxSeedTables = 5_000;

/**
 * What a target says proves that all tables of the order have begun: each begins before the first chunk of any. Other parts than the first
 * prove nothing: they have a cursor from the beginning.
 */
export function hasAllBegun(progress: SeedProgress, request: string): boolean {
  const isTicked = ({ state, cursors, whole }: SeededTable): boolean =>
    state === 'done' || whole[0] === true || (cursors[0] ?? null) !== null;
  return progress.request === request && progress.tables.some(isTicked);
}

/** The target says that the order is carried out; false: it is not, or nobody knows. */
export function isSeedDone(progress: SeedProgress, request: string): boolean {
  return hasAllBegun(progress, request) && progress.tables.every(({ state }) => state !== 'seeding');
}
