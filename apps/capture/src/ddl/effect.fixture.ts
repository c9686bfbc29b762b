/**
 * Statements on s.t (id INT PRIMARY KEY, v VARCHAR(20), n INT, d DATETIME(6), key k (n)) or the keyless s.w (v INT), and what is said of
 * them.
 */
import type { Finding } from './column-effect.js';

interface Case {
  readonly sql: string;
  readonly effect: 'same' | Finding['effect'];
  readonly recipe?: string;
  /** MySQL 8.0 and MariaDB lack some of the syntax. */
  readonly only?: readonly string[];
}

const mariadb = ['mariadb-11.4'];
const fill = 'Fill a new column';
const session = 'The same session';

export const same: readonly Case[] = [
  'ALTER TABLE s.t ADD COLUMN a INT',
  'ALTER TABLE s.t ADD a INT NULL DEFAULT NULL, ADD b BIGINT UNSIGNED NOT NULL DEFAULT 7 AFTER id',
  "ALTER TABLE s.t ADD COLUMN (a VARCHAR(9) NOT NULL DEFAULT 'x', b ENUM('p','q') NOT NULL COMMENT 'DEFAULT NOW()')",
  "ALTER /* NOW() */ TABLE s.t ADD a CHAR(3) CHARACTER SET latin1 COLLATE latin1_bin NOT NULL DEFAULT 'y' FIRST, ADD KEY (a(2))",
  'ALTER TABLE s.t ADD a DECIMAL(10,2) NOT NULL DEFAULT 1.005, ADD b FLOAT DEFAULT 0.1, ADD c DOUBLE PRECISION DEFAULT -1e-7, ADD e INT DEFAULT 1.5',
  "ALTER TABLE s.t ADD a BIT(2) DEFAULT b'10', ADD b VARBINARY(5) DEFAULT 0x4142, ADD c BOOL NOT NULL DEFAULT TRUE, ADD e YEAR DEFAULT 70",
  "ALTER TABLE s.t ADD a DATE DEFAULT '2020-01-02', ADD b SET('x','y') NOT NULL DEFAULT 'y,x', ADD c TEXT, ADD e BLOB NOT NULL, ADD f JSON",
  'ALTER TABLE s.t ADD a TIMESTAMP NULL, ADD b DATETIME(3), ADD c TIME DEFAULT NULL, ADD e TIMESTAMP(6) NULL DEFAULT NULL',
  'ALTER TABLE s.t ALTER COLUMN n SET DEFAULT 4',
  'ALTER TABLE s.t ALTER n DROP DEFAULT, ENGINE=InnoDB, COMMENT = "x", AUTO_INCREMENT 9, ALGORITHM=COPY',
  'ALTER TABLE s.t FORCE',
  'ALTER TABLE s.t ADD UNIQUE KEY u (id, v), ADD INDEX i USING BTREE (v(3), n)',
  'ALTER TABLE s.t DROP KEY k',
  'ALTER TABLE s.t DROP INDEX k, ADD CONSTRAINT c UNIQUE (id, n)',
  'CREATE UNIQUE INDEX u ON s.t (id, v(2))',
  'DROP INDEX k ON s.t',
  'ALTER TABLE s.t DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin',
].map((sql) => ({ sql, effect: 'same' }));

export const differs: readonly Case[] = [
  { sql: 'ALTER TABLE s.t ADD COLUMN made DATETIME(6) DEFAULT CURRENT_TIMESTAMP(6)', effect: 'differs', recipe: fill },
  { sql: 'ALTER TABLE s.t ADD (x INT, made TIMESTAMP NOT NULL DEFAULT now() ON UPDATE NOW())', effect: 'differs', recipe: fill },
  { sql: 'ALTER TABLE s.t ADD made TIMESTAMP DEFAULT LOCALTIME', effect: 'differs', recipe: fill },
  { sql: 'ALTER TABLE s.t ADD made DATETIME DEFAULT (NOW() + INTERVAL 1 DAY)', effect: 'differs', recipe: fill, only: ['9.7', ...mariadb] },
  { sql: 'ALTER TABLE s.t ADD u CHAR(36) DEFAULT (UUID())', effect: 'differs', recipe: fill, only: mariadb },
  { sql: 'ALTER TABLE s.t ADD u DOUBLE DEFAULT RAND()', effect: 'differs', recipe: fill, only: mariadb },
  { sql: 'ALTER TABLE s.w ADD COLUMN id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY', effect: 'differs', recipe: 'Number the rows' },
  { sql: 'ALTER TABLE s.t ADD COLUMN x BIGINT NOT NULL AUTO_INCREMENT UNIQUE', effect: 'differs', recipe: 'Number the rows' },
  { sql: 'ALTER TABLE s.w ADD id SERIAL', effect: 'differs', recipe: 'Number the rows' },
];

