import { sqlTokens } from '@lutra/binlog';
import { expect, it } from 'vitest';
import { clausesOf } from './clauses.js';

function shown(sql: string): string | null {
  const tokens = [...sqlTokens(sql, { ansiQuotes: false, noBackslashEscapes: false, singleByte: false, flavor: 'mariadb' })];
  return (
    clausesOf(tokens)
      ?.map(({ action, what, name }) => `${action} ${what} ${name}`)
      .join(', ') ?? null
  );
}

it.each([
  ['ALTER TABLE t ADD c INT', 'add column c'],
  ['alter table `s`.t add column `c d` INT NOT NULL DEFAULT (1, 2) AFTER `e`, DROP `f`', 'add column c d, drop column f'],
  ['ALTER TABLE t ADD (a INT, b DECIMAL(3,1)), DROP COLUMN x RESTRICT', 'add column a, add column b, drop column x'],
  [
    'ALTER TABLE t ADD INDEX i (a), ADD UNIQUE KEY u (b), ADD UNIQUE v (c), ADD FULLTEXT f (d)',
    'add index i, add index u, add index v, add index f',
  ],
  ['ALTER TABLE t DROP INDEX i, DROP KEY k', 'drop index i, drop index k'],
  ['ALTER TABLE IF EXISTS t ADD COLUMN IF NOT EXISTS c INT, DROP COLUMN IF EXISTS d', 'add column c, drop column d'],
  ['ALTER TABLE t ADD c INT, ALGORITHM=INPLACE, LOCK NONE', 'add column c'],
  ['CREATE UNIQUE INDEX `i` USING BTREE ON t (a)', 'add index i'],
  ['DROP INDEX i ON t', 'drop index i'],
])('%s', (sql, clauses) => expect(shown(sql)).toBe(clauses));

it.each([
  'ALTER TABLE t',
  'ALTER TABLE t ALGORITHM=COPY',
  'ALTER TABLE t ADD c INT, MODIFY d INT',
  'ALTER TABLE t ADD c INT, COMMENT "x"',
  'ALTER TABLE t ADD c INT UNIQUE',
  'ALTER TABLE t ADD c INT AUTO_INCREMENT PRIMARY KEY',
  'ALTER TABLE t ADD c INT REFERENCES p (id)',
  'ALTER TABLE t ADD c INT CHECK (c > 0)',
  'ALTER TABLE t ADD c SERIAL',
  'ALTER TABLE t ADD (a INT, KEY k (a))',
  'ALTER TABLE t ADD INDEX (a)',
  'ALTER TABLE t ADD INDEX USING BTREE (a)',
  'ALTER TABLE t ADD UNIQUE (a)',
  'ALTER TABLE t ADD SPATIAL INDEX g (a)',
  'ALTER TABLE t ADD CONSTRAINT c UNIQUE (a)',
  'ALTER TABLE t ADD PRIMARY KEY (a)',
  'ALTER TABLE t ADD PARTITION (PARTITION p VALUES LESS THAN (1))',
  'ALTER TABLE t DROP PRIMARY KEY',
  'ALTER TABLE t DROP INDEX `PRIMARY`',
  'ALTER TABLE t DROP PARTITION p',
  'ALTER TABLE t DROP FOREIGN KEY f',
  'ALTER TABLE t DROP CHECK c',
  'ALTER IGNORE TABLE t ADD UNIQUE KEY u (a)',
  'CREATE OR REPLACE INDEX i ON t (a)',
  'CREATE SPATIAL INDEX i ON t (a)',
  'TRUNCATE t',
])('does something else: %s', (sql) => expect(shown(sql)).toBeNull());
