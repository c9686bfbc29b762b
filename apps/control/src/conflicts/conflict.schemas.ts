/** The shapes of decided conflicts in the REST API: filters, entries of lutra.conflict, and what an operator may decide anew. */
import { conflictDeciders, conflictTypes, conflictWinners, nameSchema } from '@lutra/model';
import { z } from 'zod';
import { problemSchema } from '../http/schemas.js';

const time = z.iso.datetime({ offset: true, error: 'a time such as 2026-01-31T12:00:00Z' });

const filterShape = {
  pipeline: nameSchema.optional(),
  /** As it is called at the target; so is the table. */
  schema: z.string().max(64).optional(),
  table: z.string().max(64).optional(),
  type: z.enum(conflictTypes).optional(),
  policy: z.enum(conflictDeciders).optional(),
  winner: z.enum(conflictWinners).optional(),
  /** Decided in the home region. */
  final: z.enum(['true', 'false']).optional(),
  /** Decided at this time or later. */
  since: time.optional(),
  /** Decided before this time. */
  until: time.optional(),
  /** The primary key as JSON: {"id":7} */
  key: z.string().max(4000).optional(),
};

export const conflictFilterSchema = z.strictObject(filterShape);
export type ConflictFilter = z.infer<typeof conflictFilterSchema>;

export const conflictPageSchema = z.strictObject({
  ...filterShape,
  limit: z.coerce.number().int().min(1).max(500).default(50),
  /** `next` of the page before; or an id, together with a pipeline. */
  before: z.string().max(5000).optional(),
});
export type ConflictPageQuery = z.infer<typeof conflictPageSchema>;

/** Column → value; ["i", digits], ["b", base64], ["f", "-0"] where JSON has no word: libs/model/src/row-json.ts. */
const row = z.record(z.string(), z.unknown());

const entryShape = {
  pipeline: z.string(),
  /** Of the pipeline that decided: another one may have its name since. */
  uid: z.string(),
  /** The endpoint where it was decided. */
  target: z.string(),
  /** Unique at its target. */
  id: z.number(),
  schema: z.string(),
  table: z.string(),
  /** The primary key; null: longer than what is kept of it. */
  key: row.nullable(),
  type: z.string(),
  policy: z.string(),
  winner: z.string(),
  /** Decided in the home region; false: until the home region has decided. */
  final: z.boolean(),
  /** Of the incoming change: c, u, d. */
  op: z.string(),
  /** The incoming transaction. */
  transaction: z.object({
    log: z.string(),
    seq: z.number(),
    gtid: z.string().nullable(),
    origin: z.string(),
    committedAt: z.string(),
  }),
  /** Last change of the row here that the transaction had not seen, in the log of the target; null: none is known, the rows differ. */
  localSeq: z.number().nullable(),
  decidedAt: z.string(),
  /** Of a repair: its id, and who ordered it and why. null: it is none. */
  request: z.string().nullable(),
  reason: z.string().nullable(),
  /** Of the incoming change. null: no row. */
  before: row.nullable(),
  after: row.nullable(),
  /** As it was at the target. */
  existing: row.nullable(),
  /** As the decision left it. */
  result: row.nullable(),
};

export const conflictEntrySchema = z.object(entryShape);
export type ConflictEntry = z.infer<typeof conflictEntrySchema>;

/** In a list, the rows of an entry that are large are null. */
const listedSchema = z.object({ ...entryShape, cut: z.boolean() });
export type ListedConflict = z.infer<typeof listedSchema>;

const unreachableSchema = z.object({ endpoint: z.string(), code: z.string(), message: z.string() });
export type Unreachable = z.infer<typeof unreachableSchema>;

export const conflictListSchema = z.object({
  /** Newest first. */
  conflicts: z.array(listedSchema),
  /** For `before` of the next page; null: this is the last one. */
  next: z.string().nullable(),
  /** Targets that did not answer: their conflicts are missing here. */
  unreachable: z.array(unreachableSchema),
});
export type ConflictList = z.infer<typeof conflictListSchema>;

const countSchema = z.object({
  pipeline: z.string(),
  schema: z.string(),
  table: z.string(),
  policy: z.string(),
  type: z.string(),
  winner: z.string(),
  final: z.boolean(),
  count: z.number(),
  latest: z.string(),
});
export type ConflictCount = z.infer<typeof countSchema>;

export const conflictCountsSchema = z.object({ counts: z.array(countSchema), unreachable: z.array(unreachableSchema) });
export type ConflictCounts = z.infer<typeof conflictCountsSchema>;

/** Of a version that has no row, there is no field. */
const differenceSchema = z.object({
  column: z.string(),
  before: z.unknown().optional(),
  incoming: z.unknown().optional(),
  existing: z.unknown().optional(),
  result: z.unknown().optional(),
});
export type Difference = z.infer<typeof differenceSchema>;

const nowSchema = z.object({
  endpoint: z.string(),
  /** null: there is none, or it could not be read. */
  row: row.nullable(),
  /** Why it could not be read. */
  problem: z.string().nullable(),
});
export type RowNow = z.infer<typeof nowSchema>;

export const conflictDetailSchema = conflictEntrySchema.extend({
  /** The columns in which the versions differ. */
  diff: z.array(differenceSchema),
  /** The row as it is at this moment. */
  now: z.object({ source: nowSchema, target: nowSchema }),
});
export type ConflictDetail = z.infer<typeof conflictDetailSchema>;

export const redecideWriteSchema = z.strictObject({
  /** Whose version the row is to have. */
  winner: z.enum(['incoming', 'existing']),
  /** Why, for who reads control's log later. */
  reason: z.string().min(1).max(1000),
  /** Also where the row is no longer what the decision left, or where the home region decides. */
  force: z.boolean().default(false),
});
export type RedecideWrite = z.infer<typeof redecideWriteSchema>;

export const redecideAnswerSchema = z.object({
  pipeline: z.string(),
  target: z.string(),
  id: z.number(),
  /** false: the row was as it is to be. */
  written: z.boolean(),
  /** The row as it is now; null: there is none. */
  row: row.nullable(),
  consequences: z.array(problemSchema),
});
export type RedecideAnswer = z.infer<typeof redecideAnswerSchema>;
