/**
 * The configuration documents: one zod schema each is the REST body, the ZooKeeper document and the TypeScript type.
 * Validated on write and on read. Unknown fields are refused, so that a misspelt one is not silently without effect.
 */
import { z } from 'zod';
import { autoRestartSchema } from './auto-restart.js';
import { hostSchema, nameSchema, publicKeySchema, serverTlsSchema } from './config-fields.js';
import { conflictRuleSchema } from './conflict-policy.js';
import { ddlSettingsSchema, schemaHomeSchema } from './ddl.js';
import { SyncError } from './errors.js';
import { fileRuleSchema } from './file-rule.js';
import { kafkaInputSchema, kafkaSchema } from './kafka-fields.js';
import { excludedSchema, patternSchema } from './name-pattern.js';
import { sealedSecretSchema, secretInputSchema } from './secret-fields.js';
import { pipelineUidSchema } from './pipeline-uid.js';
import { since } from './stored-document.js';

const regionBase = {
  name: nameSchema,
  description: z.string().max(500).default(''),
  /** Bytes a second that its files apps fetch, by the region that they come from; a region that is not named has no limit. */
  filesLimits: since(4, z.record(nameSchema, z.int().min(1024)).optional()),
};

/** As stored. */
export const regionSchema = z.strictObject({ ...regionBase, kafka: kafkaSchema });
export type RegionDocument = z.infer<typeof regionSchema>;
export const regionInputSchema = z.strictObject({ ...regionBase, kafka: kafkaInputSchema });
export type RegionInput = z.infer<typeof regionInputSchema>;

export const startSchema = z.discriminatedUnion('from', [
  z.strictObject({ from: z.literal('now') }),
  z.strictObject({ from: z.literal('gtid'), gtidSet: z.string() }),
  z.strictObject({ from: z.literal('position'), file: z.string().min(1), pos: z.int().min(4) }),
]);

const topicSchema = z.strictObject({
  replicationFactor: z.int().min(1).default(1),
  minInsyncReplicas: z.int().min(1).default(1),
  /** ms that the topic keeps records; a loader that is down for longer loses its position (LOG_START_LOST). */
  retentionMs: z
    .int()
    .min(60_000)
    .default(7 * 24 * 3600 * 1000),
  /** Bytes of the largest record batch. */
  maxMessageBytes: z
    .int()
    .min(100_000)
    .default(8 * 1024 * 1024),
});

const endpointBase = {
  name: nameSchema,
  region: nameSchema,
  description: z.string().max(500).default(''),
  host: hostSchema,
  port: z.int().min(1).max(65535).default(3306),
  /** Replicas of it that may be promoted: POST …/follow makes one of them the endpoint's server, with the same login. */
  standbys: since(
    5,
    z
      .array(z.strictObject({ host: hostSchema, port: z.int().min(1).max(65535).default(3306) }))
      .max(10)
      .optional(),
  ),
  user: z.string().min(1),
  tls: serverTlsSchema.optional(),
  /** PEM of the server's RSA key, for logging in without TLS: SHOW STATUS LIKE 'Caching_sha2_password_rsa_public_key'. */
  publicKey: publicKeySchema.optional(),
  /** The server id under which capture reads the binlog: unique among all replicas of that server. */
  serverId: z
    .int()
    .min(1)
    .max(2 ** 32 - 1),
  /** Codes of stops after which its capture tries again by itself, three times within an hour. */
  autoRestart: since(5, autoRestartSchema.optional()),
  /** Where the topic begins. Used only while the topic is new. */
  start: startSchema.default({ from: 'now' }),
  topic: topicSchema.prefault({}),
};

/** As stored. */
export const endpointSchema = z.strictObject({ ...endpointBase, password: sealedSecretSchema });
export type EndpointDocument = z.infer<typeof endpointSchema>;
/** As sent to the REST API: the password in clear or as a reference, or left out to keep the stored one. */
export const endpointInputSchema = z.strictObject({ ...endpointBase, password: secretInputSchema.optional() });
export type EndpointInput = z.infer<typeof endpointInputSchema>;

export const routeSchema = z.strictObject({
  schema: patternSchema,
  table: patternSchema.default('*'),
  /** Tables of the source that this route passes on to the next one that matches. */
  exclude: z.array(excludedSchema).optional(),
  /** Target names where they differ; only for a route without wildcards in the part that is renamed. */
  to: z.strictObject({ schema: patternSchema.optional(), table: patternSchema.optional() }).optional(),
  /** Files that its rows name, and that are at the target before them. */
  files: since(4, z.array(fileRuleSchema).min(1).optional()),
});
export type Route = z.infer<typeof routeSchema>;

const pipelineBase = {
  /** Unique within its channel. */
  name: nameSchema,
  source: nameSchema,
  target: nameSchema,
  routes: z.array(routeSchema).min(1),
  /** Tables of the source that the pipeline does not carry, whatever its routes say. */
  exclude: z.array(excludedSchema).optional(),
  /**
   * Carries on what loaders wrote at the source, too: a cascade or a hub. Without it each region's rows come by a pipeline of their own.
   */
  forwards: z.boolean().default(false),
  /** What is done with schema changes of the source. */
  ddl: since(3, ddlSettingsSchema.optional()),
};

/** As stored. */
export const pipelineSchema = z.strictObject({
  ...pipelineBase,
  /** Made by control when the pipeline is created. */
  uid: pipelineUidSchema,
});
export type PipelineDocument = z.infer<typeof pipelineSchema>;
/** As sent to the REST API. */
export const pipelineInputSchema = z.strictObject({
  ...pipelineBase,
  /** May be repeated; it cannot be chosen. */
  uid: pipelineUidSchema.optional(),
  /** At its creation: the uid of a pipeline that was removed, at whose position this one goes on. */
  adopt: pipelineUidSchema.optional(),
});
export type PipelineInput = z.infer<typeof pipelineInputSchema>;

