/** Bodies and answers of the recovery actions for a pipeline: rewind and restart. */
import { z } from 'zod';
import { flagSchema, pipelinePositionSchema, problemSchema } from '../http/schemas.js';

/** Why, for who reads control's log later. */
const reason = z.string().min(1).max(1000);

const seq = z.int().min(-1);

/** Everything behind it is applied once more; where it lies ahead of the pipeline, nothing of what lies between ever is. */
export const rewindToSchema = z.union([
  z.strictObject({ seq }),
  /** Of the topic: what stands there is applied, too. */
  z.strictObject({ offset: z.int().min(0) }),
  /** Of the source: what the set, or the binlog up to there, does not have. */
  z.strictObject({ gtidSet: z.string().min(1) }),
  z.strictObject({ file: z.string().min(1), pos: z.int().min(4) }),
  /** What was published then or later, and in the minute before. */
  z.strictObject({ time: z.iso.datetime({ offset: true, error: 'a time such as 2026-01-31T12:00:00Z' }) }),
]);
export type RewindTo = z.infer<typeof rewindToSchema>;

export const rewindWriteSchema = z
  .strictObject({
    /** The same as `to: {seq}`. */
    seq: seq.optional(),
    to: rewindToSchema.optional(),
    reason,
    /** Also where other pipelines write the same tables, or carry them back: their changes since then are lost at the target. */
    overwrite: z.boolean().optional(),
    /** Of a way ahead: what lies between is never applied, and that is known and wanted. */
    accept: z.boolean().optional(),
  })
  .refine((body) => (body.seq === undefined) !== (body.to === undefined), 'either seq or to');
export type RewindWrite = z.infer<typeof rewindWriteSchema>;

const positionFields = { log: z.string(), seq: z.number(), nextOffset: z.number() };

/** `?dryRun=true`: where it would lead. */
export const rewindPreviewSchema = z.object({
  dryRun: z.literal(true),
  /** `<channel>.<pipeline>` */
  pipeline: z.string(),
  /** ahead: a skip. */
  direction: z.enum(['back', 'ahead']),
  from: z.object(positionFields),
  to: z.object({ ...positionFields, gtid: z.string().nullable() }),
  /** Between the two, of all pipelines of the topic. */
  records: z.number(),
  transactions: z.number(),
  /** Of the pipeline, by `schema.table` of the source. */
  rows: z.array(z.object({ table: z.string(), rows: z.number() })),
  consequence: z.string(),
  problems: z.array(problemSchema),
});
export type RewindPreview = z.infer<typeof rewindPreviewSchema>;

export const rewindQuerySchema = z.object({ dryRun: flagSchema });
export type RewindQuery = z.infer<typeof rewindQuerySchema>;

export const restartWriteSchema = z.strictObject({
  /** An end of the topic, or the position of the dump that the target was loaded from. */
  at: z.union([
    z.enum(['start', 'end']),
    z.strictObject({ gtidSet: z.string().min(1) }),
    z.strictObject({ file: z.string().min(1), pos: z.int().min(4) }),
  ]),
  reason,
  /** The consequences are known and wanted. */
  accept: z.boolean().optional(),
  /** What follows at the target. Left out: you bring it in line. */
  then: z.literal('verify-and-repair').optional(), // oxlint-disable-line unicorn/no-thenable -- a text is no function
});
export type RestartAt = RestartWrite['at'];
export type RestartWrite = z.infer<typeof restartWriteSchema>;

export const restartAnswerSchema = pipelinePositionSchema.extend({
  consequence: z.string(),
  /** Of the channel: the one that follows; null: none was asked for. */
  verification: z.string().nullable(),
});
export type RestartAnswer = z.infer<typeof restartAnswerSchema>;
