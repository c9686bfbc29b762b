/** Bodies and answers of operations. */
import { acceptable, nameSchema, operationKinds, operationSchema, operationSteps } from '@lutra/model';
import { z } from 'zod';

export const operationWriteSchema = z.strictObject({
  kind: z.enum(operationKinds),
  /** Endpoint at which clients stop writing. Left out: the source, where the channel has one. */
  from: nameSchema.optional(),
  /** Endpoint at which clients write afterwards. Left out: where `from` leads, if to one only. */
  to: nameSchema.optional(),
  /** Count the rows of both sides while nobody writes. */
  count: z.boolean().default(false),
  /** The region of `to` is at home afterwards. */
  moveHome: z.boolean().default(false),
  /** What is not waited for: a person vouches for it. */
  accept: z.array(z.enum(acceptable)).max(acceptable.length).default([]),
  reason: z.string().min(1).max(1000),
});
export type OperationWrite = z.infer<typeof operationWriteSchema>;

export const operationShownSchema = operationSchema.extend({
  channel: nameSchema,
  /** Steps that are still to come, the one under way first. */
  left: z.array(z.enum(operationSteps)),
  /** It can be taken back. */
  mayAbort: z.boolean(),
});
export type OperationShown = z.infer<typeof operationShownSchema>;

export const operationsSchema = z.strictObject({ operations: z.array(operationShownSchema) });
export type OperationsShown = z.infer<typeof operationsSchema>;

/** What `dryRun` answers: the first look. */
export const operationLookSchema = z.strictObject({
  from: nameSchema,
  to: nameSchema,
  steps: z.array(z.enum(operationSteps)),
  /** What the first look says. */
  found: z.string(),
  /** Nothing is in the way. */
  ok: z.boolean(),
  fix: z.string().nullable(),
});
export type OperationLook = z.infer<typeof operationLookSchema>;

export const operationAnswerSchema = z.union([operationShownSchema, operationLookSchema]);
export type OperationAnswer = z.infer<typeof operationAnswerSchema>;

export const confirmSchema = z.strictObject({
  id: z.string(),
  step: z.enum(operationSteps),
});
export type Confirm = z.infer<typeof confirmSchema>;

export const resumeSchema = z.strictObject({ id: z.string(), accept: z.array(z.enum(acceptable)).min(1).max(acceptable.length) });
export type Resume = z.infer<typeof resumeSchema>;

export const abortSchema = z.strictObject({ id: z.string(), reason: z.string().min(1).max(1000) });
export type Abort = z.infer<typeof abortSchema>;

/** A login that may set read_only: used for this one statement, and kept nowhere. */
export const readOnlySchema = z.strictObject({
  id: z.string(),
  user: z.string().min(1).max(100),
  password: z.string().max(1000),
});
export type ReadOnlyLogin = z.infer<typeof readOnlySchema>;
