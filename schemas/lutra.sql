-- Lutra's tables in every endpoint. Run once on each database server, as an administrator, before a channel starts.
-- They must be in the binlog (no binlog-ignore-db, no replica filter): the checkpoint row is also the marker that stops loops.

CREATE DATABASE IF NOT EXISTS lutra CHARACTER SET utf8mb4;

-- One row per pipeline, partition and lane. Checkpoint: what was applied, committed together with the data.
-- Marker: the first row event of every transaction that a loader writes. Fence: `epoch` belongs to the loader that owns the pipeline.
-- Rows are never deleted: a loader whose row is gone could not be fenced.
-- A row `probe:<endpoint>` belongs to no pipeline: capture writes it at a source that is a target too, to see that markers come back.
-- A table that was made before `replay_until` existed needs:
--   ALTER TABLE lutra.checkpoint ADD COLUMN replay_until BIGINT NOT NULL DEFAULT -1;
CREATE TABLE IF NOT EXISTS lutra.checkpoint (
  pipeline     VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
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
  PRIMARY KEY (pipeline, part, lane)
) ENGINE = InnoDB;

-- Transactions that a person told a loader to skip (POST /api/v1/channels/<channel>/pipelines/<pipeline>/skip), with their rows: nothing is
-- passed over without a trace. Written in the same transaction as the checkpoint behind them.
CREATE TABLE IF NOT EXISTS lutra.skipped (
  id           BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  pipeline     VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  log_id       VARCHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  seq          BIGINT NOT NULL COMMENT 'of the last record of the transaction',
  gtid         VARCHAR(200) CHARACTER SET ascii COLLATE ascii_bin NULL,
  reason       VARCHAR(1000) NOT NULL,
  content      LONGTEXT NOT NULL COMMENT 'JSON: [{op, table, before, after}]; bytes as base64:…; a last element {cut: n}: n rows more did not fit',
  skipped_at   TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
  UNIQUE KEY once (pipeline, log_id, seq)
) ENGINE = InnoDB CHARACTER SET utf8mb4;
