/** Bodies and answers of `tables/suspend` and `tables/resume`. */
import { suspendedByPersonSchema } from '@lutra/model';
import { z } from 'zod';
import { problemSchema } from '../http/schemas.js';

/** `schema.table` at the source, as they are: no patterns. */
const tables = z
  .array(z.string().regex(/^[^.]+\..+$/, 'schema.table'))
  .min(1)
  .max(200);
const reason = z.string().min(1).max(1000);

export const suspendWriteSchema = z.strictObject({ tables, reason });
export type SuspendWrite = z.infer<typeof suspendWriteSchema>;

export const resumeWriteSchema = z.strictObject({ tables, reason });
export type ResumeWrite = z.infer<typeof resumeWriteSchema>;

export const tableSuspensionSchema = z.object({
  /** `<channel>.<pipeline>` */
  pipeline: z.string(),
  /** Tables of the source that persons want suspended in it, from now on. */
  suspended: z.array(suspendedByPersonSchema),
  /** Ids of the seed and of the verification that bring tables back; null: none is needed. */
  seed: z.string().nullable(),
  verification: z.string().nullable(),
  problems: z.array(problemSchema),
});
export type TableSuspension = z.infer<typeof tableSuspensionSchema>;
