-- Lutra's tables in every endpoint. Run once on each database server, as an administrator, before a channel starts.
-- They must be in the binlog (no binlog-ignore-db, no replica filter): the checkpoint row is also the marker that stops loops.

-- A column that a later level adds allows NULL and has no default: it is NULL until that level, so older processes work on beside it. They
-- stop (LEVEL_TOO_NEW) at a row of lutra.checkpoint in which it has a value.

CREATE DATABASE IF NOT EXISTS lutra CHARACTER SET utf8mb4;

-- One row per pipeline, partition and lane. Checkpoint: what was applied, committed together with the data.
-- Marker: the first row event of every transaction that a loader writes. Fence: `epoch` belongs to the loader that owns the pipeline.
-- `pipeline` is the pipeline's uid, as everywhere below: GET /api/v1/channels shows which name has which uid.
-- Rows are never deleted: a loader whose row is gone could not be fenced. The row of a pipeline that was removed stays, with a raised epoch.
-- A row `probe:<endpoint>` belongs to no pipeline: capture writes it at a source that is a target too, to see that markers come back.
-- A table that was made before `replay_until` existed needs:
--   ALTER TABLE lutra.checkpoint ADD COLUMN replay_until BIGINT NOT NULL DEFAULT -1;
-- and one that was made before `routes` existed:
--   ALTER TABLE lutra.checkpoint ADD COLUMN routes VARCHAR(48) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '';
CREATE TABLE IF NOT EXISTS lutra.checkpoint (
  pipeline     VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'its uid; or probe:<endpoint>',
  part         INT UNSIGNED NOT NULL COMMENT 'Kafka partition',
  lane         INT UNSIGNED NOT NULL,
  log_id       VARCHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'empty until the first record was applied',
  log_epoch    BIGINT NOT NULL COMMENT 'epoch of the log at seq',
  seq          BIGINT NOT NULL COMMENT 'last record that was applied; -1: none',
  next_offset  BIGINT NOT NULL COMMENT 'Kafka offset to read next',
  gtid         VARCHAR(200) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'of the last source transaction',
  source_us    BIGINT NOT NULL COMMENT 'commit time of that transaction at the source, microseconds since 1970',
  origin       VARCHAR(48) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'region where the transaction was first committed',
  path         VARCHAR(1000) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'regions that it has passed, comma-separated',
  epoch        BIGINT NOT NULL COMMENT 'of the loader that owns this row',
  n            BIGINT UNSIGNED NOT NULL COMMENT 'raised by every transaction: an update that changes nothing leaves no row event',
  replay_until BIGINT NOT NULL DEFAULT -1 COMMENT 'up to this seq everything was applied before a rewind; it is applied in safe mode',
  routes       VARCHAR(48) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '' COMMENT 'revision of the configuration, id of its write, and fingerprint of the routes that it was applied by',
  PRIMARY KEY (pipeline, part, lane)
) ENGINE = InnoDB;

-- Transactions that an operator told a loader to skip (POST /api/v1/channels/<channel>/pipelines/<pipeline>/skip), with their rows: nothing
-- is passed over without a trace. Written in the same transaction as the checkpoint behind them.
CREATE TABLE IF NOT EXISTS lutra.skipped (
  id           BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  pipeline     VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'its uid',
  name         VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT '<channel>.<pipeline>, as it was then',
  log_id       VARCHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  seq          BIGINT NOT NULL COMMENT 'of the last record of the transaction',
  gtid         VARCHAR(200) CHARACTER SET ascii COLLATE ascii_bin NULL,
  reason       VARCHAR(1000) NOT NULL,
  content      LONGTEXT NOT NULL COMMENT 'JSON: [{op, table, before, after}]; bytes as base64:…; a last element {cut: n}: n rows more did not fit',
  skipped_at   TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
  UNIQUE KEY once (pipeline, log_id, seq)
) ENGINE = InnoDB CHARACTER SET utf8mb4;

-- Tables that a pipeline does not write (onUnsupported: suspend), by their names at the source, and from where on: what the log has up to
-- `seq` was applied. They come back by an operator's act (docs/02-setup.md, A table that is suspended); an entry that has ended stays.
-- Written behind the fence in lutra.checkpoint.
CREATE TABLE IF NOT EXISTS lutra.suspended (
  pipeline     VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'its uid',
  database_name VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  table_name   VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  code         VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'why: an error code',
  message      VARCHAR(1000) NOT NULL,
  because      VARCHAR(130) NOT NULL COMMENT 'the table to which foreign keys tie it; empty: suspended for itself',
  log_id       VARCHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  seq          BIGINT NOT NULL,
  suspended_at TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  ended_at     TIMESTAMP(3) NULL DEFAULT NULL COMMENT 'when it had left the routes; NULL: it is suspended',
  PRIMARY KEY (pipeline, database_name, table_name)
) ENGINE = InnoDB CHARACTER SET utf8mb4;

