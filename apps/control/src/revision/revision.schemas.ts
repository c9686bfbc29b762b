/** Bodies and answers of /api/v1/revision. */
import { treeRevisionSchema } from '@lutra/model';
import { z } from 'zod';
import { problemSchema } from '../http/schemas.js';

const markSchema = z.object({ revision: z.number(), write: z.string() });

export const revisionStatusSchema = z.object({
  /** What stands in ZooKeeper; null: nothing. */
  revision: treeRevisionSchema.omit({ recent: true }).nullable(),
  /** The highest that is known anywhere: an adoption goes above it. */
  highest: z.number(),
  /** Who says CONFIG_REGRESSED, and what it knows. */
  regressed: z.array(
    z.object({
      app: z.enum(['capture', 'loader', 'files', 'control']),
      /** Endpoint or pipeline; null: control itself. */
      name: z.string().nullable(),
      instance: z.string().nullable(),
      /** working: it goes on with the documents that it has · stopped: it applies nothing. */
      is: z.enum(['working', 'stopped']),
      /** null: it knows none, and the tree has documents without a revision. */
      known: markSchema.nullable(),
    }),
  ),
});
export type RevisionStatus = z.infer<typeof revisionStatusSchema>;
export type Regressed = RevisionStatus['regressed'][number];

export const adoptWriteSchema = z.strictObject({
  /** Why, for who reads the log and the revision later. */
  reason: z.string().min(1).max(1000),
  /** A revision that is known somewhere and not to control; absent: the highest that control finds. */
  above: z
    .int()
    .min(0)
    .max(2 ** 48)
    .optional(),
  /** Without it the answer is what the adoption would mean (409), and nothing is changed. */
  accept: z.boolean().default(false),
});
export type AdoptWrite = z.infer<typeof adoptWriteSchema>;

export const adoptAnswerSchema = z.object({
  revision: treeRevisionSchema.omit({ recent: true }),
  consequences: z.array(problemSchema),
});
export type AdoptAnswer = z.infer<typeof adoptAnswerSchema>;
