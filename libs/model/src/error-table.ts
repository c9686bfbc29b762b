/**
 * The one table of error codes: what each means, what is safe when it comes, and what an operator does about it. `docs/errors.md` is made
 * from it (`npx tsx scripts/errors-doc.ts`), the REST API serves it, and every status with an error carries its help.
 */

/** retry: back off and try again · stop: the endpoint or pipeline waits until an operator acts · abort: we are shutting down */
export type Outcome = 'retry' | 'stop' | 'abort';

interface ErrorText {
  /** What has happened. */
  readonly cause: string;
  /** What is safe, and where the rest is. */
  readonly kept: string;
  /** What an operator does about it: an action, or "Nothing." and why. */
  readonly help: string;
}

export interface ErrorEntry extends ErrorText {
  readonly outcome: Outcome;
}

const stop = (text: ErrorText): ErrorEntry => ({ outcome: 'stop', ...text });
const retry = (text: ErrorText): ErrorEntry => ({ outcome: 'retry', ...text });

const all = 'Everything that was published and applied. Work continues exactly there.';
const nothing = 'Everything. Nothing was changed.';
/** Capture stopped. */
const log = 'The topic up to the last whole transaction. Later changes are in the binlog of the source, as long as the source keeps it.';
/** The loader stopped. */
const target = 'The target up to its checkpoint, and nothing of the failed transaction. Later records are in the topic, for its retention.';
/** The log itself is damaged. */
const source = 'The target up to its checkpoint, and the source. Nothing was applied after the fault.';

