/** What the status of a channel says about what was not replicated, and how an operator confirms it. */
import { confirmationSchema, omissionSchema } from '@lutra/model';
import { z } from 'zod';

export const omissionsStatusSchema = z.object({
  /** That nobody has confirmed. */
  count: z.number(),
  /** null: there are none. */
  summary: z.string().nullable(),
  /** The newest 20 of them, oldest first, each with whose it is: `endpoint <name>`, `pipeline <id>`, `channel <name>`. */
  items: z.array(omissionSchema.omit({ n: true }).extend({ of: z.string() })),
  /** The last time that somebody did. */
  confirmed: confirmationSchema.omit({ n: true }).nullable(),
});
export type OmissionsStatus = z.infer<typeof omissionsStatusSchema>;

export const confirmWriteSchema = z.strictObject({
  /** How many the status showed: what came since is not confirmed unseen. */
  count: z.int().min(1),
  by: confirmationSchema.shape.by,
  reason: confirmationSchema.shape.reason,
});
export type ConfirmWrite = z.infer<typeof confirmWriteSchema>;
