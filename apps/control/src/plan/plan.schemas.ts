/** What a plan looks like over HTTP. The document itself is text: YAML or JSON (`document`), so that errors have lines and columns. */
import { z } from 'zod';
import { problemSchema } from '../http/schemas.js';

/** May be removed by `prune`, and named by `select`. */
const kinds = ['regions', 'endpoints', 'channels'] as const;

export const planBodySchema = z.strictObject({
  /** YAML or JSON text of a lutra.yaml, at most 8 MB. */
  document: z.string().max(8 * 1024 * 1024),
  /** Objects that the document does not have are removed. */
  prune: z.boolean().default(false),
  /** Only these, as `channels/orders`, patterns with * and ?. Absent: all. */
  select: z.array(z.string().max(100)).max(100).optional(),
});
export type PlanBody = z.infer<typeof planBodySchema>;

export const applyBodySchema = planBodySchema.extend({
  /** Of the plan that was shown. */
  hash: z.string(),
  /** The counts of the plan, where it asks for them. */
  confirm: z.record(z.string(), z.int()).optional(),
  reason: z.string().max(1000).default(''),
});
export type ApplyBody = z.infer<typeof applyBodySchema>;

export const planChangeSchema = z.strictObject({
  op: z.enum(['create', 'change', 'remove', 'start', 'pause', 'stop']),
  kind: z.enum(kinds),
  name: z.string(),
  /** Field by field, for `change`; secrets as "(secret)" or "(secret, changed)". */
  fields: z.array(z.strictObject({ path: z.string(), from: z.unknown(), to: z.unknown() })),
});

export const planSchema = z.strictObject({
  /** Of the changes, their consequences, and the versions of the documents that they were made from. */
  hash: z.string(),
  changes: z.array(planChangeSchema),
  /** What it does to what runs, in words: "stops 3 pipelines". */
  consequences: z.array(z.strictObject({ id: z.string(), what: z.string(), subject: z.string() })),
  counts: z.record(z.string(), z.int()),
  problems: z.array(problemSchema.extend({ line: z.int().optional(), column: z.int().optional() })),
  /** The counts that `apply` must repeat; null: it need not. */
  confirm: z.record(z.string(), z.int()).nullable(),
  /** Objects that are there and not in the document, and stay: `channels/orders`. */
  unmanaged: z.array(z.string()),
});
export type PlanAnswer = z.infer<typeof planSchema>;
