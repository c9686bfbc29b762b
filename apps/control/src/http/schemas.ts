/** The shapes that only the REST API has, as zod, and the names under which the OpenAPI document lists them all. */
import {
  channelInputSchema,
  channelSchema,
  desiredStates,
  endpointInputSchema,
  endpointSchema,
  kafkaOutputSchema,
  pipelineInputSchema,
  pipelineSchema,
  regionInputSchema,
  regionSchema,
  secretReferenceSchema,
  suspensionSchema,
  seedStates,
  wishesSchema,
  workStates,
  type Position,
  type FilesActivity,
  type WorkStatus,
} from '@lutra/model';
import { z } from 'zod';
import { ddlActivitySchema, ddlHoldSchema, heldSchema } from '../ddl/hold.schemas.js';
import { levelStatusSchema, levelWriteSchema, workerSchema } from '../level/level.schemas.js';
import { confirmWriteSchema, omissionsStatusSchema } from '../status/omissions.schema.js';
import { seedStatusSchema, verificationStatusSchema } from '../status/orders.schema.js';
import { unequalStatusSchema } from '../unequal/unequal.schema.js';
import { routesStateSchema, routesStatusShape } from '../status/routes.schema.js';

export const problemSchema = z.strictObject({
  id: z.string(),
  severity: z.enum(['error', 'warning']),
  what: z.string(),
  /** The statement, or the step, that fixes it. */
  fix: z.string().nullable(),
  /** `schema.table` at the source, where it is of one table alone. */
  table: z.string().optional(),
});

export const checkResultSchema = z.strictObject({
  /** No problem is an error. */
  ok: z.boolean(),
  problems: z.array(problemSchema),
});
export type CheckResult = z.infer<typeof checkResultSchema>;

const fieldErrorSchema = z.strictObject({
  /** JSON pointer into the body, as a fragment: `#/kafka/brokers/0`. */
  pointer: z.string().optional(),
  /** Of the path or the query, or a header. Neither this nor a pointer: it is about the whole request. */
  parameter: z.string().optional(),
  detail: z.string(),
});
export type FieldError = z.infer<typeof fieldErrorSchema>;

/** RFC 9457 (application/problem+json), and what it leaves to us. */
export const errorBodySchema = z.strictObject({
  /** Where the code is explained. */
  type: z.string(),
  title: z.string(),
  status: z.int(),
  /** The same as `message`. */
  detail: z.string(),
  code: z.string(),
  message: z.string(),
  help: z.string(),
  /** Each fault, where there may be several. */
  errors: z.array(fieldErrorSchema),
  details: z.record(z.string(), z.unknown()),
});
export type ErrorBody = z.infer<typeof errorBodySchema>;

/** A region as it is shown: that it has secrets, never the secrets. */
export const regionOutputSchema = regionSchema.extend({ kafka: kafkaOutputSchema });
export type RegionOutput = z.infer<typeof regionOutputSchema>;

/** An endpoint as it is shown: that it has a password, and where a reference leads; never the password. */
export const endpointOutputSchema = endpointSchema
  .omit({ password: true })
  .extend({ passwordSet: z.literal(true), passwordFrom: secretReferenceSchema.optional() });
export type EndpointOutput = z.infer<typeof endpointOutputSchema>;

/** `passwordSet` and `passwordFrom` are let in, so that what GET gave can be sent back; they have no effect. */
export const endpointWriteSchema = endpointInputSchema.extend({ passwordSet: z.boolean().optional(), passwordFrom: z.string().optional() });
export type EndpointWrite = z.infer<typeof endpointWriteSchema>;

/** These are let in for the same reason, and must be what they are: actions change them. */
export const channelWriteSchema = channelInputSchema.extend({
  state: z.enum(desiredStates).optional(),
  attempt: z.int().min(0).optional(),
  wishes: wishesSchema.optional(),
});
export type ChannelWrite = z.infer<typeof channelWriteSchema>;

/** A query parameter: ?force, ?force=true */
export const flagSchema = z
  .enum(['', 'true', 'false'])
  .default('false')
  .transform((text) => text !== 'false');

export const channelActionSchema = z.strictObject({ channel: channelSchema, problems: z.array(problemSchema) });
export type ChannelAction = z.infer<typeof channelActionSchema>;

const positionSchema = z.object({
  file: z.string(),
  pos: z.number(),
  gtidSet: z.string().nullable(),
  fileCreated: z.number().optional(),
}) satisfies z.ZodType<Position>;

const errorReportSchema = z.object({
  code: z.string(),
  message: z.string(),
  help: z.string(),
  at: z.number(),
  details: z.record(z.string(), z.unknown()),
});