-- What a loader tells the capture of its target, through the binlog: watermarks, and what conflicts made of rows (resolutions). Rows are
-- written over.
CREATE TABLE IF NOT EXISTS lutra.signal (
  pipeline     VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'its uid',
  kind         VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'watermark, resolution',
  slot         INT UNSIGNED NOT NULL COMMENT 'number of the resolution in its transaction',
  n            BIGINT UNSIGNED NOT NULL COMMENT 'raised by every write: an update that changes nothing leaves no row event',
  content      LONGTEXT NOT NULL,
  PRIMARY KEY (pipeline, kind, slot)
) ENGINE = InnoDB CHARACTER SET utf8mb4;

-- Conflicts: rows that both sides changed, as the loader that writes here decided about them, committed with the decision. Kept for
-- `conflicts.retentionDays` of the channel. Rows are JSON: {column: value}; ["i", digits], ["b", base64] where JSON has no word.
-- A table that was made before repairs existed needs:
--   ALTER TABLE lutra.conflict ADD COLUMN request VARCHAR(36) CHARACTER SET ascii COLLATE ascii_bin NULL DEFAULT NULL,
--     ADD COLUMN reason VARCHAR(1200) NULL DEFAULT NULL;
-- One that was made before files were carried needs:
--   ALTER TABLE lutra.conflict ADD COLUMN files LONGTEXT NULL DEFAULT NULL;
CREATE TABLE IF NOT EXISTS lutra.conflict (
  id           BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  pipeline     VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT '<channel>.<pipeline>',
  uid          VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'of the pipeline: another one may have its name later',
  log_id       VARCHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'of the incoming transaction',
  seq          BIGINT NOT NULL COMMENT 'of its last record',
  gtid         VARCHAR(200) CHARACTER SET ascii COLLATE ascii_bin NULL,
  source_us    BIGINT NOT NULL COMMENT 'its commit time at the source, microseconds since 1970',
  origin       VARCHAR(48) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'its region',
  database_name VARCHAR(64) NOT NULL,
  table_name   VARCHAR(64) NOT NULL,
  row_key      VARCHAR(3072) NOT NULL COMMENT 'JSON: the primary key',
  type         VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'insert-exists, update-differs, update-missing, delete-differs, delete-missing, unique-key-taken, key-update-refused, parent-missing, child-exists, seed-differs, repair',
  policy       VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'of the rule; seed: an order of seeding; repair: a person, or a restart',
  winner       VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'incoming, existing, both',
  final        TINYINT NOT NULL COMMENT '1: decided in the home region; 0: until the home region has decided',
  op           CHAR(1) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'of the incoming change: c, u, d',
  before_row   LONGTEXT NULL COMMENT 'of the incoming change',
  after_row    LONGTEXT NULL COMMENT 'of the incoming change',
  existing_row LONGTEXT NULL COMMENT 'as it was here',
  result_row   LONGTEXT NULL COMMENT 'as the decision left it',
  request      VARCHAR(36) CHARACTER SET ascii COLLATE ascii_bin NULL DEFAULT NULL COMMENT 'since level 2: id of the repair; NULL: none',
  reason       VARCHAR(1200) NULL DEFAULT NULL COMMENT 'since level 2: of the repair: who ordered it, and why',
  files        LONGTEXT NULL DEFAULT NULL COMMENT 'since level 4: JSON: files that a version named and the row no longer does, the first 20; NULL: none',
  local_seq    BIGINT NULL COMMENT 'last change of the row here that the incoming transaction had not seen, in the log of this endpoint; NULL: none is known, the rows differ',
  decided_at   TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  KEY by_table (database_name, table_name, id),
  KEY by_time (decided_at)
) ENGINE = InnoDB CHARACTER SET utf8mb4;

-- An application that begins a transaction with a write to this table does not want it replicated:
--   UPDATE lutra.skip SET n = n + 1 WHERE id = 1
CREATE TABLE IF NOT EXISTS lutra.skip (
  id           TINYINT UNSIGNED NOT NULL PRIMARY KEY,
  n            BIGINT UNSIGNED NOT NULL
) ENGINE = InnoDB;
INSERT IGNORE INTO lutra.skip (id, n) VALUES (1, 0);