export const conflictsSchema = z.strictObject({
  /**
   * The region that has the last word, whatever the policy; needed as soon as a table that flows both ways has another policy than `stop`.
   */
  home: nameSchema.optional(),
  rules: z.array(conflictRuleSchema).default([]),
  /** Days that lutra.conflict keeps its rows. */
  retentionDays: z.int().min(1).max(3650).default(30),
});
export type ConflictsDocument = z.infer<typeof conflictsSchema>;

export const desiredStates = ['running', 'paused', 'stopped'] as const;
/** running · paused: loaders wait, captures go on · stopped: captures of endpoints that no other channel uses stop too */
export type DesiredState = (typeof desiredStates)[number];

export const unsupportedPolicies = ['stop', 'suspend'] as const;
/** What a table costs that cannot be replicated: stop · its endpoint or pipeline, suspend · that table. */
export type UnsupportedPolicy = (typeof unsupportedPolicies)[number];

/** A table that a person has suspended. */
export const suspendedByPersonSchema = z.strictObject({
  database: z.string().min(1),
  name: z.string().min(1),
  /** Who, why, and when (ms since 1970). */
  by: z.string(),
  reason: z.string().min(1).max(1000),
  at: z.int().min(0),
});
export type SuspendedByPerson = z.infer<typeof suspendedByPersonSchema>;

/** What is wanted of pipelines on their own, by uid. */
const wishesShape = {
  /** Less than what is wanted of the channel: the lower one counts. */
  pipelines: since(5, z.record(pipelineUidSchema, z.enum(desiredStates)).optional()),
  /** As `attempt` of the channel. */
  attempts: since(5, z.record(pipelineUidSchema, z.int().min(0)).optional()),
  /** Tables of the source that a person has suspended. */
  suspended: since(5, z.record(pipelineUidSchema, z.array(suspendedByPersonSchema)).optional()),
};
export const wishesSchema = z.strictObject(wishesShape);
export type Wishes = Readonly<z.infer<typeof wishesSchema>>;

export const channelSchema = z.strictObject({
  name: nameSchema,
  description: z.string().max(500).default(''),
  pipelines: z.array(pipelineSchema).min(1),
  conflicts: conflictsSchema.prefault({}),
  /** Left out: `stop` where something flows both ways, else `suspend` (unsupportedPolicy()). */
  onUnsupported: z.enum(unsupportedPolicies).optional(),
  /** Whose schema changes run everywhere, where something flows both ways; the first that matches, else `conflicts.home`. */
  schemaHomes: since(3, z.array(schemaHomeSchema).optional()),
  /** When its pipelines begin, they copy what is at their sources: no dump is needed. */
  seed: since(2, z.boolean().optional()),
  /** Which table otter's manager gave which id: retl.retl_buffer at the source names a table by it. */
  otterTables: since(2, z.record(z.string().regex(/^[1-9]\d*$/), z.string().regex(/^[^.]+\..+$/)).optional()),
  /** Codes of stops after which a loader of it tries again by itself, three times within an hour. */
  autoRestart: since(5, autoRestartSchema.optional()),
  state: z.enum(desiredStates).default('stopped'),
  /** Raised by "retry now": a stopped endpoint or pipeline tries again when it changes. */
  attempt: z.int().min(0).default(0),
  /** Of its pipelines. */
  wishes: wishesSchema.optional(),
});
export type ChannelDocument = z.infer<typeof channelSchema>;
/** As stored: what is wanted of it is a node of its own, so that a start changes no version of the document. */
export const storedChannelSchema = channelSchema.omit({ state: true, attempt: true, wishes: true });
export type StoredChannel = z.infer<typeof storedChannelSchema>;
/** As sent to the REST API. */
export const channelInputSchema = storedChannelSchema.extend({ pipelines: z.array(pipelineInputSchema).min(1) });
export type ChannelInput = z.infer<typeof channelInputSchema>;

/** What somebody wants of a channel. */
export const desiredSchema = z.strictObject({
  state: z.enum(desiredStates),
  attempt: z.int().min(0),
  ...wishesShape,
  /** Why, for people. */
  reason: since(5, z.string().max(1000).optional()),
  /** Who asked for it, for people. */
  by: z.string(),
  /** ms since 1970 */
  at: z.int().min(0),
});
export type Desired = z.infer<typeof desiredSchema>;

/** A channel of which nobody has said what is wanted is stopped. */
export function withDesired(channel: StoredChannel, desired: (Pick<Desired, 'state' | 'attempt'> & Wishes) | undefined): ChannelDocument {
  const wishes = desired && wishesOf(desired);
  return { ...channel, state: desired?.state ?? 'stopped', attempt: desired?.attempt ?? 0, ...(wishes && { wishes }) };
}

/** Undefined: none. */
function wishesOf({ pipelines, attempts, suspended }: Wishes): Wishes | undefined {
  const said = Object.entries({ pipelines, attempts, suspended }).filter(([, of]) => of && Object.keys(of).length > 0);
  return said.length > 0 ? Object.fromEntries(said) : undefined;
}

/** The topic of an endpoint's row events. */
export function rowsTopic(endpoint: string): string {
  return `lutra.${endpoint}.rows`;
}

/**
 * Parses a document, naming what and where.
 * @throws SyncError CONFIG_INVALID
 */
export function parseDocument<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const where = result.error.issues.map((issue) => `${issue.path.join('.') || '(document)'}: ${issue.message}`).join('; ');
  throw new SyncError('CONFIG_INVALID', `${what}: ${where}`, { cause: result.error });
}