/** Each was seen to differ on one of the servers, in another session or between them. */
export const unknown: readonly Case[] = [
  { sql: "ALTER TABLE s.t ADD a TIMESTAMP NULL DEFAULT '2020-01-01 00:00:00'", effect: 'unknown', recipe: session },
  { sql: "ALTER TABLE s.t ADD a TIME(2) DEFAULT '10:00:00.555'", effect: 'unknown', recipe: session },
  { sql: 'ALTER TABLE s.t ADD a JSON NOT NULL', effect: 'unknown', recipe: session },
  { sql: String.raw`ALTER TABLE s.t ADD a VARCHAR(9) DEFAULT 'a\\b'`, effect: 'unknown', recipe: session },
  { sql: 'ALTER TABLE s.t ADD a VARCHAR(20) AS (v || n) STORED', effect: 'unknown', recipe: session },
  { sql: 'ALTER TABLE s.t MODIFY v VARCHAR(2)', effect: 'unknown', recipe: 'Convert a column' },
  { sql: 'ALTER TABLE s.t MODIFY d DATETIME', effect: 'unknown', recipe: 'Convert a column' },
  { sql: 'ALTER TABLE s.t CHANGE d e TIMESTAMP NULL', effect: 'unknown', recipe: 'Convert a column' },
  { sql: 'ALTER TABLE s.t CONVERT TO CHARACTER SET latin1', effect: 'unknown', recipe: 'Convert a column' },
  { sql: 'ALTER TABLE s.w ADD PRIMARY KEY (v)', effect: 'unknown', recipe: 'Both ways' },
];

/** Not tried: what they do depends on rows that are on their way, or nobody knows them. */
export const unsaid: readonly Case[] = [
  ['TRUNCATE TABLE s.t', 'Remove rows'],
  ['DROP TABLE s.t', 'Remove rows'],
  ['RENAME TABLE s.t TO s.u', 'Remove rows'],
  ['CREATE OR REPLACE TABLE s.t (id INT)', 'Remove rows'],
  ['ALTER TABLE s.t DROP PARTITION p0', 'Remove rows'],
  ['ALTER TABLE s.t TRUNCATE PARTITION p0', 'Remove rows'],
  ['ALTER TABLE s.t EXCHANGE PARTITION p0 WITH TABLE s.u', 'Remove rows'],
  ["ALTER TABLE s.t ADD PARTITION (PARTITION p3 VALUES LESS THAN (UNIX_TIMESTAMP('2020-01-01')))", session],
  ['ALTER TABLE s.t COMMENT "x" PARTITION BY HASH (id)', 'Both ways'],
  ['ALTER TABLE s.t DROP COLUMN v', 'Both ways'],
  ['ALTER TABLE s.t RENAME COLUMN v TO u', 'Both ways'],
  ['ALTER TABLE s.t ADD COLUMN a TIMESTAMP', session],
  ['ALTER TABLE s.t ADD COLUMN a DATETIME ON UPDATE CURRENT_TIMESTAMP', fill],
  ['ALTER TABLE s.t ADD COLUMN a INT DEFAULT (id * 2)', fill],
  ['ALTER TABLE s.t ADD COLUMN a POINT', session],
  ['ALTER TABLE s.t ADD COLUMN a INT CHECK (a > 0)', session],
  ['ALTER TABLE s.t ADD INDEX f ((UPPER(v)))', session],
  ['ALTER TABLE s.t ADD CHECK (n > 0)', 'Both ways'],
  ['ALTER TABLE s.t a clause of tomorrow', 'Both ways'],
].map(([sql = '', recipe = '']) => ({ sql, effect: 'unknown', recipe }));