export const errorTable = {
  ABORTED: {
    outcome: 'abort',
    cause: 'The work was ended: the app shuts down, its configuration changed, or its lease was lost.',
    kept: all,
    help: 'Nothing. The app shuts down, or another process has taken over.',
  },
  INTERNAL: stop({
    cause: 'Lutra met something that it does not know: a bug in it, or an answer of a server that it has never seen.',
    kept: all,
    help: 'Report it with the log line, and retry. Nothing was skipped.',
  }),

  CONFIG_INVALID: stop({
    cause: 'A field of a document, of a request or of the environment is missing, unknown or out of range.',
    kept: nothing,
    help: 'Correct the field that the message names, in the document, the request or the environment.',
  }),
  CONFIG_MISSING: stop({
    cause: 'No region, endpoint or channel has this name.',
    kept: nothing,
    help: 'Create the document that is named, or correct the name.',
  }),
  CONFIG_BEHIND: retry({
    cause:
      'The routes of a channel were changed, and ZooKeeper has not told this process yet, or the process cannot read the new document.',
    kept: all,
    help: 'Nothing. The process continues as soon as ZooKeeper has told it. If the error stays, check that the process reaches ZooKeeper and that the document is valid.',
  }),
  CONFIG_REGRESSED: stop({
    cause:
      'The configuration in ZooKeeper does not continue the one that was worked by: ZooKeeper was restored from an older copy or an older backup, was emptied, or LUTRA_ROOT or ZOOKEEPER names another one.',
    kept: 'Everything that was published and applied. A process that was at work continues with the documents that it has; a process that starts applies no row.',
    help: 'Correct LUTRA_ROOT and ZOOKEEPER, or restore the right ZooKeeper or its newest backup: all processes then continue by themselves. If the tree in ZooKeeper is the right one, say so: POST /api/v1/revision/adopt (docs/02-setup.md, If ZooKeeper loses its data). It lists what would come alive first.',
  }),
  CONFIG_CONFLICT: stop({
    cause: 'Somebody else changed the document meanwhile, or the rules between channels and the checks of the servers forbid the change.',
    kept: nothing,
    help: 'Read the document again and repeat the change.',
  }),
  NOT_ALLOWED: stop({
    cause: 'The person or the token that asks has no role for this, or not on this channel.',
    kept: nothing,
    help: 'Ask an admin for the role, or use a token that has it. GET /api/v1/me shows what you may do.',
  }),
  PLAN_OUTDATED: stop({
    cause: 'What the plan was made from has changed since it was shown, so it would do something else now.',
    kept: nothing,
    help: 'Look at the new plan (details.plan, or lutra plan), and apply that one.',
  }),
  PLAN_UNCONFIRMED: stop({
    cause: 'The plan stops or removes more than a fifth of what runs, or what nobody can count, and its counts were not repeated.',
    kept: nothing,
    help: 'Look at the plan, and repeat its counts: lutra apply --confirm, or `confirm` in the request.',
  }),
  PLAN_TOO_LARGE: stop({
    cause: 'What the plan changes and starts does not fit into one write of ZooKeeper, and cannot be split without a state in between.',
    kept: nothing,
    help: 'Apply it in parts: --select channels/… names what a part has.',
  }),
  SECRET_UNREADABLE: stop({
    cause:
      'A stored secret cannot be opened, and was sent to nobody. No process has the key that it was sealed with; or host, brokers, port, user, mechanism, TLS or key of its endpoint or region were changed past the REST API; or an earlier version stored it.',
    kept: all,
    help: 'Check that the key that the message names is in LUTRA_SECRET_KEY or its file on all apps, then retry. If the key is there, GET the endpoint or region that the message names, check that its servers are yours, and PUT it with its secret.',
  }),
  SECRET_MISSING: retry({
    cause:
      'A document names a secret by a reference (env:… or file:…), and the process that connects does not have it. The message names the reference and the reason.',
    kept: all,
    help: 'Put the file below LUTRA_SECRETS_DIR of the process that reports this (also of control, which checks servers): work resumes by itself. A variable needs a restart of that process. Or PUT the document with the right reference.',
  }),
  SERVER_UNTRUSTED: stop({
    cause:
      'A server asks for the password itself, without TLS or by a plugin that sends it in clear text (a broker: SASL plain): a stranger at its address would get it.',
    kept: 'Everything, the password too: it was not sent.',
    help: "For a database, PUT the endpoint with its password and with `tls` on (`ca`: the authority that signed the server's certificate), or with `publicKey`: the value of the status variable Caching_sha2_password_rsa_public_key (or the file public_key.pem), read on the server itself. If the server asks for mysql_clear_password, give the user another plugin: caching_sha2_password. For Kafka, PUT the region with kafka.tls, or with a SCRAM mechanism. Then retry.",
  }),

  ZOOKEEPER_UNAVAILABLE: retry({
    cause: 'No ZooKeeper server of the ensemble answers, or the ensemble has lost its majority.',
    kept: all,
    help: 'Check that a majority of the ZooKeeper servers runs and can be reached from here; work resumes by itself. Data keeps flowing meanwhile; changes of the configuration and take-overs wait.',
  }),
  ZOOKEEPER_DENIED: stop({
    cause: 'ZooKeeper refused access to a node that was created with another ZOOKEEPER_DIGEST.',
    kept: all,
    help: 'Give all apps the same user and password for ZooKeeper.',
  }),
  LEASE_LOST: retry({
    cause: 'The session with ZooKeeper ended, another process took over, or another leader wrote to the topic.',
    kept: all,
    help: 'Nothing. Another process has taken over, or this one starts again with a new session.',
  }),

  LEVEL_TOO_NEW: stop({
    cause:
      "The cluster's level is above what this build knows, or this build met a record, a field, a column or an event of a later level: the process is older than the others.",
    kept: all,
    help: 'Replace the process that says so with the version that the others run: GET /api/v1/level and GET /api/v1/workers list all processes. The level never falls.',
  }),
  LEVEL_TOO_OLD: stop({
    cause: "The cluster's level is below what this build can write: the process is newer than the level that was raised last.",
    kept: all,
    help: "Run the version before it, and raise the level with POST /api/v1/level to the lowest one that this build knows; then start this build. The error's details have both numbers.",
  }),

  KAFKA_UNAVAILABLE: retry({
    cause: 'No broker answers, a partition has no leader, or fewer replicas are in sync than min.insync.replicas requires.',
    kept: all,
    help: 'Check that the brokers of the region run, that enough replicas are in sync, and that host and port are right from here; work resumes by itself.',
  }),
  KAFKA_REFUSED: stop({
    cause: 'The broker requires TLS, a certificate or another protocol, or its policy forbids the request.',
    kept: all,
    help: 'Correct brokers or tls of the region, or the policy at Kafka, as the message says; then retry.',
  }),
  KAFKA_DENIED: stop({
    cause:
      'The broker refuses the user of the region: password, mechanism, or an ACL is missing. The message names the user or the ACL, and details.kafka has the word of the broker.',
    kept: all,
    help: 'Correct kafka.sasl of the region (PUT with its password), or grant the ACL that the message names (docs/02-setup.md, Kafka with SASL and ACLs); then retry.',
  }),
  TOPIC_MISSING: retry({
    cause: 'Capture of that endpoint has not created the topic yet, or the topic was deleted.',
    kept: all,
    help: 'Check that capture of the endpoint runs: it creates the topic. If the topic was deleted, capture reports LOG_RECREATED and what to do.',
  }),
  TOPIC_CONFIG: stop({
    cause: 'Retention, cleanup, replication or the number of partitions of the topic differs from what the endpoint requires.',
    kept: log,
    help: 'Set what the message names at the topic (kafka-configs.sh), or change topic of the endpoint to what the topic has; then retry.',
  }),
  RECORD_TOO_LARGE: stop({
    cause: 'A row (both images), compressed, is larger than the endpoint, the topic or the broker allows.',
    kept: log,
    help: 'Raise the limit that the message names, beside the table, the row and its bytes: max.message.bytes of the topic first and then topic.maxMessageBytes of the endpoint, or socket.request.max.bytes of the brokers (*Large rows* in docs/02-setup.md); then retry. Or leave the row out: bring the targets in line by hand, and continue after its transaction with POST /api/v1/endpoints/<name>/restart and its GTID.',
  }),
  SCHEMA_UNKNOWN: retry({
    cause:
      'A record names a schema id that the registry does not have. The store of schemas was lost, or it is not the one that the topic was written with.',
    kept: target,
    help: 'Check SCHEMA_REGISTRY_URL, or restore ZooKeeper from its backup. Processes that know the schema register it again by themselves. Work resumes when the schema is there.',
  }),
  SCHEMA_REGISTRY_UNAVAILABLE: retry({
    cause: 'The external schema registry is down or cannot be reached.',
    kept: all,
    help: 'Check that the schema registry that SCHEMA_REGISTRY_URL names runs and can be reached from here; work resumes by itself.',
  }),
  SCHEMA_REGISTRY_REFUSED: stop({
    cause: 'The external schema registry refuses a schema, or refuses access.',
    kept: all,
    help: 'Correct URL or credentials as the message says, or set the compatibility of the subject to NONE at the registry; then retry.',
  }),
  RECORD_INVALID: stop({
    cause: 'A record of the topic cannot be decoded: the topic has bytes that Lutra did not write, or that were damaged.',
    kept: source,
    help: 'Take the right to write to the topic from everybody else, stop the channels, compare the tables, and create a new log: POST /api/v1/endpoints/<name>/reset.',
  }),

  LOG_GAP: stop({
    cause: 'The seq of a record does not follow the one before it.',
    kept: source,
    help: 'Compare the tables and make the target equal. If only the loader stopped, restart the pipeline at the end of the topic (docs/03-rest-api.md, Restart). If capture stopped too, create a new log: stop the channels, POST /api/v1/endpoints/<name>/reset, and restart the pipelines at its start.',
  }),
  LOG_FOREIGN: stop({
    cause:
      'A record of another log stands where the next one of this log must be: the topic was created again, or something copies another topic into it.',
    kept: source,
    help: 'Stop whatever else writes to the topic. Compare the tables and make the target equal. If only the loader stopped, restart the pipeline at the start or the end of the topic (docs/03-rest-api.md, Restart). If capture stopped too, create a new log: stop the channels, POST /api/v1/endpoints/<name>/reset, and restart the pipelines at its start.',
  }),
  LOG_TRUNCATED: stop({
    cause: 'The brokers lost records that they had acknowledged: an unclean election, a lost disk, or a deleted topic.',
    kept: 'The source, and the target with everything that was applied, also what the topic lost.',
    help: 'Compare the tables and make the target equal. If only the loader stopped, restart the pipeline at the end of the topic (docs/03-rest-api.md, Restart). If capture stopped, create a new log: stop the channels, POST /api/v1/endpoints/<name>/reset, and restart the pipelines at its start.',
  }),
  LOG_RECREATED: stop({
    cause:
      'The topic is empty although this endpoint wrote to it: it was deleted and created again. Capture has written nothing to the new one.',
    kept: source,
    help: 'Stop the channels, compare the tables, and create a new log: POST /api/v1/endpoints/<name>/reset.',
  }),
  LOG_EMPTIED: stop({
    cause: 'The topic has lost all its records: capture was down for longer than the retention, or somebody removed them.',
    kept: 'The source, and the target up to its checkpoint.',
    help: 'Stop the channels, compare the tables, and create a new log: POST /api/v1/endpoints/<name>/reset.',
  }),
  LOG_START_UNKNOWN: stop({
    cause:
      'The pipeline is new, but its topic was started for other pipelines, and nothing says which records of the topic the target has already.',
    kept: 'The topic and the target. Nothing was applied.',
    help: 'Say where the pipeline starts, for instance after the position of the dump that the target was loaded from: POST /api/v1/channels/<channel>/pipelines/<pipeline>/restart (docs/02-setup.md, A pipeline on a topic that is in use).',
  }),
  LOG_LACKS_TABLES: stop({
    cause:
      'After the checkpoint, the topic left out the tables of the pipeline for a while. The pipeline was removed and came back by an import or an older copy of ZooKeeper, or it was created again after the other channels of its endpoint had been started.',
    kept: 'The target up to the record after which the topic does not hold the tables. Later changes of them are in no topic.',
    help: 'Seed the target again, or bring it in line by hand, because the topic does not have what is missing. Then say where the pipeline starts: POST /api/v1/channels/<channel>/pipelines/<pipeline>/restart (docs/02-setup.md, A pipeline on a topic that is in use).',
  }),
  LOG_START_LOST: stop({
    cause:
      'Retention removed records that the loader had not applied: it was down, paused or stopped for longer than the retention of the topic.',
    kept: 'The source, and the target up to its checkpoint.',
    help: 'Seed the target again, then restart the pipeline after the position of the dump (docs/03-rest-api.md, Restart).',
  }),

  SOURCE_UNAVAILABLE: retry({
    cause:
      'The server is down, cannot be reached, has too many connections, or closed ours; or its certificate is not of the authority in tls.ca.',
    kept: all,
    help: 'Check that the server runs and can be reached from here; capture reconnects by itself. If the message begins with TLS, correct what it names in tls of the endpoint or at the server.',
  }),
  SOURCE_SILENT: retry({
    cause:
      'The source, when asked, says that its binlog is longer than what capture has read, but the connection that streams the binlog (the dump) sends heartbeats only. Something in between may swallow the events, or the dump thread hangs at the source.',
    kept: all,
    help: 'Nothing the first time: capture reconnects by itself, and the suggested alert LutraSourceSilent tells you. If the error comes again, look at what is between capture and the source (a proxy, a load balancer), and at the dump thread in the process list of the source.',
  }),
  SOURCE_DENIED: stop({
    cause:
      'The source refused the user: the password was changed, the account is locked, a privilege is missing, or the server requires TLS.',
    kept: log,
    help: 'Correct what the message names: docs/02-setup.md has the GRANTs; if the server requires TLS, the endpoint must not have tls off (on 127.0.0.1, give it tls).',
  }),
  SOURCE_SETTINGS: stop({
    cause:
      'The binlog is off or leaves out a database that is needed, what is written to lutra.checkpoint does not arrive in it, or events lack what it takes to read them.',
    kept: log,
    help: 'POST /api/v1/endpoints/<name>/check lists each setting with the statement that fixes it: run these, then retry.',
  }),
  SOURCE_PURGED: stop({
    cause:
      'The source no longer has the next part of the binlog: capture was down for longer than the source keeps it, or somebody purged it.',
    kept: 'The topic and the target up to the last whole transaction that was read.',
    help: 'Bring the targets in line, or seed them again from a dump, and let the log continue from the position of the dump: POST /api/v1/endpoints/<name>/restart. For an endpoint whose topic is new, correct its start.',
  }),
  SOURCE_BEHIND: stop({
    cause:
      'The source lacks transactions that were already published: it was restored or reset, it is a replica that is behind, or another server has taken its name.',
    kept: 'The topic and the target, with transactions that the source has lost.',
    help: 'Find out which side is right. Wait for the replica and retry, or bring the targets in line and let the log continue from a position that the source has: POST /api/v1/endpoints/<name>/restart. For an endpoint whose topic is new, correct its start.',
  }),
  SERVER_ID_TAKEN: stop({
    cause:
      'A database replica, or another live endpoint of Lutra (perhaps under another name of the host), reads this server under the same server_id. The server serves only the latest.',
    kept: log,
    help: 'Give the endpoint a server id of its own: PUT /api/v1/endpoints/<name> with another serverId.',
  }),
  BINLOG_DECODE: stop({
    cause:
      'An event of the binlog cannot be decoded: the binlog is damaged, or holds something that Lutra does not know. Nothing was skipped.',
    kept: log,
    help: 'Retry. If no attempt decodes the event, bring the targets in line by hand and continue after it: POST /api/v1/endpoints/<name>/restart with its GTID. The message has file, position and GTID.',
  }),
  BINLOG_UNSUPPORTED: stop({
    cause:
      'The binlog holds an event that can carry rows and that Lutra does not read yet: a statement on routed tables, a compressed transaction, or a partial JSON update. Nothing was skipped.',
    kept: log,
    help: 'Switch off the setting that wrote the event, bring the targets in line by hand, then continue after the transaction: POST /api/v1/endpoints/<name>/restart with its GTID, which details.gtid has.',
  }),
  XA_ROWS_MISSING: stop({
    cause:
      'An XA transaction was committed whose rows the binlog no longer has: it was prepared longer ago than the source keeps its binlog, or in a session that wrote none. Nobody can tell which rows they are.',
    kept: log,
    help: 'Ask its application which rows it changed, bring the targets in line by hand, then continue after the commit: POST /api/v1/endpoints/<name>/restart with its GTID, which details.gtid has. Keep the binlog for longer than an XA transaction may stay prepared.',
  }),
  COLUMN_UNSUPPORTED: stop({
    cause:
      'A row was written of a routed table with a column that cannot be replicated. The message names the column; the check before the start names all of them.',
    kept: log,
    help: 'Remove the table from the route, or change the column. docs/types.md has the types that are supported.',
  }),
  VALUE_UNSUPPORTED: stop({
    cause: 'A value cannot be replicated to the byte: the target would store it in another form. The message says why.',
    kept: log,
    help: 'If the loader stopped, change the column at the target, then retry. Otherwise, or if that is not possible, change the value at its writer, bring the targets in line by hand, and continue after the transaction: POST /api/v1/endpoints/<name>/restart with its GTID if capture stopped, the skip of the pipeline if the loader did. If no way is left, remove the table from the route ("exclude"): that alone lets the others continue.',
  }),
  SESSION_UNSUPPORTED: stop({
    cause:
      'The target cannot reproduce the session in which the source changed the rows, so a generated column, an index or a CHECK would be computed differently. Either a setting cannot be set there (a time zone, for instance), or the loader must write without that session because conflicts of the table are decided or its rows are forwarded. The message names the setting or the table.',
    kept: target,
    help: "For a named time zone, load the time zone tables at the target (mysql_tzinfo_to_sql), then retry. For time_zone = 'SYSTEM', give the target's system the same zone, then retry; to avoid it in future, give the source a named zone (SET PERSIST time_zone = '…') and let the applications reconnect. If conflicts are decided or rows are forwarded, let the applications leave time_zone at '+00:00', and sql_mode without the mode that is named. Otherwise make the computed column at the target an ordinary one and retry, or skip the transaction.",
  }),
  DDL_UNSUPPORTED: retry({
    cause:
      'A schema change of a routed table cannot be written into the topic: the cluster is at a level below 3. Everything before it was published.',
    kept: log,
    help: 'Finish the upgrade: raise the level (docs/02-setup.md, Upgrading). The endpoint goes on by itself.',
  }),
  DDL_HELD: stop({
    cause:
      'The pipeline has come to a schema change that is not carried out at the target by itself. The message names the statement, its tables and the reason. Other pipelines, and the capture, go on.',
    kept: 'The target up to the schema change. What is behind it is in the topic, for its retention.',
    help: 'Read the hold (GET /api/v1/channels/<channel>/pipelines/<pipeline>/ddl), do what its message says, and answer it (POST to the same address): "run" carries it out as it is shown, "done" says that you did it at the target, "skip" leaves it out. docs/10-schema-changes.md says which one is right for which reason.',
  }),
  LOOP_DETECTED: stop({
    cause:
      'A transaction came back to a region that it has passed, or would have: its marker was lost on the way (the loader stops), or stands after rows (capture stops).',
    kept: target,
    help: 'Check that all channels share lutra.checkpoint, that markers are not filtered, that lutra.checkpoint has no trigger, and that only Lutra writes there. If capture stopped at a copy, nothing is missing: continue after it with POST /api/v1/endpoints/<name>/restart and its GTID, which details.gtid has.',
  }),

  TARGET_UNAVAILABLE: retry({
    cause:
      'The server is down, cannot be reached, has too many connections, or closed ours; or its certificate is not of the authority in tls.ca.',
    kept: all,
    help: 'Check that the server runs and can be reached from here; the loader reconnects by itself. If the message begins with TLS, correct what it names in tls of the endpoint or at the server.',
  }),
  TARGET_FULL: retry({
    cause: 'The target has no room: a table, its tablespace, the disk of the data or that of temporary files is full.',
    kept: target,
    help: 'Make room; the loader continues by itself.',
  }),
  TARGET_BUSY: retry({
    cause: 'Another session holds a row or a table for longer than the loader waits for it.',
    kept: target,
    help: 'Nothing. The transaction was rolled back and is retried. If the error comes again and again, look in the process list of the target, and in the data locks of its performance schema, for the session that holds the lock, and end it.',
  }),
  TARGET_CHANGED: retry({
    cause: 'Somebody changed a table at the target (ALTER, a trigger, a foreign key, DROP and CREATE) while the loader was working.',
    kept: target,
    help: 'Nothing. The transaction was rolled back before it wrote a row; the loader reads the definitions of its tables again and continues.',
  }),
  TARGET_DENIED: stop({
    cause:
      'The target refused the user: the password was changed, the account is locked, a privilege is missing, or the server requires TLS.',
    kept: target,
    help: 'Correct what the message names: docs/02-setup.md has the GRANTs; if the server requires TLS, the endpoint must not have tls off (on 127.0.0.1, give it tls).',
  }),
  TARGET_READ_ONLY: retry({
    cause: 'read_only or super_read_only is on: a failover is under way, or the endpoint names a replica.',
    kept: target,
    help: 'Nothing while a failover is under way: the loader waits until the server takes writes. If SHOW REPLICA STATUS is not empty there, the endpoint names a replica: give it the host of the primary. Otherwise switch read_only off.',
  }),
  TARGET_SETTINGS: stop({
    cause:
      'A setting of the target refuses the write: mostly max_allowed_packet is smaller than a row, or max_binlog_cache_size smaller than a transaction.',
    kept: target,
    help: 'POST /api/v1/endpoints/<name>/check lists each setting with the statement that fixes it: run these, then retry. For a row larger than max_allowed_packet, or a transaction larger than max_binlog_cache_size, raise that setting.',
  }),
  TABLE_MISSING: stop({
    cause: 'The target does not have a routed table, or the user may not see it.',
    kept: target,
    help: 'Create the table as it is at the source, then retry.',
  }),
  COLUMN_MISSING: stop({
    cause: 'The target table lacks a column of the source, or has another type or key: DDL ran on one side only, or in another order.',
    kept: target,
    help: 'Make the table at the target like that at the source (if the target is captured too, outside of its binlog: docs/02-setup.md, A table that must change), then retry.',
  }),
  ENGINE_UNSUPPORTED: stop({
    cause: 'A target table is not InnoDB, so its writes cannot be committed together with the checkpoint.',
    kept: target,
    help: 'POST /api/v1/endpoints/<name>/check gives the statement that converts the table without stopping the capture of that server: run it, then retry.',
  }),
  TABLE_SUSPENDED: stop({
    cause:
      'A routed table is suspended because it could not be replicated: the log no longer holds it, or this target refused it. The channel, or another channel that reads the same log, has `onUnsupported: "stop"` (the default where something flows in both directions). The message names the table and why.',
    kept: target,
    help: 'Put the table into "exclude" of the pipelines that replicate it, or give the channel "onUnsupported": "suspend". docs/02-setup.md, A table that is suspended, says how the table comes back.',
  }),
  TABLE_SUSPENDED_BY_PERSON: stop({
    cause:
      'A person has suspended the table in this pipeline: nothing behind a position of the log is applied to it. It stops nothing. The message says who, and why.',
    kept: target,
    help: 'Nothing, until the table is to come back: POST /api/v1/channels/<channel>/pipelines/<pipeline>/tables/resume. docs/02-setup.md, A table that is suspended, says how.',
  }),
  SEED_ROW_EXISTS: stop({
    cause:
      'A row that seeding copies is at the target already and differs, and the order says `onExisting: "stop"`. The message names the row.',
    kept: target,
    help: 'Look at the row at both sides. Then cancel the seed and order it again with an "onExisting" that says which row stays, or make the rows equal, and retry.',
  }),
  SEED_TABLE_REFUSED: stop({
    cause:
      'The target lacks a table that is to be seeded, and it cannot be created there: the server refuses the definition of the source, or a foreign key points to a table that the pipeline does not carry. Or rows of a table without a key come, and the table is not empty there. The message says why.',
    kept: target,
    help: 'Create the table at the target by hand, or empty the one that has rows, and retry; or put it into "exclude" of the pipeline. A table that was suspended for it comes back as docs/02-setup.md says, A table that is suspended.',
  }),
  SEED_REFUSED: stop({
    cause:
      'A table that is to be seeded, or a row that is to be sent again, cannot be read: the table has no primary key and no unique key over whole NOT NULL columns and cannot be copied whole (it is too large, the user may not lock it, or the order does not name it), it has a key that is not read in order (FLOAT), is missing at the source, or the pipeline does not carry it. The message names it and why.',
    kept: 'Everything. The other tables are seeded, and changes of this table are replicated.',
    help: 'Give the table a primary key (not of FLOAT), or take it out of the order and load it by hand; correct the name or the key that was asked for.',
  }),
  SEED_WAITS: retry({
    cause:
      'A chunk of a seed cannot be read now: the source has not committed what its binlog holds, capture is too far behind to lock rows, or another server answers than the one whose binlog is read.',
    kept: 'Everything. Replication goes on, and the seed goes on behind the last chunk.',
    help: 'Nothing, if it passes. If it lasts: look whether a replica of the source answers (semi-synchronous replication), and at the lag of capture.',
  }),
  ROW_CONFLICT: stop({
    cause:
      'A row at the target is not what the source says it was: it is missing, a key is taken, or a foreign key refuses it. Somebody changed it at the target, or both sides changed it. The message names the row.',
    kept: target,
    help: "Compare the row on both sides, fix it, then retry. If the target's changes are replicated back, fix it there in a transaction that is not replicated (docs/02-setup.md, Transactions that are not to be replicated); otherwise the fixed row is a conflict on the other side. If both sides changed the row (policy stop), that is not enough: docs/04-conflicts.md, Where a pipeline has stopped. If many rows were changed at the target, rewind the pipeline (docs/03-rest-api.md, Rewind).",
  }),
  CONFLICT_HISTORY_LOST: stop({
    cause:
      "Lutra can no longer tell whether both sides changed a row: the source had not seen changes of the target that the target's own topic no longer holds.",
    kept: target,
    help: 'Give the topics of both endpoints a retention longer than the longest time that a pipeline stands still. To continue now, let nobody write until the other pipeline has applied everything; compare both sides, make the target equal in transactions that are not replicated (docs/02-setup.md, Transactions that are not to be replicated), and restart the pipeline at the end of the topic (docs/03-rest-api.md, Restart).',
  }),
  CAPTURE_BEHIND: retry({
    cause:
      "The target's own capture, or its Kafka, does not publish what is committed there. If both sides take writes, a loader must know every change of its target before it writes.",
    kept: all,
    help: "Check the status of the target's endpoint. The loader continues as soon as its capture publishes again.",
  }),
  TRIGGER_UNGUARDED: stop({
    cause:
      'The target has a BEFORE INSERT or BEFORE UPDATE trigger that does not mention @lutra_apply. It also fires for the rows that Lutra applies, would change them, and the sides would differ.',
    kept: target,
    help: 'POST /api/v1/endpoints/<name>/check gives the statements that make the trigger do nothing where @lutra_apply is set: run them, then retry. If the trigger is right for applied rows too, mention the variable in its body, for instance in a comment (start the mysql client with --comments, or it drops comments).',
  }),
  APPLY_REFUSED: stop({
    cause:
      'A trigger, a CHECK constraint or another rule that the source does not have refuses the row; or a rewind covers a table whose rows cannot be applied again.',
    kept: target,
    help: 'Make the trigger, CHECK or other rule of the target accept what the source has, then retry; or skip the transaction (docs/03-rest-api.md, A pipeline that stopped at a transaction). The message has the table and the error number. For a rewind it names the table: rewind less, or fix that table by hand.',
  }),
  FILE_MISSING: stop({
    cause:
      'A row names a file that its source region does not have, and did not have for as long as its rule waits; the row at the source still names it.',
    kept: target,
    help: 'Put the file at its place in the source region, or correct the row there; then retry. To let such rows through without their files, set "missing": "skip" in the rule (docs/11-files.md).',
  }),
  FILE_UNSTABLE: retry({
    cause: 'A file was written to whenever its source region read it, for as long as its rule waits.',
    kept: target,
    help: 'Let the application write a file under another name, rename it, and commit its row then (docs/11-files.md). Lutra tries again.',
  }),
  FILE_PATH_INVALID: stop({
    cause:
      'A row names a file by a path that Lutra does not follow: absolute, with "..", a control character, too long, through a symbolic link out of the root, or not a regular file; or its hash is no SHA-256. Or its column holds no list or JSON where the rule says so. Or the table lacks a column of the rule, by now perhaps.',
    kept: target,
    help: 'Correct the rule (preview it for the row: docs/03-rest-api.md, Files) and retry. If the row itself is wrong: skip the transaction that brings it (docs/03-rest-api.md, A pipeline that stopped at a transaction), write the row at the target by hand as lutra.skipped has it, and then correct it at the source.',
  }),
  FILE_HASH_MISMATCH: stop({
    cause:
      'The bytes of a file do not have the SHA-256 that its row carries, or arrived three times with another one than its source region stated.',
    kept: target,
    help: 'If the row carries the hash: put the right file at its place in the source region, or correct the row; then retry. Else check the disks and the network of both regions.',
  }),
  FILE_TOO_BIG: stop({
    cause: 'A file is larger than the root allows (maxBytes in LUTRA_ROOTS of the files app).',
    kept: target,
    help: 'Raise the limit of the root in the region that the message names, or correct the row, and retry.',
  }),
  FILE_ROOT_UNKNOWN: stop({
    cause: 'A rule names a root that no files app of the region has, for as long as the rule waits.',
    kept: target,
    help: 'Name the root in LUTRA_ROOTS of the files apps of the region that the message names, and start them; or correct the rule. Then retry.',
  }),
  FILES_UNAVAILABLE: retry({
    cause: 'No files app of a region answers that has the root, or its aria2 does not.',
    kept: target,
    help: 'Check that the files app of the region that the message names runs and can be reached under its LUTRA_FILES_URL. Lutra continues by itself.',
  }),
  FILES_DISK_FULL: retry({
    cause: 'The disk of a root has less free than Lutra leaves free (5 % and 1 GiB), or refused to write.',
    kept: target,
    help: 'Free space on the disk that the message names. Lutra continues by itself.',
  }),
  FILES_REFUSED: stop({
    cause:
      'A files app refused a request of another app: it is not signed with a key that both have, is older than five minutes, or is of another version.',
    kept: target,
    help: 'Check that all apps have the same LUTRA_SECRET_KEY, that their clocks agree within a minute, and that they are of one version.',
  }),
  FENCED: retry({
    cause: 'The epoch in lutra.checkpoint is no longer ours: a standby took over while this process slept.',
    kept: target,
    help: 'Nothing. Another process has taken over; this one rolled back and is a standby.',
  }),
  CHECKPOINT_MISSING: stop({
    cause:
      'The row of this pipeline in lutra.checkpoint is gone although the pipeline had applied transactions: somebody deleted it, or the target was restored from a backup that is older than the pipeline.',
    kept: 'The topic. The target has what was applied, but no longer knows what that was.',
    help: 'Restore the row; it says what was applied. If you cannot, make the target equal and restart the pipeline (docs/03-rest-api.md, Restart).',
  }),
  CHECKPOINT_INVALID: stop({
    cause: 'A table of the schema lutra was never created, or was dropped, renamed or altered.',
    kept: target,
    help: 'Run schemas/lutra.sql at the target as an administrator. If the table was renamed, give it its name back, because its rows say what was applied. Then retry.',
  }),
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof errorTable;
