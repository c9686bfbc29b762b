/**
 * What an operator does in several steps: drain, switch-over, fail-back, failover. Control carries it out, each step of it by looking
 * first. The node is all that a control knows of it, so another control goes on where one has died.
 */
import { z } from 'zod';
import { nameSchema } from './config-fields.js';
import { pipelineUidSchema } from './pipeline-uid.js';
import { randomIdSchema } from './random-id.js';

/**
 * drain: nothing is written at `from` any more, and `to` has all of it · switch-over: the same, and `to` is opened for writes · fail-back:
 * a switch-over to where it was before · failover: `from` is lost, and `to` is opened for writes
 */
export const operationKinds = ['drain', 'switch-over', 'fail-back', 'failover'] as const;
export type OperationKind = (typeof operationKinds)[number];

export const operationStates = ['running', 'aborting', 'done', 'aborted', 'failed'] as const;
export type OperationState = (typeof operationStates)[number];

/** check · confirm · pause · fence · prepared · barrier-back · barrier · counts · home · open-confirm · open: see docs/operations.md */
export const operationSteps = [
  'check',
  'confirm',
  'pause',
  'fence',
  'prepared',
  'barrier-back',
  'barrier',
  'counts',
  'home',
  'confirm-open',
  'open',
] as const;
export type OperationStep = (typeof operationSteps)[number];

/** What a person may accept instead of waiting. */
export const acceptable = ['writes', 'prepared', 'counts', 'lag', 'lost', 'one-way'] as const;
export type Acceptable = (typeof acceptable)[number];

const text = z.string().max(4000);
const ms = z.int().min(0);
const fence = z.strictObject({
  /** Before the operation. */
  readOnly: z.boolean(),
  superReadOnly: z.boolean(),
  /** The operation has closed it. */
  byUs: z.boolean(),
  /** When the server had started that was found closed, in seconds since 1970. One that was restarted since may have been open. */
  started: z.int().optional(),
});
const barrier = z.strictObject({
  /** Of the order; a new one each time that it is given. */
  id: randomIdSchema,
  endpoint: nameSchema,
  at: ms,
});
const count = z.strictObject({
  pipeline: z.string(),
  source: z.string(),
  target: z.string(),
  /** null: not counted in time. */
  atSource: z.int().nullable(),
  atTarget: z.int().nullable(),
});

export const operationSchema = z.strictObject({
  id: randomIdSchema,
  kind: z.enum(operationKinds),
  /** Endpoints. */
  from: nameSchema,
  to: nameSchema,
  /** Rows are counted on both sides while nobody writes. */
  count: z.boolean(),
  /** The region of `to` is at home afterwards. */
  moveHome: z.boolean(),
  accept: z.array(z.enum(acceptable)).readonly(),
  state: z.enum(operationStates),
  /** The one that is under way; of an operation that ended, the last one. */
  step: z.enum(operationSteps),
  steps: z.array(z.strictObject({ step: z.enum(operationSteps), what: text, at: ms })).readonly(),
  /** What the step waits for, and what a person can do about it. Null: nothing. */
  waitsFor: z.strictObject({ what: text, fix: text.nullable(), since: ms }).nullable(),
  /** Steps that a person has confirmed. */
  confirmed: z.array(z.enum(operationSteps)).readonly(),
  facts: z.strictObject({
    fences: z.record(nameSchema, fence),
    barriers: z.partialRecord(z.enum(['barrier-back', 'barrier']), barrier).optional(),
    /** The home before it was moved. */
    home: z.string().nullable().optional(),
    /** uids of pipelines that the operation has paused. */
    paused: z.array(pipelineUidSchema).optional(),
    counts: z.array(count).optional(),
    /** Of `from`, when all of it was at `to`. */
    position: z.strictObject({ file: z.string(), pos: ms, gtidSet: z.string().nullable() }).optional(),
    /** uid → where its checkpoint at the target stood then. */
    applied: z.record(pipelineUidSchema, z.strictObject({ log: z.string(), seq: z.int() })).optional(),
  }),
  by: z.string(),
  reason: z.string().max(1000),
  at: ms,
  endedAt: ms.nullable(),
});
export type OperationDocument = z.infer<typeof operationSchema>;
export type OperationFacts = OperationDocument['facts'];