-- Since level 2. Tables that a pipeline is seeding or has seeded, by their names at the source, and how far: a chunk is ticked off in the
-- transaction that writes its rows. While `state` is 'seeding' each pipeline that writes the target's table writes rows whole that it does
-- not find. Written behind the fence in lutra.checkpoint.
CREATE TABLE IF NOT EXISTS lutra.seed (
  pipeline     VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'its uid',
  database_name VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  table_name   VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  part         INT UNSIGNED NOT NULL COMMENT 'of the table, from 0',
  request      VARCHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'id of the order',
  target_database VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  target_table VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  state        VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'seeding, done, cancelled; waiting: its rows are in no log, and nothing of it is applied before a seed of it begins',
  on_existing  VARCHAR(48) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'source, target, stop, or a region',
  cursor_key   LONGTEXT NULL COMMENT 'JSON: all rows of the part up to this primary key are here (without a key: where in the log they were read); NULL: none',
  end_key      LONGTEXT NULL COMMENT 'JSON: the last primary key of the part; NULL: the end of the table',
  is_whole     TINYINT NOT NULL COMMENT '1: the last chunk of the part is here',
  inserted     BIGINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'rows, as all that follow',
  equal        BIGINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'were here already',
  replaced     BIGINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'differed, and are as at the source now',
  kept         BIGINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'differ, and stay as they are here',
  yielded      BIGINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'were changed here meanwhile: the log decides about them',
  clashes      BIGINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'another row here holds a unique value of them, or a foreign key refuses them: in lutra.difference',
  begun_at     TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  ended_at     TIMESTAMP(3) NULL DEFAULT NULL,
  PRIMARY KEY (pipeline, database_name, table_name, part),
  KEY by_target (target_database, target_table, state)
) ENGINE = InnoDB CHARACTER SET utf8mb4;

-- Since level 2. Rows that differ between the source of a pipeline and here, as they were compared at a place of the log; of seeding those
-- that could not be written. At most 10,000 a table and request.
CREATE TABLE IF NOT EXISTS lutra.difference (
  pipeline     VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'its uid',
  request      VARCHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'id of the verification, or of the order of seeding',
  database_name VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'names at the source; of file-orphan empty, and the root',
  table_name   VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  key_hash     BINARY(32) NOT NULL COMMENT 'SHA-256 of row_key',
  row_key      LONGTEXT NOT NULL COMMENT 'JSON: the primary key',
  outcome      VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'asked, equal, in-flight, missing-here, missing-there, different, clash, again; of a file: file-not-here, file-not-there, file-missing, file-different; file-orphan: no row names it',
  columns      TEXT NULL COMMENT 'JSON: names of those that differ',
  here_row     LONGTEXT NULL COMMENT 'JSON, as in lutra.conflict; of a file: root and path',
  there_row    LONGTEXT NULL COMMENT 'of the source',
  log_id       VARCHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'where they were compared',
  seq          BIGINT NOT NULL,
  problem      VARCHAR(1000) NULL DEFAULT NULL COMMENT 'why a repair did not write it',
  found_at     TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  PRIMARY KEY (pipeline, request, database_name, table_name, key_hash)
) ENGINE = InnoDB CHARACTER SET utf8mb4;

-- Since level 2. Tables of this target of which nobody knows that they are as at the source of the pipeline: they are being repaired, or the
-- pipeline's log has a hole (a restart). While an entry has not ended, a row that differs and that nobody here changed becomes what comes.
CREATE TABLE IF NOT EXISTS lutra.unequal (
  pipeline     VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'its uid',
  database_name VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'names at the source',
  table_name   VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  target_database VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  target_table VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  cause        VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'repair, hole',
  request      VARCHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'id of the repair or of the restart',
  reason       VARCHAR(1200) NOT NULL COMMENT 'who ordered it, and why',
  since        TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  ended_at     TIMESTAMP(3) NULL DEFAULT NULL COMMENT 'NULL: it lasts',
  PRIMARY KEY (pipeline, database_name, table_name),
  KEY by_target (target_database, target_table)
) ENGINE = InnoDB CHARACTER SET utf8mb4;

