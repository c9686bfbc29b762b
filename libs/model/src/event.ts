/**
 * Operational events: JSON on the topic `lutra.events` of a region's Kafka, one record an event, for people and programs that want to be
 * told. They are a notification and not the record: an event may be lost or come twice; what was decided about a conflict stands in
 * lutra.conflict, committed with the decision.
 */
import { z } from 'zod';
import { ddlHoldReasons } from './ddl.js';
import { parseDocument } from './config.js';
import { conflictPolicies } from './conflict-policy.js';
import { SyncError } from './errors.js';
import { newerThanThisBuild } from './levels.js';
import { verifiedFilesSchema } from './verification.js';

export const eventsTopic = 'lutra.events';

export const conflictWinners = ['incoming', 'existing', 'both'] as const;
export const conflictTypes = [
  'insert-exists',
  'update-differs',
  'update-missing',
  'delete-differs',
  'delete-missing',
  'unique-key-taken',
  'key-update-refused',
  'parent-missing',
  'child-exists',
  'seed-differs',
  'repair',
] as const;
export type ConflictType = (typeof conflictTypes)[number];

/** What decided: the policy of the table's rule, an order of seeding, or a repair. */
export const conflictDeciders = [...conflictPolicies, 'seed', 'repair'] as const;
export type ConflictDecider = (typeof conflictDeciders)[number];

/** Of all events. One that has another version is of a later level. */
export const eventVersion = 1;
const versionSchema = z.literal(eventVersion);

/** Column → value, as row-json.ts writes it. */
const jsonRowSchema = z
  .record(z.string(), z.union([z.null(), z.number(), z.string(), z.tuple([z.enum(['i', 'b', 'f']), z.string()]).readonly()]))
  .readonly();

/** Of what a loader tells of its pipeline. */
const aboutPipeline = {
  v: versionSchema,
  /** UUID of the event: the same when it comes twice. */
  id: z.string(),
  /** Of the target. */
  region: z.string(),
  /** `<channel>.<pipeline>`; also the record's key. */
  pipeline: z.string(),
  /** Of the pipeline: another one may have its name later. */
  uid: z.string(),
};

/** A row that both sides changed, as a loader decided about it; sent after the decision was committed. */
export const conflictEventSchema = z.object({
  type: z.literal('conflict'),
  ...aboutPipeline,
  /** ms since 1970: when it was decided, by the loader's clock. */
  at: z.number(),
  /** As it is called at the target; so is the table. */
  schema: z.string(),
  table: z.string(),
  /** The primary key. */
  key: jsonRowSchema,
  conflict: z.enum(conflictTypes),
  policy: z.enum(conflictDeciders),
  winner: z.enum(conflictWinners),
  /** Decided in the home region; false: until the home region has decided. */
  final: z.boolean(),
  /** Of the incoming change. */
  op: z.enum(['c', 'u', 'd']),
  /** Of the incoming change. null: no row. */
  before: jsonRowSchema.nullable(),
  after: jsonRowSchema.nullable(),
  /** As it was at the target. */
  existing: jsonRowSchema.nullable(),
  /** As the decision left it. */
  result: jsonRowSchema.nullable(),
  /** True: the four rows were too large and are left out (null); lutra.conflict has them. */
  cut: z.boolean(),
  /** Last change of the row at the target that the transaction had not seen, in the target's log; null: none is known, the rows differ. */
  localSeq: z.number().nullable(),
  /** Since level 4: that a version named and the row does not any more, the first 20. `sha256`: that the row carried. Left out: none. */
  files: z.array(z.object({ root: z.string(), path: z.string(), sha256: z.string().nullable() })).optional(),
  /** The incoming one: log id and seq of its last record, its commit in µs since 1970 by the source's clock. */
  transaction: z.object({
    log: z.string(),
    seq: z.number(),
    gtid: z.string().nullable(),
    origin: z.string(),
    committedUs: z.number(),
  }),
});
export type ConflictEvent = Readonly<z.infer<typeof conflictEventSchema>>;

/**
 * A schema change at a target: it was carried out, was passed over, or a pipeline holds at it, or no longer does. Its text may hold values,
 * and is in the topic only. Since level 3.
 */
export const ddlEventSchema = z.object({
  type: z.literal('ddl'),
  ...aboutPipeline,
  /** ms since 1970, by the loader's clock. */
  at: z.number(),
  /** done: a person did it there · skipped: a person let it out · seeded: its tables wait for the seed that a person chose */
  phase: z.enum(['applied', 'ignored', 'held', 'done', 'skipped', 'seeded']),
  /** Why it holds; null: it does not. */
  reason: z.enum(ddlHoldReasons).nullable(),
  /** Its kind: ALTER TABLE */
  statement: z.string(),
  /** The tables that it names, as they are called at the source; none where they cannot be made out. */
  tables: z.array(z.object({ schema: z.string(), table: z.string() })).readonly(),
  /** Id of the record, and where it stands in the topic. */
  record: z.string(),
  log: z.string(),
  seq: z.number(),
});
export type DdlEvent = Readonly<z.infer<typeof ddlEventSchema>>;

