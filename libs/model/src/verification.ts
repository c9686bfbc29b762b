/** What an operator ordered to be compared, and what was found. Counts and positions only: rows that differ are in lutra.difference. */
import { z } from 'zod';
import { pipelineUidSchema } from './pipeline-uid.js';
import { since } from './stored-document.js';

const count = z.int().min(0);

/** Nobody writes an order or a result below it. */
export const verificationLevel = 2;
/** Of one order: the result is one node of ZooKeeper. */
export const maxVerifiedTables = 2_000;

/** Rows that a verification found are made equal. */
export const repairOrderSchema = z.strictObject({
  id: z.string().min(1).max(36),
  /** Patterns of tables at the sources, `schema.table`. */
  tables: z.array(z.string().min(1)).min(1).readonly(),
  /** Only these rows; absent: all that were found. `key` is the text of row_key in lutra.difference. */
  keys: z
    .array(z.strictObject({ pipeline: z.string(), database: z.string(), table: z.string(), key: z.string() }))
    .max(1_000)
    .readonly()
    .optional(),
  /** Whose row it becomes: the source of each pipeline, or both ways a region. */
  winner: z.string().min(1).max(48),
  /** Tables at the sources whose rows of class `extra` are deleted, `schema.table`. */
  extra: z.array(z.string().min(1)).readonly(),
  /** Files that no row names are moved to the trash of their root. Absent: they stay. */
  orphans: since(5, z.literal('trash').optional()),
  /** Rows that the target changed since then are left to a person; ms since 1970. */
  spareChangedSince: count.optional(),
  /** Verified and repaired again until all is equal, or a pass repairs nothing. */
  untilEqual: z.boolean(),
  by: z.string(),
  /** ms since 1970 */
  at: count,
});
export type RepairOrder = Readonly<z.infer<typeof repairOrderSchema>>;

/** One for a channel at a time. */
export const verificationOrderSchema = z.strictObject({
  id: z.string().min(1).max(36),
  /** Patterns of tables at the sources, `schema.table`. */
  tables: z.array(z.string().min(1)).min(1).readonly(),
  /** Names in the channel; absent: all. */
  pipelines: z.array(z.string().min(1)).min(1).readonly().optional(),
  where: z.string().min(1).max(4000).optional(),
  /** It begins when these seeds (uids of pipelines) are done and these endpoints' restarts are carried out. */
  after: z.strictObject({ seeds: z.array(pipelineUidSchema).readonly(), restarts: z.array(z.string().min(1)).readonly() }).optional(),
  /** What to do about the rows that it found; absent: nothing. */
  repair: repairOrderSchema.optional(),
  repeat: z.enum(['once', 'continuously']),
  /** Part of the time in which queries may run: 1 is all of it. */
  share: z.number().gt(0).max(1),
  state: z.enum(['running', 'paused', 'cancelled']),
  by: z.string(),
  /** ms since 1970 */
  at: count,
});
export type VerificationOrder = Readonly<z.infer<typeof verificationOrderSchema>>;

export const tableVerdicts = ['equal', 'different', 'unsettled', 'refused'] as const;

/** Of a file, in lutra.difference: that a row of both sides names, or (file-orphan) that no row names. */
export const fileOutcomes = ['file-not-here', 'file-not-there', 'file-missing', 'file-different', 'file-orphan'] as const;
export type FileOutcome = (typeof fileOutcomes)[number];

/** Files that rows name which are equal on both sides: each as often as it is named. */
export const verifiedFilesSchema = z.strictObject({
  named: count,
  missingHere: count,
  missingThere: count,
  /** On both sides. */
  missing: count,
  different: count,
  /** They, or their rows, changed again and again, or the rule cannot be followed. */
  unsettled: count,
});
export type VerifiedFiles = Readonly<z.infer<typeof verifiedFilesSchema>>;

/** How many differ. */
export function differingFiles({ missingHere, missingThere, missing, different }: VerifiedFiles): number {
  return missingHere + missingThere + missing + different;
}

export const verifiedTableSchema = z.strictObject({
  /** Name of the pipeline in its channel, and names at its source. */
  pipeline: z.string(),
  database: z.string(),
  table: z.string(),
  /** unsettled: rows kept changing, or a pipeline stood still; refused: it cannot be compared. Null: not done yet. */
  verdict: z.enum(tableVerdicts).nullable(),
  /** Which pass said so. An earlier pass's verdict stands until the table is compared again. 0: none. */
  pass: count,
  /** Why it is unsettled or refused; what differs in the definitions. */
  notes: z.array(z.string()).readonly(),
  rows: count,
  missingHere: count,
  missingThere: count,
  different: count,
  /** Only here, where a filter or several pipelines may be why. */
  extra: count,
  /** Key ranges that differ beyond what lutra.difference holds. */
  ranges: count,
  /** Absent: no file rule is about the table. */
  files: since(4, verifiedFilesSchema.optional()),
  /** ms since 1970: it was as the verdict says at this time; null: not known yet. */
  asOf: count.nullable(),
  /** Where that was, in the log. */
  log: z.string(),
  seq: z.int().min(-1),
});
export type VerifiedTable = Readonly<z.infer<typeof verifiedTableSchema>>;

/** A root in the region that a pipeline writes to: the files in it that no row names. */
export const verifiedRootSchema = z.strictObject({
  /** Name of the pipeline in its channel. */
  pipeline: z.string(),
  root: z.string(),
  /** Which pass said so. */
  pass: count,
  /** Files in it that were looked at. */
  files: count,
  /** Of these, those that no row names, and their bytes. */
  orphans: count,
  bytes: count,
  /** Why it was not searched, or not to its end. */
  notes: z.array(z.string()).readonly(),
  /** ms since 1970: when the search began. */
  asOf: count,
});
export type VerifiedRoot = Readonly<z.infer<typeof verifiedRootSchema>>;

/** How far a repair is. Counts of rows. */
export const repairResultSchema = z.strictObject({
  /** Of the repair order. */
  id: z.string(),
  /** Equal now, as a probe said. */
  repaired: count,
  /** Not what was found any more: they are to be verified again. */
  changed: count,
  /** Not written, with `problem` in lutra.difference. */
  refused: count,
  left: count,
  /** Files that rows name; refused: not as they are to be, with `problem` in lutra.difference. Absent: none was found to differ. */
  files: since(4, z.strictObject({ repaired: count, refused: count, left: count }).optional()),
  /** Files that no row names. kept: a row names it by now, or `problem` of lutra.difference says why. Absent: they stay. */
  orphans: since(5, z.strictObject({ gone: count, kept: count, left: count }).optional()),
  waitingFor: z.string().nullable(),
  begunAt: count,
  endedAt: count.nullable(),
});
export type RepairResult = Readonly<z.infer<typeof repairResultSchema>>;

export const verificationResultSchema = z.strictObject({
  request: z.string(),
  /** The pass that is under way or done, from 1. */
  pass: count,
  tables: z.array(verifiedTableSchema).readonly(),
  /** Absent: no file rule is about the tables, or no root was searched yet. */
  roots: since(4, z.array(verifiedRootSchema).readonly().optional()),
  /** null: none was ordered, or it has not begun. */
  repair: repairResultSchema.nullable(),
  waitingFor: z.string().nullable(),
  /** Of this pass. */
  rowsDone: count,
  rowsEstimated: count.nullable(),
  begunAt: count,
  endedAt: count.nullable(),
  at: count,
});
export type VerificationResult = Readonly<z.infer<typeof verificationResultSchema>>;
