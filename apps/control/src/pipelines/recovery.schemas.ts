/** Bodies and answers of the recovery actions for a pipeline: rewind and restart. */
import { z } from 'zod';
import { pipelinePositionSchema } from '../http/schemas.js';

/** Why, for who reads control's log later. */
const reason = z.string().min(1).max(1000);

export const rewindWriteSchema = z.strictObject({
  /** Everything behind this seq is applied once more. */
  seq: z.int().min(-1),
  reason,
  /** Also where other pipelines write the same tables, or carry them back: their changes since then are lost at the target. */
  overwrite: z.boolean().optional(),
});
export type RewindWrite = z.infer<typeof rewindWriteSchema>;

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