/** A table that a pipeline does not replicate from a position of the log on, until an operator has brought it back. */
export const tableSuspendedEventSchema = z.object({
  type: z.literal('table-suspended'),
  ...aboutPipeline,
  /** ms since 1970: when the loader committed it, by its clock. */
  at: z.number(),
  /** As it is called at the source; so is the table. */
  schema: z.string(),
  table: z.string(),
  /** Why: an error code, and what it is about. */
  code: z.string(),
  message: z.string(),
  /** Suspended with that table, to which foreign keys of the target tie it; null: for itself. */
  because: z.string().nullable(),
  /** All that the log has up to this position was applied; nothing of the table is behind it. */
  log: z.string(),
  seq: z.number(),
});

/** A row came without its file, which its source region does not have ("missing": "skip" in its rule). Since level 4. */
export const fileMissingEventSchema = z.object({
  type: z.literal('file-missing'),
  ...aboutPipeline,
  /** ms since 1970, by the loader's clock. */
  at: z.number(),
  /** As it is called at the source; so is the table. */
  schema: z.string(),
  table: z.string(),
  /** JSON: the primary key of the row. */
  key: z.string(),
  root: z.string(),
  path: z.string(),
});
export type FileMissingEvent = Readonly<z.infer<typeof fileMissingEventSchema>>;

/** An XA transaction at a source is prepared for long: its rows wait, and its binlog must stay. */
export const xaPreparedEventSchema = z.object({
  type: z.literal('xa-prepared'),
  v: versionSchema,
  /** UUID of the event. */
  id: z.string(),
  /** ms since 1970, by capture's clock. */
  at: z.number(),
  region: z.string(),
  /** Whose source it is; also the record's key. */
  endpoint: z.string(),
  /** As the server prints it: X'67',X'62',1 */
  xid: z.string(),
  gtid: z.string().nullable(),
  /** Where it was prepared in the source's binlog, and when, in ms since 1970 by the source's clock. */
  position: z.object({ file: z.string(), pos: z.number() }),
  sinceMs: z.number(),
});

const counted = z.int().min(0);

/** A comparison of both sides that an operator ordered: it begins, has found a table that is not equal, or has ended. */
export const verificationEventSchema = z.object({
  type: z.literal('verification'),
  v: versionSchema,
  /** UUID of the event. */
  id: z.string(),
  /** ms since 1970, by the clock of the process that compares. */
  at: z.number(),
  /** Of that process. */
  region: z.string(),
  /** Also the record's key. */
  channel: z.string(),
  /** Id of the order. */
  request: z.string(),
  /** From 1. */
  pass: counted,
  phase: z.enum(['begin', 'found', 'end']),
  /** found: the table, by its names at the source; null otherwise. */
  table: z
    .object({
      pipeline: z.string(),
      schema: z.string(),
      table: z.string(),
      missingHere: counted,
      missingThere: counted,
      different: counted,
      extra: counted,
      ranges: counted,
      /** Since level 4. Absent: no file rule is about the table. */
      files: verifiedFilesSchema.optional(),
    })
    .nullable(),
  /** How many tables there are of each verdict so far. */
  tables: z.object({ equal: counted, different: counted, unsettled: counted, refused: counted }),
  /** Since level 4. end: files in roots that no row names. Absent: no root was searched. */
  orphans: counted.optional(),
});

/** Rows that a verification found are made equal: it begins, or has ended. */
export const repairEventSchema = z.object({
  type: z.literal('repair'),
  v: versionSchema,
  /** UUID of the event. */
  id: z.string(),
  /** ms since 1970, by the clock of the process that repairs. */
  at: z.number(),
  /** Of that process. */
  region: z.string(),
  /** Also the record's key. */
  channel: z.string(),
  /** Id of the verification, and of the repair. */
  request: z.string(),
  repair: z.string(),
  phase: z.enum(['begin', 'end']),
  /** Rows, as in the result of the repair. */
  repaired: counted,
  changed: counted,
  refused: counted,
  left: counted,
  /** Since level 5. end: files that no row names, moved to the trash. Absent: that was not asked for. */
  orphansGone: counted.optional(),
});

/** By `type`. Readers pass over types and fields that they do not know, never over another version. */
export const eventSchema = z.discriminatedUnion('type', [
  conflictEventSchema,
  ddlEventSchema,
  tableSuspendedEventSchema,
  fileMissingEventSchema,
  xaPreparedEventSchema,
  verificationEventSchema,
  repairEventSchema,
]);
export type OperationalEvent = z.infer<typeof eventSchema>;

/**
 * As a reader takes it. Null: a type that is not known, which may be passed over.
 * @throws SyncError LEVEL_TOO_NEW for another version, CONFIG_INVALID for what is no event
 */
export function readEvent(value: unknown): OperationalEvent | null {
  const { type, v } = parseDocument(anyEventSchema, value, 'event');
  if (v > eventVersion) throw new SyncError('LEVEL_TOO_NEW', `an event ${type} of version ${v}, ${newerThanThisBuild}`);
  const isKnown = eventSchema.options.some(({ shape }) => shape.type.value === type);
  return isKnown ? parseDocument(eventSchema, value, `event ${type}`) : null;
}

const anyEventSchema = z.looseObject({ type: z.string(), v: z.int().min(1) });

/** For one whose rows are too large to be sent. */
export function withoutRows(event: OperationalEvent): OperationalEvent {
  return event.type === 'conflict' ? { ...event, before: null, after: null, existing: null, result: null, cut: true } : event;
}

/** What it is about, which is the key of its record. */
export function eventKey(event: OperationalEvent): string {
  if ('endpoint' in event) return event.endpoint;
  return 'channel' in event ? event.channel : event.pipeline;
}
