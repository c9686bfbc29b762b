/**
 * The one table of error codes: what each means, what is safe when it comes, and what a person can do about it. `docs/errors.md` is made from it
 * (`npx tsx scripts/errors-doc.ts`), the REST API serves it, and every status with an error carries its help.
 */

/** retry: back off and try again · stop: the endpoint or pipeline waits for a person · abort: we are shutting down */
export type Outcome = 'retry' | 'stop' | 'abort';

interface ErrorText {
  /** What has happened. */
  readonly cause: string;
  /** What is safe, and where the rest is. */
  readonly kept: string;
  /** What a person can do about it, one or two sentences. */
  readonly help: string;
}

export interface ErrorEntry extends ErrorText {
  readonly outcome: Outcome;
}

const stop = (text: ErrorText): ErrorEntry => ({ outcome: 'stop', ...text });
const retry = (text: ErrorText): ErrorEntry => ({ outcome: 'retry', ...text });

const all = 'Everything: what was published and what was applied. Work goes on exactly there.';
const nothing = 'Everything: nothing was changed.';
/** Capture stopped. */
const log = 'The topic up to the last whole transaction; what follows is in the binlog of the source, for as long as it keeps that.';
/** The loader stopped. */
const target = 'The target up to its checkpoint, nothing of the transaction that failed; what follows is in the topic, for its retention.';
/** The log itself is damaged. */
const source = 'The target up to its checkpoint, and the source. Nothing was applied after the fault.';

