/**
 * The one error type and the one table of error codes. A code says what the run loop does with it and what a
 * person can do about it; `docs/errors.md` will be made from this table. Drivers' errors are translated into these codes
 * once, at the boundary, by the driver's code and never by its message text.
 */

/** retry: back off and try again · stop: the endpoint or pipeline waits for a person · abort: we are shutting down */
export type Outcome = 'retry' | 'stop' | 'abort';

interface ErrorHelp {
  readonly outcome: Outcome;
  /** What a person can do about it, one or two sentences. */
  readonly help: string;
}

const stop = (help: string): ErrorHelp => ({ outcome: 'stop', help });
const retry = (help: string): ErrorHelp => ({ outcome: 'retry', help });

export const errorTable = {
  ABORTED: { outcome: 'abort', help: 'The app is shutting down or gave up its lease; nothing to do.' },
  INTERNAL: stop('An error that Lutra does not know. Nothing was skipped. Report it with the log line.'),

  CONFIG_INVALID: stop('A configuration document does not have its shape. The message names the document and the field.'),
  CONFIG_MISSING: stop('A document that another one names does not exist. Create it, or correct the name.'),
  CONFIG_CONFLICT: stop('The document was changed by someone else since it was read. Read it again and repeat the change.'),
  SECRET_UNREADABLE: stop(
    'A stored password cannot be decrypted: LUTRA_SECRET_KEY differs from the key it was written with. Start with that key, or write the password again.',
  ),

  ZOOKEEPER_UNAVAILABLE: retry('ZooKeeper does not answer. Data that flows goes on; configuration and take-over wait for it.'),
  ZOOKEEPER_DENIED: stop(
    'ZooKeeper refused access to a node that other credentials created. Give all apps the same user and password for ZooKeeper.',
  ),
  LEASE_LOST: retry('Another process holds the lease now, or our session expired. This process stands by.'),

  KAFKA_UNAVAILABLE: retry('Kafka does not answer or refused a request for now. Work resumes by itself.'),
  KAFKA_REFUSED: stop('Kafka refused a request for good. The message has its reason (authorisation, configuration).'),
  TOPIC_MISSING: retry('The topic does not exist. Capture creates it when it starts; check that it runs.'),
  TOPIC_CONFIG: stop('The topic exists with settings that could lose data. The message names each and the value it needs.'),
  RECORD_TOO_LARGE: stop('One row is larger than max.message.bytes of the topic. Raise it on broker and topic, then retry.'),
  SCHEMA_UNKNOWN: stop(
    'A record names a schema id that the registry does not have. Check SCHEMA_REGISTRY_URL, or restore ZooKeeper from its export.',
  ),
  SCHEMA_REGISTRY_UNAVAILABLE: retry('The schema registry that SCHEMA_REGISTRY_URL names does not answer. Work resumes by itself.'),
  SCHEMA_REGISTRY_REFUSED: stop(
    'The schema registry refused a request. The message has its reason (URL, credentials, compatibility rule of the subject).',
  ),
  RECORD_INVALID: stop('A record of the topic cannot be decoded. Someone else may write to it.'),

  LOG_GAP: stop(
    'Records are missing in the topic (seq has a hole). The topic was truncated or edited. Compare the tables, then set the position.',
  ),
  LOG_FOREIGN: stop(
    'The topic has another log id than the checkpoint: it was deleted and created again. Compare the tables, then reset the pipeline.',
  ),
  LOG_TRUNCATED: stop(
    'The topic ends before the position that was acknowledged: its tail was lost. Compare the tables, then set the position.',
  ),
  LOG_RECREATED: stop(
    'The topic is empty although this endpoint wrote to it: it was deleted and created again. Reset the endpoint with a start position.',
  ),
  LOG_EMPTIED: stop('Retention removed all records of the topic. Reset the endpoint with a start position, after comparing the tables.'),
  LOG_START_LOST: stop('Retention removed records that the loader had not applied. Compare the tables and seed the target again.'),

  SOURCE_UNAVAILABLE: retry('The source database does not answer. Capture reconnects by itself.'),
  SOURCE_DENIED: stop('The source refused the user. The message names what is missing; docs/02-setup.md has the GRANTs.'),
  SOURCE_SETTINGS: stop(
    'A setting of the source would lose or falsify rows. POST /api/v1/endpoints/<name>/check lists each with its mend.',
  ),
  SOURCE_PURGED: stop('The source no longer has the binlog that comes next. Seed the target again from a dump and set the position.'),
  SOURCE_BEHIND: stop(
    'The source lacks transactions that were already published: it was restored, reset, or is a replica that is behind. Find out which side is right, then set the position.',
  ),
  SERVER_ID_TAKEN: stop('Another replica uses this server_id and cuts our connection. Give the endpoint a server id of its own.'),
  BINLOG_DECODE: stop('An event of the binlog could not be decoded. Nothing was skipped. The message has file and position.'),
  BINLOG_UNSUPPORTED: stop(
    'The binlog holds an event that can carry rows and that Lutra does not read yet (compressed payload, partial JSON, statement-based change, XA). Nothing was skipped.',
  ),
  COLUMN_UNSUPPORTED: stop(
    'A routed table has a column of a type that is not proven lossless yet. Take the table out of the route, or change the column.',
  ),
  VALUE_UNSUPPORTED: stop(
    'A value cannot be carried over to the byte (for instance a JSON value that holds a DECIMAL, or an ENUM with the empty error value).',
  ),
  DDL_UNSUPPORTED: stop(
    'A routed table was changed by DDL. Run the same statement on the other side, set the endpoint\'s ddl to "ignore", and retry; then set it back.',
  ),
  LOOP_DETECTED: stop(
    'A transaction came back to a region it has already passed. Check that all channels share lutra.checkpoint and that markers are not filtered.',
  ),

  TARGET_UNAVAILABLE: retry('The target database does not answer. The loader reconnects by itself.'),
  TARGET_BUSY: retry('A deadlock or a lock wait time-out at the target. The transaction was rolled back and is tried again.'),
  TARGET_DENIED: stop('The target refused the user. The message names what is missing; docs/02-setup.md has the GRANTs.'),
  TARGET_READ_ONLY: retry('The target is read-only. The loader waits until it takes writes again.'),
  TARGET_SETTINGS: stop('A setting of the target would falsify rows. POST /api/v1/endpoints/<name>/check lists each with its mend.'),
  TABLE_MISSING: stop('The target has no such table. Create it as it is at the source, then retry.'),
  COLUMN_MISSING: stop('The target table lacks a column of the source, or has another type or key. Make both alike, then retry.'),
  ENGINE_UNSUPPORTED: stop(
    'A target table is not InnoDB: its writes would leave the transaction. Convert it (ALTER TABLE … ENGINE=InnoDB), then retry.',
  ),
  ROW_CONFLICT: stop(
    'A row at the target is not what the source says it was (missing, or a key is taken). Compare the row on both sides, mend it, then retry.',
  ),
  APPLY_REFUSED: stop('The target refused a statement. The message has its error number. The transaction was rolled back.'),
  FENCED: retry('Another loader took this pipeline over. This one rolled back and stands by.'),
  CHECKPOINT_MISSING: stop(
    'The row of this pipeline in lutra.checkpoint is gone although the pipeline had applied transactions. Restore it; it says what was applied.',
  ),
  CHECKPOINT_INVALID: stop('lutra.checkpoint is missing or its row does not have its shape. Create it from schemas/lutra.sql.'),
} as const satisfies Record<string, ErrorHelp>;

export type ErrorCode = keyof typeof errorTable;

/** Facts about an error for logs and status: table, key, position, pipeline. Never row values, never secrets. */
export type ErrorDetails = Readonly<Record<string, string | number | boolean | null | undefined>>;

export class SyncError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; details?: ErrorDetails } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'SyncError';
    this.code = code;
    this.details = options.details ?? {};
  }

  get outcome(): Outcome {
    return errorTable[this.code].outcome;
  }

  get help(): string {
    return errorTable[this.code].help;
  }
}

/** Any thrown thing as a SyncError: one that is not ours becomes INTERNAL with its cause kept. */
export function toSyncError(error: unknown): SyncError {
  if (error instanceof SyncError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new SyncError('INTERNAL', message, { cause: error });
}