/** The status of one worker; documents @lutra/model's WorkStatus and validates nothing. */
const seedActivitySchema = z.object({
  uid: z.string(),
  /** Id of the order. */
  request: z.string(),
  state: z.enum([...seedStates, 'done']),
  tables: z.number(),
  tablesDone: z.number(),
  refused: z.array(z.object({ database: z.string(), table: z.string(), code: z.string(), message: z.string() })).readonly(),
  rows: z.number(),
  rowsEstimated: z.number().nullable(),
  rowsPerSecond: z.number(),
  etaMs: z.number().nullable(),
  waitingFor: z.string().nullable(),
});

const filesActivitySchema = z.object({
  rows: z.number(),
  files: z.number(),
  waiting: z
    .array(
      z.object({
        root: z.string(),
        path: z.string(),
        database: z.string(),
        table: z.string(),
        key: z.string(),
        phase: z.enum(['asked', 'hashing', 'sending', 'checking', 'missing', 'unstable']),
        size: z.number().nullable(),
        done: z.number(),
        bytesPerSecond: z.number(),
        since: z.number(),
      }),
    )
    .readonly(),
  trouble: z.object({ code: z.string(), message: z.string(), since: z.number() }).optional(),
  held: z
    .array(z.object({ root: z.string(), files: z.number() }))
    .readonly()
    .optional(),
}) satisfies z.ZodType<FilesActivity>;

const workStatusSchema = z.object({
  app: z.enum(['capture', 'loader', 'files']),
  name: z.string(),
  /** Loader: of the pipeline, once it works on it. */
  uid: z.string().nullable(),
  instance: z.string(),
  state: z.enum(workStates),
  waitingFor: z.string().nullable(),
  epoch: z.number().nullable(),
  rows: z.number(),
  transactions: z.number(),
  rowsPerSecond: z.number(),
  lagMs: z.number().nullable(),
  position: positionSchema.nullable(),
  /** Capture: where the source's own binlog ended when it was last asked. */
  sourceEnd: z.object({ file: z.string(), pos: z.number(), at: z.number() }).nullable(),
  /** Capture: XA transactions without an outcome, and where the oldest one was prepared. */
  prepared: z.object({ count: z.number(), xid: z.string(), file: z.string(), pos: z.number(), sinceMs: z.number() }).nullable(),
  log: z.string().nullable(),
  seq: z.number().nullable(),
  offset: z.number().nullable(),
  marked: z.number(),
  /** Capture: transactions that an application did not want replicated; requests that were not heeded. */
  skipped: z.number(),
  ignored: z.number(),
  routes: z.record(z.string(), z.string()).nullable(),
  suspended: z.array(suspensionSchema).readonly().nullable(),
  /** Capture: entries of lutra.resync that wait, and why none is taken. */
  resync: z.object({ waiting: z.number(), problem: z.string().nullable() }).nullable().default(null),
  /** By which it works; regressed: ZooKeeper does not continue it (CONFIG_REGRESSED). */
  configuration: z.object({ revision: z.number(), write: z.string(), regressed: z.boolean() }).nullable(),
  /** Capture: orders to seed, by pipeline. */
  seeds: z.array(seedActivitySchema).readonly().optional(),
  /** Loader: the schema change at which it holds, and the one that runs at the target. */
  hold: ddlHoldSchema.optional(),
  ddl: ddlActivitySchema.optional(),
  /** Loader: what waits for files. */
  files: filesActivitySchema.optional(),
  lastError: errorReportSchema.nullable(),
  /** Stops that were tried again by themselves within an hour of the last one; that one may be still to come. */
  restarts: z
    .array(z.object({ code: z.string(), at: z.number() }))
    .readonly()
    .optional(),
  updatedAt: z.number(),
}) satisfies z.ZodType<Record<Exclude<keyof WorkStatus, 'seeds' | 'hold' | 'ddl' | 'files' | 'restarts'>, unknown>>;

/** absent: no process works on it although one should. */
const shownStateSchema = z.enum([...workStates, 'absent']);
export type ShownState = z.infer<typeof shownStateSchema>;

const endStatusSchema = z.object({
  endpoint: z.string(),
  state: shownStateSchema,
  /** Why, where the state does not say it by itself. */
  reason: z.string().nullable(),
  /** The process that works, or the first of those that stand by. */
  worker: workStatusSchema.nullable(),
  /** host:pid of the processes that stand by. */
  standbys: z.array(z.string()),
});

