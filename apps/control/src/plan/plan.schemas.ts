/** What a plan looks like over HTTP. The document itself is text: YAML or JSON (`document`), so that errors have lines and columns. */
import { nameSchema, secretInputSchema } from '@lutra/model';
import { z } from 'zod';
import { problemSchema } from '../http/schemas.js';
import { documentKinds } from './lutra-document.js';

const bodyShape = {
  /** YAML or JSON text of a lutra.yaml, at most 8 MB. */
  document: z.string().max(8 * 1024 * 1024),
  /** Objects that the document does not have are removed. */
  prune: z.boolean().default(false),
  /** Only these, as `channels/orders`, patterns with * and ?. Absent: all. */
  select: z.array(z.string().max(100)).max(100).optional(),
};

export const planBodySchema = z.strictObject(bodyShape);
export type PlanBody = z.infer<typeof planBodySchema>;

const backShape = {
  /** As it was before that change, or as the change made it. */
  to: z.enum(['before', 'after']).default('before'),
  /** By the field: `password`, `kafka.sasl.password`, `kafka.tls.key`. Left out: the stored ones stay. History has none. */
  secrets: z.record(z.string().max(100), secretInputSchema).optional(),
};

export const rollbackBodySchema = z.strictObject(backShape);
export type RollbackBody = z.infer<typeof rollbackBodySchema>;

const rollbackSchema = z.strictObject({
  kind: z.enum(documentKinds),
  name: nameSchema,
  revision: z.int().min(1),
  ...backShape,
});
export type Rollback = z.infer<typeof rollbackSchema>;

export const applyBodySchema = z
  .strictObject({
    ...bodyShape,
    document: bodyShape.document.optional(),
    /** Instead of a document: one that was, of a plan of its history. */
    rollback: rollbackSchema.optional(),
    /** Of the plan that was shown. */
    hash: z.string().max(100),
    /** The counts of the plan, where it asks for them. */
    confirm: z.record(z.string().max(100), z.int()).optional(),
    reason: z.string().max(1000).default(''),
  })
  .refine(({ document, rollback }) => (document === undefined) !== (rollback === undefined), {
    path: ['document'],
    error: 'document or rollback, and not both',
  });
export type ApplyBody = z.infer<typeof applyBodySchema>;

export const planOps = ['create', 'change', 'remove', 'start', 'pause', 'stop'] as const;

export const planChangeSchema = z.strictObject({
  op: z.enum(planOps),
  kind: z.enum(documentKinds),
  name: z.string(),
  /** Field by field, for `change`; secrets as "(secret)" or "(secret, changed)". */
  fields: z.array(z.strictObject({ path: z.string(), from: z.unknown(), to: z.unknown() })),
});
export type PlanChange = z.infer<typeof planChangeSchema>;

export const planProblemSchema = problemSchema.extend({
  line: z.int().optional(),
  column: z.int().optional(),
  /** JSON pointer into the document. */
  pointer: z.string().optional(),
});
export type PlanProblem = z.infer<typeof planProblemSchema>;

export const planSchema = z.strictObject({
  /** Of the changes, their consequences, and the versions of the documents that they were made from. */
  hash: z.string(),
  changes: z.array(planChangeSchema),
  /** What it does to what runs, in words: "stops 3 pipelines". */
  consequences: z.array(z.strictObject({ id: z.string(), what: z.string(), subject: z.string() })),
  counts: z.record(z.string(), z.int()),
  problems: z.array(planProblemSchema),
  /** The counts that `apply` must repeat; null: it need not. */
  confirm: z.record(z.string(), z.int()).nullable(),
  /** Objects that are there and not in the document, and stay: `channels/orders`. */
  unmanaged: z.array(z.string()),
});
export type PlanAnswer = z.infer<typeof planSchema>;

export const appliedSchema = z.strictObject({
  /** Of the configuration, after it. */
  revision: z.int(),
  /** Transactions that it took. */
  writes: z.int(),
  changes: z.array(planChangeSchema),
});
export type AppliedAnswer = z.infer<typeof appliedSchema>;