export const errorTable = {
  ABORTED: {
    outcome: 'abort',
    cause: 'The work was ended: the app shuts down, its configuration changed, or its lease went.',
    kept: all,
    help: 'The app is shutting down or gave up its lease; nothing to do.',
  },
  INTERNAL: stop({
    cause: 'Something that Lutra does not know happened: a mistake in it, or an answer of a server that it has never met.',
    kept: all,
    help: 'An error that Lutra does not know. Nothing was skipped. Report it with the log line.',
  }),

  CONFIG_INVALID: stop({
    cause: 'A field of a document, of a request or of the environment is missing, unknown or out of range.',
    kept: nothing,
    help: 'A configuration document does not have its shape. The message names the document and the field.',
  }),
  CONFIG_MISSING: stop({
    cause: 'A region, an endpoint or a channel of that name is not there.',
    kept: nothing,
    help: 'A document that another one names does not exist. Create it, or correct the name.',
  }),
  CONFIG_BEHIND: retry({
    cause: 'The routes of a channel were changed and this process has not been told yet, or it cannot read the document that says so.',
    kept: all,
    help: 'Goes on by itself as soon as ZooKeeper has told it. If that lasts, see whether this process reaches ZooKeeper and whether the document is valid.',
  }),
  CONFIG_OUTDATED: stop({
    cause:
      'ZooKeeper was restored from an older copy or an older export: the log, or the checkpoint, names a newer revision of the configuration with other routes.',
    kept: 'Everything: what was published and what was applied. What follows is in the binlog of the source and in the topic.',
    help: 'Going on would leave tables out that were carried. Correct the routes of the channel that the message names, or restore the newer configuration. PUT each channel that was changed since the copy again in any case, which gives it a new revision; one that is not wanted any more: create it, and remove it. Then retry.',
  }),
  CONFIG_CONFLICT: stop({
    cause: 'Someone else was faster, or the rules between channels and the checks of the servers forbid the change.',
    kept: nothing,
    help: 'The document was changed by someone else since it was read. Read it again and repeat the change.',
  }),
  SECRET_UNREADABLE: stop({
    cause: 'The processes do not have the same LUTRA_SECRET_KEY, or it was changed after a password had been written.',
    kept: all,
    help: 'A stored password cannot be decrypted: LUTRA_SECRET_KEY differs from the key it was written with. Start with that key, or write the password again.',
  }),

  ZOOKEEPER_UNAVAILABLE: retry({
    cause: 'No ZooKeeper server of the ensemble answers, or it has lost its majority.',
    kept: all,
    help: 'ZooKeeper does not answer. Data that flows goes on; configuration and take-over wait for it.',
  }),
  ZOOKEEPER_DENIED: stop({
    cause: 'A node has an ACL for another ZOOKEEPER_DIGEST than ours.',
    kept: all,
    help: 'ZooKeeper refused access to a node that other credentials created. Give all apps the same user and password for ZooKeeper.',
  }),
  LEASE_LOST: retry({
    cause: 'Our session with ZooKeeper ended, another process took over, or somebody else wrote to the topic.',
    kept: all,
    help: 'Another process holds the lease now, or our session expired. This process stands by.',
  }),

  KAFKA_UNAVAILABLE: retry({
    cause: 'No broker answers, a partition has no leader, or there are fewer replicas than min.insync.replicas asks for.',
    kept: all,
    help: 'Kafka does not answer or refused a request for now. Work resumes by itself.',
  }),
  KAFKA_REFUSED: stop({
    cause: 'The broker wants other credentials, TLS or another protocol, or its policy forbids the request.',
    kept: all,
    help: 'Kafka refused a request for good. The message has its reason (authorisation, configuration).',
  }),
  TOPIC_MISSING: retry({
    cause: 'Capture of that endpoint has not created the topic yet, or the topic was deleted.',
    kept: all,
    help: 'The topic does not exist. Capture creates it when it starts; check that it runs.',
  }),
  TOPIC_CONFIG: stop({
    cause: 'Retention, cleanup, replication or the number of partitions of the topic is not what the endpoint asks for.',
    kept: log,
    help: 'The topic exists with settings that could lose data. The message names each and the value it needs.',
  }),
  RECORD_TOO_LARGE: stop({
    cause: 'A row, compressed, is larger than the topic or the endpoint allows.',
    kept: log,
    help: 'One row is larger than max.message.bytes of the topic. Raise it on broker and topic, and topic.maxMessageBytes of the endpoint, then retry.',
  }),
  SCHEMA_UNKNOWN: retry({
    cause: 'The store of schemas was lost, or another one is used than the one that the topic was written with.',
    kept: target,
    help: 'A record names a schema id that the registry does not have. Check SCHEMA_REGISTRY_URL, or restore ZooKeeper from its export; processes that know the schema give it back by themselves. Work resumes when it is there.',
  }),
  SCHEMA_REGISTRY_UNAVAILABLE: retry({
    cause: 'The external schema registry is down or cannot be reached.',
    kept: all,
    help: 'The schema registry that SCHEMA_REGISTRY_URL names does not answer. Work resumes by itself.',
  }),
  SCHEMA_REGISTRY_REFUSED: stop({
    cause: 'The external schema registry does not take a schema, or does not take us.',
    kept: all,
    help: 'The schema registry refused a request. The message has its reason (URL, credentials, compatibility rule of the subject).',
  }),
  RECORD_INVALID: stop({
    cause: 'Bytes that Lutra did not write, or that were damaged, are in the topic.',
    kept: source,
    help: 'A record of the topic cannot be decoded. Someone else may write to it: take that right away, stop the channels, compare the tables, and make a new log: POST /api/v1/endpoints/<name>/reset.',
  }),

  LOG_GAP: stop({
    cause: 'The number of a record does not follow the one before it.',
    kept: source,
    help: 'Records are missing in the topic (seq has a hole). The topic was truncated or edited. Compare the tables, make the target equal, then restart the pipeline at the end of the topic (docs/03-rest-api.md, Restart).',
  }),
  LOG_FOREIGN: stop({
    cause:
      'A record of another log is where the next one of this log must be: the topic was created again, or something copies another topic into it.',
    kept: source,
    help: 'The topic has another log id than the checkpoint: it was deleted and created again. Compare the tables, make the target equal, then restart the pipeline at the start or the end of the topic (docs/03-rest-api.md, Restart).',
  }),
  LOG_TRUNCATED: stop({
    cause: 'The brokers lost records that they had acknowledged: an unclean election, a lost disk, or a topic that was deleted.',
    kept: 'The source, and the target with all that was applied, also of what the topic lost.',
    help: 'The topic ends before the position that was acknowledged: its tail was lost. Compare the tables, make the target equal, then restart the pipeline at the end of the topic (docs/03-rest-api.md, Restart); if capture stopped, start over.',
  }),
  LOG_RECREATED: stop({
    cause: 'The topic was deleted. Capture has created an empty one and has written nothing to it.',
    kept: source,
    help: 'The topic is empty although this endpoint wrote to it: it was deleted and created again. Stop the channels, compare the tables, and make a new log: POST /api/v1/endpoints/<name>/reset.',
  }),
  LOG_EMPTIED: stop({
    cause: 'Capture was down for longer than the retention of the topic, or somebody removed its records.',
    kept: 'The source, and the target up to its checkpoint.',
    help: 'Retention removed all records of the topic. Stop the channels, compare the tables, and make a new log: POST /api/v1/endpoints/<name>/reset.',
  }),
  LOG_BEGINNING_UNKNOWN: stop({
    cause:
      'The pipeline is new, but its topic was begun for other pipelines, and nothing says which records of the topic the target has already.',
    kept: 'The topic and the target. Nothing was applied.',
    help: 'The pipeline has no place in its topic yet. Say where it begins, for instance behind the place of the dump that the target was loaded from: POST /api/v1/channels/<channel>/pipelines/<pipeline>/restart (docs/02-setup.md, A pipeline on a topic that is in use).',
  }),
  LOG_NOT_CARRIED: stop({
    cause:
      'Behind the checkpoint the topic does not hold the tables of the pipeline any more. The pipeline was removed and came back by an import or an older copy of ZooKeeper, or it was created again after the other channels of its endpoint had been started.',
    kept: 'The target up to the record behind which the topic does not hold the tables. What happened in them after it is in no topic.',
    help: 'The topic left out the tables of the pipeline for a while; what is missing cannot be had from it. Seed the target again, or bring it in line by hand, and say where the pipeline begins: POST /api/v1/channels/<channel>/pipelines/<pipeline>/restart (docs/02-setup.md, A pipeline on a topic that is in use).',
  }),
  LOG_START_LOST: stop({
    cause: 'The loader was down, paused or stopped for longer than the retention of the topic.',
    kept: 'The source, and the target up to its checkpoint.',
    help: 'Retention removed records that the loader had not applied. Seed the target again, then restart the pipeline behind the place of the dump (docs/03-rest-api.md, Restart).',
  }),

  SOURCE_UNAVAILABLE: retry({
    cause:
      'The server is down, cannot be reached, has too many connections, or cut ours; or its certificate is not of the authority in tls.ca.',
    kept: all,
    help: 'The source database does not answer, or its certificate is not accepted (then the message says so: correct tls of the endpoint). Capture reconnects by itself.',
  }),
  SOURCE_SILENT: retry({
    cause:
      'The source, when asked, says that its binlog is longer than what capture has read, but the connection that brings the binlog (the dump) sends heartbeats only. Something between the two may swallow the events, or the thread of the dump hangs at the source.',
    kept: all,
    help: 'The dump of the source sends heartbeats only, although its binlog grows. Capture connects anew by itself. If the error comes again and again, look at what lies between capture and the source (a proxy, a load balancer), and at the dump thread in the process list of the source.',
  }),
  SOURCE_DENIED: stop({
    cause: 'The password was changed, the account is locked, a privilege is missing, or the server demands TLS.',
    kept: log,
    help: 'The source refused the user. The message names what is missing: docs/02-setup.md has the GRANTs, and tls of the endpoint switches TLS on.',
  }),
  SOURCE_SETTINGS: stop({
    cause:
      'The binlog is off or leaves out a database that is needed, what is written to lutra.checkpoint does not come back through it, or events were written without what it takes to read them.',
    kept: log,
    help: 'A setting of the source would lose or falsify rows. POST /api/v1/endpoints/<name>/check lists each with its mend.',
  }),
  SOURCE_PURGED: stop({
    cause: 'Capture was down for longer than the source keeps its binlog, or somebody purged it.',
    kept: 'The topic and the target up to the last whole transaction that was read.',
    help: 'The source no longer has the binlog that comes next. Bring the targets in line, or seed them again from a dump, and let the log go on from the place of the dump: POST /api/v1/endpoints/<name>/restart. For an endpoint whose topic is new, correct its start.',
  }),
  SOURCE_BEHIND: stop({
    cause:
      'The GTIDs or the file of the last published transaction are not at the server: a restored backup, RESET, or another server behind the same name.',
    kept: 'The topic and the target, with transactions that the source has lost.',
    help: 'The source lacks transactions that were already published: it was restored, reset, or is a replica that is behind. Find out which side is right; wait for the replica and retry, or bring the targets in line and let the log go on from a place that the source has: POST /api/v1/endpoints/<name>/restart. For an endpoint whose topic is new, correct its start.',
  }),
  SERVER_ID_TAKEN: stop({
    cause: 'A database replica, or another Lutra, reads this server under the same server id; the server serves the latest only.',
    kept: log,
    help: 'Another replica uses this server_id and cuts our connection. Give the endpoint a server id of its own.',
  }),
  BINLOG_DECODE: stop({
    cause: 'The binlog is damaged, or holds what Lutra has never met.',
    kept: log,
    help: 'An event of the binlog could not be decoded. Nothing was skipped. The message has file, position and GTID. If it is decoded in no attempt, bring the targets in line by hand and go on behind it: POST /api/v1/endpoints/<name>/restart with its GTID.',
  }),
  BINLOG_UNSUPPORTED: stop({
    cause: 'A session wrote in STATEMENT format, in an XA transaction or compressed.',
    kept: log,
    help: 'The binlog holds an event that can carry rows and that Lutra does not read yet (compressed payload, partial JSON, statement-based change, XA). Nothing was skipped. Mend the cause, bring the targets in line by hand, then go on behind the transaction: POST /api/v1/endpoints/<name>/restart with its GTID, which details.gtid has.',
  }),
  COLUMN_UNSUPPORTED: stop({
    cause: 'A row of a table with such a column was written.',
    kept: log,
    help: 'A routed table has a column that cannot be carried; the message names it, and the check before the start names all of them. docs/types.md has the types that are carried. Take the table out of the route, or change the column.',
  }),
  VALUE_UNSUPPORTED: stop({
    cause: 'A value has a form that the target would not store as it is.',
    kept: log,
    help: 'A value cannot be carried over to the byte (for instance a JSON value that holds a DECIMAL). Take the table out of the route, or change the value at its writer, bring the targets in line by hand and go on behind the transaction: POST /api/v1/endpoints/<name>/restart with its GTID.',
  }),
  SESSION_UNSUPPORTED: stop({
    cause:
      'The target cannot run in the session in which the source changed the rows (its time zone, for instance), or conflicts of the table are decided, or its rows are forwarded, and what is written then is written without that session. A generated column, an index or a CHECK would be computed in another way.',
    kept: target,
    help: "A session of the source cannot be set at the target. The message names the setting, or the table that cannot be written under it. For a named time zone, load the time zone tables at the target (mysql_tzinfo_to_sql), then retry. For time_zone = 'SYSTEM', give the target's system the same zone, then retry; and so that it does not come again, give the source a named zone (SET PERSIST time_zone = '…') and let the applications connect anew. Where conflicts are decided or rows are forwarded, let the applications leave time_zone at '+00:00', and sql_mode without the mode that is named. Else make the computed column at the target a plain one and retry, or skip the transaction.",
  }),
  DDL_UNSUPPORTED: stop({
    cause:
      'A statement may have changed the rows or the definition of a routed table. It mentions such a table, or its tables cannot be made out (then the message says why). Everything before it was published.',
    kept: log,
    help: 'DDL may have changed a routed table. The target needs the same change, and must end with the same rows. If details.effect is "same", wait until recordsBehind of all pipelines of the endpoint is 0, and run the same statement at the targets. If it is "differs" or "unknown", the statement would or might do something else there: follow the part of docs/02-setup.md that the message names. Then set ddl of the endpoint to "ignore", wait until its capture runs behind the statement, and set it back to "stop".',
  }),
  LOOP_DETECTED: stop({
    cause:
      'What a loader wrote was published again, because its marker was lost on the way (the loader stops); or its marker stands behind rows, so that it would be (capture stops).',
    kept: target,
    help: 'A transaction came back to a region it has already passed, or would have. Check that all channels share lutra.checkpoint, that markers are not filtered, that lutra.checkpoint has no trigger, and that nobody but Lutra writes there. Where capture stopped at a copy, nothing is missing: go on behind it with POST /api/v1/endpoints/<name>/restart and its GTID, which details.gtid has.',
  }),

  TARGET_UNAVAILABLE: retry({
    cause:
      'The server is down, cannot be reached, has too many connections, or cut ours; or its certificate is not of the authority in tls.ca.',
    kept: all,
    help: 'The target database does not answer, or its certificate is not accepted (then the message says so: correct tls of the endpoint). The loader reconnects by itself.',
  }),
  TARGET_FULL: retry({
    cause: 'A table, its tablespace, the disk of the data or that of temporary files is full.',
    kept: target,
    help: 'The target has no room for what must be written. Make room; the loader goes on by itself.',
  }),
  TARGET_BUSY: retry({
    cause: 'Somebody else holds a row or a table for longer than the loader waits for it.',
    kept: target,
    help: 'A deadlock or a lock wait time-out at the target. The transaction was rolled back and is tried again.',
  }),
  TARGET_CHANGED: retry({
    cause: 'Somebody changed a table at the target (ALTER, a trigger, a foreign key, DROP and CREATE) while the loader was at work.',
    kept: target,
    help: 'A table at the target was changed. Nothing to do: the transaction was rolled back before it wrote a row; the loader reads the definitions of its tables anew and goes on.',
  }),
  TARGET_DENIED: stop({
    cause: 'The password was changed, the account is locked, a privilege is missing, or the server demands TLS.',
    kept: target,
    help: 'The target refused the user. The message names what is missing: docs/02-setup.md has the GRANTs, and tls of the endpoint switches TLS on.',
  }),
  TARGET_READ_ONLY: retry({
    cause: 'read_only or super_read_only is on: a failover is under way, or the endpoint names a replica.',
    kept: target,
    help: 'The target is read-only. The loader waits until it takes writes again.',
  }),
  TARGET_SETTINGS: stop({
    cause:
      'A setting of the target refuses what must be written: most often max_allowed_packet is smaller than a row, or max_binlog_cache_size smaller than a transaction.',
    kept: target,
    help: 'A setting of the target would falsify rows. POST /api/v1/endpoints/<name>/check lists each with its mend.',
  }),
  TABLE_MISSING: stop({
    cause: 'A routed table exists at the source only, or the user may not see it.',
    kept: target,
    help: 'The target has no such table. Create it as it is at the source, then retry.',
  }),
  COLUMN_MISSING: stop({
    cause: 'The two tables are not alike: DDL ran on one side only, or in another order.',
    kept: target,
    help: 'The target table lacks a column of the source, or has another type or key. Make both alike, then retry.',
  }),
  ENGINE_UNSUPPORTED: stop({
    cause: 'Writes to a table of another engine cannot be committed together with the checkpoint.',
    kept: target,
    help: 'A target table is not InnoDB: its writes would leave the transaction. Convert it (ALTER TABLE … ENGINE=InnoDB), then retry.',
  }),
  ROW_CONFLICT: stop({
    cause: 'Somebody changed the row at the target, or both sides changed it.',
    kept: target,
    help: 'A row at the target is not what the source says it was (missing, or a key is taken). Compare the row on both sides, mend it, then retry. If both sides changed it (policy stop), that is not enough: docs/04-conflicts.md, Where a pipeline has stopped. If many rows were changed at the target, rewind the pipeline (docs/03-rest-api.md, Rewind).',
  }),
  CONFLICT_WINDOW_LOST: stop({
    cause: "The source had not seen changes of the target that the target's own topic does not hold any more.",
    kept: target,
    help: 'Whether both sides changed a row cannot be told any more. Give the topics of both endpoints a retention longer than the longest time that a pipeline stands still; to go on now, compare both sides and restart the pipeline at the end of the topic (docs/03-rest-api.md, Restart).',
  }),
  CAPTURE_BEHIND: retry({
    cause: "The target's own capture, or its Kafka, does not publish what is committed there.",
    kept: all,
    help: "Where both sides take writes, a loader must know every change of its target before it writes. It goes on as soon as the target's capture publishes again: see that endpoint's status.",
  }),
  TRIGGER_UNGUARDED: stop({
    cause:
      'The target has a BEFORE INSERT or BEFORE UPDATE trigger that does not mention @lutra_apply: it also fires for the rows that Lutra applies.',
    kept: target,
    help: 'A trigger of the target would change rows that are applied, and the sides would differ. POST /api/v1/endpoints/<name>/check gives the statements that make the trigger do nothing where @lutra_apply is set; run them, then retry. If the trigger is right for applied rows too, mention the variable in its body, in a comment for instance (start the mysql client with --comments, or it leaves comments out).',
  }),
  APPLY_REFUSED: stop({
    cause:
      'A trigger, a CHECK constraint or another rule that the source does not have refuses the row; or a rewind goes over a table whose rows cannot be applied again.',
    kept: target,
    help: 'The target refused a statement. The message has its error number, or says why the table cannot be rewound over. The transaction was rolled back.',
  }),
  FENCED: retry({
    cause: 'The epoch in lutra.checkpoint is not ours any more: a standby took over while we slept.',
    kept: target,
    help: 'Another loader took this pipeline over. This one rolled back and stands by.',
  }),
  CHECKPOINT_MISSING: stop({
    cause: 'Somebody deleted the row, or the target was restored from a backup that is older than the pipeline.',
    kept: 'The topic. The target has what was applied, but does not know any more what that was.',
    help: 'The row of this pipeline in lutra.checkpoint is gone although the pipeline had applied transactions. Restore it; it says what was applied. If it cannot be restored, make the target equal and restart the pipeline (docs/03-rest-api.md, Restart).',
  }),
  CHECKPOINT_INVALID: stop({
    cause: 'The table was never created, was dropped, renamed or altered.',
    kept: target,
    help: 'lutra.checkpoint is missing or its row does not have its shape. Create it from schemas/lutra.sql.',
  }),
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof errorTable;
