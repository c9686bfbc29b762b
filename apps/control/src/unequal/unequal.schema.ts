/** Tables of which nobody knows that they are equal, as the status and a verification show them. */
import { z } from 'zod';

export const unequalStatusSchema = z.object({
  /** Tables of pipelines. */
  count: z.number(),
  /** The first 20. */
  tables: z.array(
    z.object({
      pipeline: z.string(),
      /** `schema.table` at the source. */
      table: z.string(),
      /** repair: its rows are being repaired; hole: the log of its source has a hole (a restart). */
      cause: z.string(),
      since: z.string(),
      /** Who ordered it, and why. */
      reason: z.string(),
    }),
  ),
  /** Targets that could not be asked: there may be more. */
  unasked: z.array(z.string()),
});
export type UnequalStatus = z.infer<typeof unequalStatusSchema>;
