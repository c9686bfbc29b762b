/**
 * The one table of error codes: what each means, what is safe when it comes, and what a person can do about it. `docs/errors.md` is made
 * from it (`npx tsx scripts/errors-doc.ts`), the REST API serves it, and every status with an error carries its help.
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
    help: 'Nothing. The app shuts down, or its work went to another process.',
  },
  INTERNAL: stop({
    cause: 'Something that Lutra does not know happened: a mistake in it, or an answer of a server that it has never met.',
    kept: all,
    help: 'Report it with the log line, and retry: nothing was skipped.',
  }),

  CONFIG_INVALID: stop({
    cause: 'A field of a document, of a request or of the environment is missing, unknown or out of range.',
    kept: nothing,
    help: 'Correct the field that the message names, in the document, the request or the environment.',
  }),
  CONFIG_MISSING: stop({
    cause: 'A region, an endpoint or a channel of that name is not there.',
    kept: nothing,
    help: 'Create the document that is named, or correct the name.',
  }),
  CONFIG_BEHIND: retry({
    cause: 'The routes of a channel were changed and this process has not been told yet, or it cannot read the document that says so.',
    kept: all,
    help: 'Nothing. It goes on as soon as ZooKeeper has told this process. If that lasts, see whether the process reaches ZooKeeper and whether the document is valid.',
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
    help: 'Read the document again and repeat the change.',
  }),
  SECRET_UNREADABLE: stop({
    cause:
      'No process has the key that the password was sealed with; or host, port, user, TLS or key of the endpoint were changed past the REST API; or an earlier version stored it.',
    kept: all,
    help: 'A stored password cannot be opened, and was sent to nobody. See that the key that the message names is in LUTRA_SECRET_KEY or its file on all apps, then retry. If the key is there, GET the endpoint, see whether its server is yours, and PUT it with its password.',
  }),
  SERVER_UNTRUSTED: stop({
    cause:
      'Without TLS, or by a plugin that sends it in clear, the database server wants to be given the password itself: a stranger at its address would have it.',
    kept: 'Everything, the password too: it was not sent.',
    help: "PUT the endpoint with its password and with `tls` (`ca`: the authority that signed the server's certificate), or with `publicKey`: the value of the status variable Caching_sha2_password_rsa_public_key (or the file public_key.pem), read on the server itself. If the server wants mysql_clear_password, give the user another plugin: caching_sha2_password. Then retry.",
  }),

  ZOOKEEPER_UNAVAILABLE: retry({
    cause: 'No ZooKeeper server of the ensemble answers, or it has lost its majority.',
    kept: all,
    help: 'See that a majority of the ZooKeeper servers runs and is reached from here; work resumes by itself. Data that flows goes on meanwhile, configuration and take-over wait.',
  }),
  ZOOKEEPER_DENIED: stop({
    cause: 'A node has an ACL for another ZOOKEEPER_DIGEST than ours.',
    kept: all,
    help: 'ZooKeeper refused access to a node that other credentials created. Give all apps the same user and password for ZooKeeper.',
  }),
  LEASE_LOST: retry({
    cause: 'Our session with ZooKeeper ended, another process took over, or somebody else wrote to the topic.',
    kept: all,
    help: 'Nothing. Another process works now, or this one begins anew with a new session.',
  }),

  KAFKA_UNAVAILABLE: retry({
    cause: 'No broker answers, a partition has no leader, or there are fewer replicas than min.insync.replicas asks for.',
    kept: all,
    help: 'See that the brokers of the region run, that enough replicas are in sync, and that host and port are right from here; work resumes by itself.',
  }),
  KAFKA_REFUSED: stop({
    cause: 'The broker wants other credentials, TLS or another protocol, or its policy forbids the request.',
    kept: all,
    help: 'The message has the reason: correct brokers or tls of the region, or the rights at Kafka; then retry.',
  }),
  TOPIC_MISSING: retry({
    cause: 'Capture of that endpoint has not created the topic yet, or the topic was deleted.',
    kept: all,
    help: 'See that capture of the endpoint runs: it creates the topic. If the topic was deleted, capture says LOG_RECREATED and what to do.',
  }),
  TOPIC_CONFIG: stop({
    cause: 'Retention, cleanup, replication or the number of partitions of the topic is not what the endpoint asks for.',
    kept: log,
    help: 'Set what the message names at the topic (kafka-configs.sh), or change topic of the endpoint to what the topic has; then retry.',
  }),
  RECORD_TOO_LARGE: stop({
    cause: 'A row (both images), compressed, is larger than the endpoint, the topic or the broker allows.',
    kept: log,
    help: 'The message names the table, the row, its bytes, and the limit that is in the way. Raise that one: max.message.bytes of the topic first and then topic.maxMessageBytes of the endpoint, or socket.request.max.bytes of the brokers (*Large rows* in docs/02-setup.md); then retry. Or leave the row out: bring the targets in line by hand and go on behind its transaction, POST /api/v1/endpoints/<name>/restart with its GTID.',
  }),
  SCHEMA_UNKNOWN: retry({
    cause: 'The store of schemas was lost, or another one is used than the one that the topic was written with.',
    kept: target,
    help: 'A record names a schema id that the registry does not have. Check SCHEMA_REGISTRY_URL, or restore ZooKeeper from its export; processes that know the schema give it back by themselves. Work resumes when it is there.',
  }),
  SCHEMA_REGISTRY_UNAVAILABLE: retry({
    cause: 'The external schema registry is down or cannot be reached.',
    kept: all,
    help: 'See that the schema registry that SCHEMA_REGISTRY_URL names runs and is reached from here; work resumes by itself.',
  }),
  SCHEMA_REGISTRY_REFUSED: stop({
    cause: 'The external schema registry does not take a schema, or does not take us.',
    kept: all,
    help: 'The message has the reason: correct URL or credentials, or set the compatibility of the subject to NONE at the registry; then retry.',
  }),
  RECORD_INVALID: stop({
    cause: 'Bytes that Lutra did not write, or that were damaged, are in the topic.',
    kept: source,
    help: 'A record of the topic cannot be decoded. Someone else may write to it: take that right away, stop the channels, compare the tables, and make a new log: POST /api/v1/endpoints/<name>/reset.',
  }),

  LOG_GAP: stop({
    cause: 'The number of a record does not follow the one before it.',
    kept: source,
    help: 'Compare the tables and make the target equal. Where the loader alone stopped, restart the pipeline at the end of the topic (docs/03-rest-api.md, Restart). Where capture stopped too, make a new log: stop the channels, POST /api/v1/endpoints/<name>/reset, and restart the pipelines at its start.',
  }),
  LOG_FOREIGN: stop({
    cause:
      'A record of another log is where the next one of this log must be: the topic was created again, or something copies another topic into it.',
    kept: source,
    help: 'Compare the tables and make the target equal. Where the loader alone stopped, restart the pipeline at the start or the end of the topic (docs/03-rest-api.md, Restart). Where capture stopped too, make a new log: stop the channels, POST /api/v1/endpoints/<name>/reset, and restart the pipelines at its start; and end what writes to the topic.',
  }),
  LOG_TRUNCATED: stop({
    cause: 'The brokers lost records that they had acknowledged: an unclean election, a lost disk, or a topic that was deleted.',
    kept: 'The source, and the target with all that was applied, also of what the topic lost.',
    help: 'Compare the tables and make the target equal. Where the loader alone stopped, restart the pipeline at the end of the topic (docs/03-rest-api.md, Restart). Where capture stopped, make a new log: stop the channels, POST /api/v1/endpoints/<name>/reset, and restart the pipelines at its start.',
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
    help: 'See that the server runs and is reached from here; capture reconnects by itself. If the message begins with TLS, it says what to correct in tls of the endpoint or at the server.',
  }),
  SOURCE_SILENT: retry({
    cause:
      'The source, when asked, says that its binlog is longer than what capture has read, but the connection that brings the binlog (the dump) sends heartbeats only. Something between the two may swallow the events, or the thread of the dump hangs at the source.',
    kept: all,
    help: 'The dump of the source sends heartbeats only, although its binlog grows. Capture connects anew by itself. The suggested alert LutraSourceSilent tells a person at the first time. If the error comes again, look at what lies between capture and the source (a proxy, a load balancer), and at the dump thread in the process list of the source.',
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
    help: 'POST /api/v1/endpoints/<name>/check lists each setting with the statement that mends it; then retry.',
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
    help: 'Another replica, or another live endpoint of Lutra, uses this server_id at this server, perhaps by another name of its host. Give the endpoint a server id of its own: PUT /api/v1/endpoints/<name> with another serverId.',
  }),
  BINLOG_DECODE: stop({
    cause: 'The binlog is damaged, or holds what Lutra has never met.',
    kept: log,
    help: 'An event of the binlog could not be decoded. Nothing was skipped. The message has file, position and GTID. If it is decoded in no attempt, bring the targets in line by hand and go on behind it: POST /api/v1/endpoints/<name>/restart with its GTID.',
  }),
  BINLOG_UNSUPPORTED: stop({
    cause: 'A session wrote routed tables in STATEMENT format, or compressed.',
    kept: log,
    help: 'The binlog holds an event that can carry rows and that Lutra does not read yet (compressed payload, partial JSON, statement-based change). Nothing was skipped. Mend the cause, bring the targets in line by hand, then go on behind the transaction: POST /api/v1/endpoints/<name>/restart with its GTID, which details.gtid has.',
  }),
  XA_ROWS_MISSING: stop({
    cause:
      'An XA transaction was prepared longer ago than the source keeps its binlog, or in a session that wrote none, and was committed now. Its rows stand where it was prepared.',
    kept: log,
    help: 'An XA transaction was committed whose rows the binlog no longer has, so nobody can tell which rows of which tables they are. Find out from its application, bring the targets in line by hand, then go on behind the commit: POST /api/v1/endpoints/<name>/restart with its GTID, which details.gtid has. Keep the binlog for longer than an XA transaction may stay prepared.',
  }),
  COLUMN_UNSUPPORTED: stop({
    cause: 'A row of a table with such a column was written.',
    kept: log,
    help: 'A routed table has a column that cannot be carried; the message names it, and the check before the start names all of them. docs/types.md has the types that are carried. Take the table out of the route, or change the column.',
  }),
  VALUE_UNSUPPORTED: stop({
    cause: 'A value has a form that the target would not store as it is.',
    kept: log,
    help: 'A value cannot be carried over to the byte: the message says why. Change the value at its writer, or the column at the target; where that is not possible, take the table out of the route ("exclude"). Then bring the targets in line by hand and go on behind the transaction: POST /api/v1/endpoints/<name>/restart with its GTID where capture stopped, the skip of the pipeline where the loader did.',
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
    help: 'See that the server runs and is reached from here; the loader reconnects by itself. If the message begins with TLS, it says what to correct in tls of the endpoint or at the server.',
  }),
  TARGET_FULL: retry({
    cause: 'A table, its tablespace, the disk of the data or that of temporary files is full.',
    kept: target,
    help: 'The target has no room for what must be written. Make room; the loader goes on by itself.',
  }),
  TARGET_BUSY: retry({
    cause: 'Somebody else holds a row or a table for longer than the loader waits for it.',
    kept: target,
    help: 'Nothing: the transaction was rolled back and is tried again. If it comes again and again, look in the process list of the target, and in the data locks of its performance schema, for the session that holds the lock, and end it.',
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
    help: 'Nothing while a failover is under way: the loader waits until the server takes writes. If SHOW REPLICA STATUS is not empty there, the endpoint names a replica: give it the host of the primary. Else switch read_only off.',
  }),
  TARGET_SETTINGS: stop({
    cause:
      'A setting of the target refuses what must be written: most often max_allowed_packet is smaller than a row, or max_binlog_cache_size smaller than a transaction.',
    kept: target,
    help: 'POST /api/v1/endpoints/<name>/check lists each setting with the statement that mends it; then retry. For a row larger than max_allowed_packet, or a transaction larger than max_binlog_cache_size, raise that.',
  }),
  TABLE_MISSING: stop({
    cause: 'A routed table exists at the source only, or the user may not see it.',
    kept: target,
    help: 'The target has no such table. Create it as it is at the source, then retry.',
  }),
  COLUMN_MISSING: stop({
    cause: 'The two tables are not alike: DDL ran on one side only, or in another order.',
    kept: target,
    help: 'The target table lacks a column of the source, or has another type or key. Make the target as the source is (where the target is captured too, out of its binlog: docs/02-setup.md, A table that must change), then retry.',
  }),
  ENGINE_UNSUPPORTED: stop({
    cause: 'Writes to a table of another engine cannot be committed together with the checkpoint.',
    kept: target,
    help: 'A target table is not InnoDB: its writes would leave the transaction. POST /api/v1/endpoints/<name>/check gives the statement that converts it without stopping the capture of that server; run it, then retry.',
  }),
  TABLE_SUSPENDED: stop({
    cause:
      'A table that the pipeline routes is not in the log any more, or was suspended at this target, because it could not be carried; and the channel, or another one that reads the same log, says `onUnsupported: "stop"` (the default both ways).',
    kept: target,
    help: 'A table is suspended, and the channel wants to stop there. The message names the table and why. Either put it into "exclude" of the pipelines that carry it, or give the channel "onUnsupported": "suspend". How the table comes back: docs/02-setup.md, A table that is suspended.',
  }),
  ROW_CONFLICT: stop({
    cause: 'Somebody changed the row at the target, or both sides changed it.',
    kept: target,
    help: 'A row at the target is not what the source says it was (missing, a key is taken, or a foreign key refuses it: the message names it). Compare the row on both sides, mend it, then retry. Where the changes of the target are carried back, mend it there in a transaction that is not replicated (docs/02-setup.md, Transactions that are not to be replicated), or the mended row is a conflict on the other side. If both sides changed the row (policy stop), that is not enough: docs/04-conflicts.md, Where a pipeline has stopped. If many rows were changed at the target, rewind the pipeline (docs/03-rest-api.md, Rewind).',
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
    help: 'The message has the table and the error number: make the trigger, CHECK or other rule of the target take what the source has, then retry; or skip the transaction (docs/03-rest-api.md, A pipeline that stopped at a transaction). Of a rewind it says which table cannot be rewound over: rewind less, or mend that table by hand.',
  }),
  FENCED: retry({
    cause: 'The epoch in lutra.checkpoint is not ours any more: a standby took over while we slept.',
    kept: target,
    help: 'Nothing. Another loader has taken the pipeline over; this one rolled back and stands by.',
  }),
  CHECKPOINT_MISSING: stop({
    cause: 'Somebody deleted the row, or the target was restored from a backup that is older than the pipeline.',
    kept: 'The topic. The target has what was applied, but does not know any more what that was.',
    help: 'The row of this pipeline in lutra.checkpoint is gone although the pipeline had applied transactions. Restore it; it says what was applied. If it cannot be restored, make the target equal and restart the pipeline (docs/03-rest-api.md, Restart).',
  }),
  CHECKPOINT_INVALID: stop({
    cause: 'The table was never created, was dropped, renamed or altered.',
    kept: target,
    help: 'Run schemas/lutra.sql at the target as an administrator; if the table was renamed, give it its name back, since its rows say what was applied. Then retry.',
  }),
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof errorTable;
