/**
 * What control asks of a capture: to say in its log that all up to a position of its binlog has been published. Whoever waits reads at the
 * target that the checkpoint has passed that record. Since level 5.
 */
import { z } from 'zod';
import { nameSchema } from './config-fields.js';
import { pipelineUidSchema } from './pipeline-uid.js';

export const barrierLevel = 5;

export const barrierOrderSchema = z.strictObject({
  /** Whose capture. */
  endpoint: nameSchema,
  /** Where the binlog file of the source ended when it was asked. */
  position: z.strictObject({ file: z.string().min(1), pos: z.int().min(0) }),
  /** server_uuid of who said it; null: it has none. */
  server: z.string().min(1).nullable(),
  /** Who is to save its checkpoint at the record. */
  pipelines: z.array(pipelineUidSchema).min(1).readonly(),
  /** ms since 1970 */
  at: z.int().min(0),
  /** What capture did: where the record stands in its log, or why there is none. Null: nothing yet. */
  answer: z
    .union([
      z.strictObject({ log: z.string().min(1), epoch: z.int().min(0), seq: z.int().min(0), at: z.int().min(0) }),
      z.strictObject({ refused: z.string().min(1), at: z.int().min(0) }),
    ])
    .nullable(),
});
export type BarrierOrder = z.infer<typeof barrierOrderSchema>;
export type BarrierAnswer = NonNullable<BarrierOrder['answer']>;