export const pipelineStatusSchema = z.object({
  /** `<channel>.<pipeline>` */
  id: z.string(),
  uid: z.string(),
  name: z.string(),
  /** What is wanted of it: the lower one of its own and its channel's. */
  desired: z.enum(desiredStates),
  /** The state of the end that is worse off. */
  state: shownStateSchema,
  reason: z.string().nullable(),
  ...routesStatusShape,
  /** ms: the greater lag of the two ends. What was committed at the source so long ago is applied; null while unknown. */
  lagMs: z.number().nullable(),
  /** Applied at the target. */
  rowsPerSecond: z.number(),
  rows: z.number(),
  transactions: z.number(),
  position: positionSchema.nullable(),
  /** Tables that are not replicated, until an operator brings them back. */
  suspended: z.array(suspensionSchema),
  /** The schema change at which it holds; null: it does not. GET …/ddl has its text. */
  held: heldSchema.nullable(),
  /** null: none was ordered. */
  seed: seedStatusSchema.nullable(),
  lastError: errorReportSchema.nullable(),
  source: endStatusSchema,
  target: endStatusSchema,
});

export const channelStatusSchema = z.object({
  name: z.string(),
  desired: z.enum(desiredStates),
  state: shownStateSchema,
  /** in force: in all its pipelines. */
  routes: routesStateSchema,
  omissions: omissionsStatusSchema,
  /** null: none was ordered. */
  verification: verificationStatusSchema.nullable(),
  /** Tables that are not known to be equal, as the targets said last; null: not asked yet. */
  unequal: unequalStatusSchema.nullable(),
  pipelines: z.array(pipelineStatusSchema),
});

export const statusSchema = z.object({
  zooKeeper: z.enum(['connected', 'disconnected']),
  /** Number of the configuration's last write; null before the first. */
  revision: z.number().nullable(),
  /** Documents that cannot be read, as "channel orders": apps keep their last good version, and they are in no list. */
  invalid: z.array(z.string()),
  channels: z.array(channelStatusSchema),
});

export type EndStatus = z.infer<typeof endStatusSchema>;
export type PipelineStatus = z.infer<typeof pipelineStatusSchema>;
export type ChannelStatus = z.infer<typeof channelStatusSchema>;
export type Status = z.infer<typeof statusSchema>;

/** Where a pipeline stands. null: there is none yet. */
export const pipelinePositionSchema = z.object({
  /** `<channel>.<pipeline>` */
  pipeline: z.string(),
  uid: z.string(),
  /** The row in lutra.checkpoint: everything up to `seq` has been applied. */
  checkpoint: z
    .object({
      log: z.string(),
      seq: z.number(),
      nextOffset: z.number(),
      gtid: z.string().nullable(),
      /** Commit time of the last applied transaction at the source, µs since 1970. */
      sourceUs: z.number(),
      origin: z.string(),
      epoch: z.number(),
      /** After a rewind: up to this seq everything was applied before, and is applied in safe mode. −1: nothing was. */
      replayUntil: z.number(),
    })
    .nullable(),
  /** Offsets that the broker has now: first, and after the last. */
  topic: z.object({ name: z.string(), start: z.number(), end: z.number() }).nullable(),
  /** The last heartbeat that capture saw acknowledged and noted in ZooKeeper. */
  captured: z.object({ log: z.string(), seq: z.number(), position: positionSchema }).nullable(),
  /** Records that the loader has still to handle; it says so once a second at most. */
  recordsBehind: z.number().nullable(),
  /** A transaction that will be skipped. */
  skip: z.object({ log: z.string(), seq: z.number(), reason: z.string() }).nullable(),
});
export type PipelinePosition = z.infer<typeof pipelinePositionSchema>;

export const skipWriteSchema = z.strictObject({
  /** `lastError.details.seq` of the pipeline's status, or `held.seq`. */
  seq: z.int().min(0),
  /** Why, for who reads lutra.skipped later. */
  reason: z.string().min(1).max(1000),
});
export type SkipWrite = z.infer<typeof skipWriteSchema>;

export const schemaNames: ReadonlyMap<unknown, string> = new Map<unknown, string>([
  [regionInputSchema, 'Region'],
  [regionOutputSchema, 'Region'],
  [endpointWriteSchema, 'Endpoint'],
  [endpointOutputSchema, 'Endpoint'],
  [channelWriteSchema, 'Channel'],
  [channelSchema, 'Channel'],
  [pipelineSchema, 'Pipeline'],
  [pipelineInputSchema, 'Pipeline'],
  [problemSchema, 'Problem'],
  [checkResultSchema, 'CheckResult'],
  [channelActionSchema, 'ChannelAction'],
  [channelStatusSchema, 'ChannelStatus'],
  [statusSchema, 'Status'],
  [pipelinePositionSchema, 'PipelinePosition'],
  [skipWriteSchema, 'Skip'],
  [omissionsStatusSchema, 'Omissions'],
  [confirmWriteSchema, 'Confirmation'],
  [levelStatusSchema, 'Level'],
  [levelWriteSchema, 'Level'],
  [workerSchema, 'Worker'],
  [errorBodySchema, 'Error'],
]);