-- Since level 3. Schema changes of the source, as pipelines carried them out here: the row is written before the statement runs, behind the
-- fence in lutra.checkpoint, so that whoever comes next knows that it may have run. A row stays as long as its log may be read.
-- A table that was made before online tools were known needs: ALTER TABLE lutra.ddl ADD COLUMN kept LONGTEXT NULL DEFAULT NULL AFTER answer;
CREATE TABLE IF NOT EXISTS lutra.ddl (
  pipeline     VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'its uid',
  record       VARCHAR(300) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'id of the record, @, and when it ran at the source (s since 1970)',
  part         INT UNSIGNED NOT NULL COMMENT '0: the whole; from 1 on: statements of which it is made',
  incarnation  CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'UUID of the witness; empty: the server has none',
  n            BIGINT UNSIGNED NOT NULL COMMENT 'of the witness; 0: there is none',
  log_id       VARCHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'where the record was read first',
  seq          BIGINT NOT NULL COMMENT '-1: a table that seeding created',
  state        VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'intent, done, skipped, failed: the server refused it, shadow: an online tool did it to its own table, and it is not done here',
  statement    VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'its kind: ALTER TABLE',
  sql_here     LONGTEXT NOT NULL COMMENT 'as it runs here',
  tables       LONGTEXT NOT NULL COMMENT 'JSON: [[database, name]] here',
  before_it    LONGTEXT NULL COMMENT 'JSON: definitions before it, where there is no witness',
  origin       VARCHAR(48) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'region where it was first run',
  path         VARCHAR(1000) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'regions that it has passed, comma-separated',
  answer       LONGTEXT NULL COMMENT 'JSON: {answer, by, reason} of a person; NULL: nobody was asked',
  kept         LONGTEXT NULL DEFAULT NULL COMMENT 'JSON: the statement of an online tool at the source; NULL: it is of none',
  begun_at     TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  ended_at     TIMESTAMP(6) NULL DEFAULT NULL,
  PRIMARY KEY (pipeline, record, part),
  KEY witness (incarnation, n)
) ENGINE = InnoDB CHARACTER SET utf8mb4;

-- Since level 4. Files that rows of this server name, as a loader placed them. Written in the transaction of the row.
CREATE TABLE IF NOT EXISTS lutra.file (
  root         VARCHAR(48) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  path_hash    BINARY(32) NOT NULL COMMENT 'SHA-256 of path',
  path         VARBINARY(4096) NOT NULL COMMENT 'UTF-8, relative to the root',
  sha256       BINARY(32) NOT NULL COMMENT 'of its bytes',
  size         BIGINT UNSIGNED NOT NULL COMMENT 'bytes',
  mtime_ns     BIGINT NOT NULL COMMENT 'nanoseconds since 1970',
  dev          BIGINT UNSIGNED NOT NULL COMMENT 'as stat(2) said when it was placed, as the next one',
  ino          BIGINT UNSIGNED NOT NULL,
  pipeline     VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'its uid',
  n            BIGINT UNSIGNED NOT NULL COMMENT 'of the placing, as in lutra.file_place',
  state        VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'placed; trash, remove: no row names it any more, and it is to go so',
  changed_at   TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3),
  PRIMARY KEY (root, path_hash),
  KEY leaving (pipeline, state)
) ENGINE = InnoDB CHARACTER SET utf8mb4;

-- Since level 4. The number of the last transaction of a pipeline that placed files in a root and was committed: what was placed there by a
-- later one is taken back by the next loader. 0: none was, since a loader has begun to place files there.
CREATE TABLE IF NOT EXISTS lutra.file_place (
  pipeline     VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'its uid',
  root         VARCHAR(48) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  n            BIGINT UNSIGNED NOT NULL,
  PRIMARY KEY (pipeline, root)
) ENGINE = InnoDB;

-- Since level 4. Rows that came without their file ("missing": "skip" in the rule). The file is fetched when it appears, and the entry goes.
CREATE TABLE IF NOT EXISTS lutra.file_missing (
  id           BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  pipeline     VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'its uid',
  root         VARCHAR(48) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  path_hash    BINARY(32) NOT NULL COMMENT 'SHA-256 of path',
  path         VARBINARY(4096) NOT NULL,
  sha256       BINARY(32) NULL DEFAULT NULL COMMENT 'that the row carries; NULL: it carries none',
  database_name VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'names at the source',
  table_name   VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  row_key      LONGTEXT NOT NULL COMMENT 'JSON: the primary key',
  found_at     TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  UNIQUE KEY once (pipeline, root, path_hash)
) ENGINE = InnoDB CHARACTER SET utf8mb4;

-- Since level 2. Rows of this server that are to be sent once more, each in its order with everything else. Applications and Lutra insert;
-- capture sends the row and deletes the entry, or says why it cannot.
CREATE TABLE IF NOT EXISTS lutra.resync (
  id           BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  schema_name  VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  table_name   VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  row_key      LONGTEXT NOT NULL COMMENT 'JSON: {column: value} of the primary key, or its values in an array',
  pipeline     VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NULL DEFAULT NULL COMMENT 'uid; NULL: each pipeline that carries the table',
  purpose      VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'resync' COMMENT 'resync, probe, repair',
  request      VARCHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '',
  problem      VARCHAR(1000) NULL DEFAULT NULL COMMENT 'why it cannot be sent; NULL: it waits',
  asked_at     TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  KEY waiting (problem(1))
) ENGINE = InnoDB CHARACTER SET utf8mb4;
