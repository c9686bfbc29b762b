import { expect, it } from 'vitest';
import { ddlRecord } from './ddl-record.fixture.js';
import { madeUp } from './made-up.js';

const of = (sql: string, sqlMode = '0') => madeUp(ddlRecord(sql, [], { session: { sqlMode } }));
const none = { all: null, numbered: [] };

it.each([
  'ALTER TABLE t ADD id INT AUTO_INCREMENT PRIMARY KEY FIRST',
  'alter table t drop a, add column (b int, c serial)',
  'ALTER TABLE t ADD serial serial',
  'ALTER TABLE t ADD a BIGINT SERIAL DEFAULT VALUE',
  'ALTER TABLE `add` ADD COLUMN IF NOT EXISTS a INT /* first */ UNIQUE AUTO_INCREMENT',
  'ALTER TABLE t MODIFY a INT AUTO_INCREMENT, ADD b SERIAL',
])('%s numbers each row', (sql) => expect(of(sql)).toEqual({ all: 'AUTO_INCREMENT', numbered: [] }));

it.each([
  'ALTER TABLE t ADD a INT, AUTO_INCREMENT = 5',
  'ALTER TABLE t ADD serial INT, ADD COLUMN (auto_increment INT, serial INT), ADD INDEX serial (serial), ADD a INT AFTER serial',
  "ALTER TABLE t ADD a VARCHAR(20) DEFAULT 'AUTO_INCREMENT' COMMENT 'database()', ADD `SERIAL` INT",
  'ALTER TABLE t ADD a DATETIME DEFAULT (now()), ADD `database` INT, COLLATE utf8mb4_bin',
  'CREATE TABLE t (id SERIAL)',
])('%s makes nothing up', (sql) => expect(of(sql)).toEqual(none));

it('rows that have a column may get a number in it', () => {
  const numbered = (sql: string) => of(sql).numbered;
  expect(numbered('ALTER TABLE t MODIFY id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY')).toEqual(['id']);
  expect(numbered('ALTER TABLE t CHANGE COLUMN `a``b` c SERIAL, MODIFY d INT')).toEqual(['a`b']);
  expect(numbered('ALTER TABLE t ADD INDEX (a), MODIFY COLUMN a INT PRIMARY KEY AUTO_INCREMENT')).toEqual(['a']);
  expect(numbered('ALTER TABLE t CHANGE a serial INT, CHANGE COLUMN serial serial INT')).toEqual([]);
});

it('a default may call what depends on the session, however the text is to be read', () => {
  const isOfSession = (sql: string, sqlMode?: string) => of(sql, sqlMode).all === 'a function of its session';
  expect(isOfSession('ALTER TABLE t ADD a INT DEFAULT (connection_id())')).toBe(true);
  expect(isOfSession('ALTER TABLE t ADD a VARCHAR(64) DEFAULT (concat(schema (), 1))')).toBe(true);
  const escaped = "ALTER TABLE t COMMENT '\\', ADD a INT DEFAULT (connection_id()), COMMENT ''";
  expect([isOfSession(escaped), isOfSession(escaped, String(1n << 20n))]).toEqual([false, true]);
});
