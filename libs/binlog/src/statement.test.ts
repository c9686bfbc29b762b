import { describe, expect, it } from 'vitest';
import { classify } from './statement.js';

describe('a statement', () => {
  it.each([
    ['BEGIN', 'begin'],
    ['COMMIT', 'commit'],
    ['ROLLBACK', 'rollback'],
    ['SAVEPOINT `a`', 'savepoint'],
    ['CREATE TEMPORARY TABLE t (a INT)', 'temporary'],
    ['DROP /*!40005 TEMPORARY */ TABLE IF EXISTS t', 'temporary'],
    ['CREATE OR REPLACE TEMPORARY TABLE t (a INT)', 'temporary'],
    ['DROP TEMPORARY TABLES a, b', 'temporary'],
    ['CREATE TABLE `t` (\n a int\n) START TRANSACTION', 'create-table'],
    ['CREATE DEFINER=`a`@`b` PROCEDURE p() START TRANSACTION', 'other'],
    ['CREATE PROCEDURE p() START TRANSACTION', 'other'],
    ['CREATE OR REPLACE /* TEMPORARY */ TABLE t (a INT)', 'create-table'],
    ['DROP /* TEMPORARY */ TABLE t', 'other'],
    ['DROP /*M! TEMPORARY */ TABLE t', 'other'],
    ['ANALYZE LOCAL TABLE t', 'other'],
    ["CREATE USER 'a'@'b'", 'other'],
    ['ALTER TABLE t ADD COLUMN c INT', 'other'],
    ['TRUNCATE t', 'other'],
    ['GRANT SELECT ON *.* TO u', 'other'],
    ['/* lutra */ RENAME TABLE a TO b', 'other'],
    ['FLUSH TABLES', 'other'],
  ])('%s is %s', (sql, kind) => {
    expect(classify(sql, 'mysql').kind).toBe(kind);
  });

  it.each([
    'INSERT INTO t VALUES (1)',
    'INSERT\u00a0INTO t VALUES (1)',
    'insert into t values (1)',
    '  /* x */ -- y\n # z\n UPDATE t SET a = 1',
    '/*!50000 DELETE */ FROM t',
    '(SELECT f()) UNION (SELECT 1)',
    'WITH x AS (SELECT 1) UPDATE t SET a = 1',
    'LOAD DATA INFILE "x" INTO TABLE t',
    'SET STATEMENT max_statement_time=1 FOR INSERT INTO t VALUES (1)',
    "SET /* x */ STATEMENT a='FOR ALTER', b=(SELECT 1 FOR UPDATE) FOR DELETE FROM t",
  ])('%s changes rows, told as a statement', (sql) => {
    expect(classify(sql, 'mysql').kind).toBe('rows');
  });

  it.each([
    ["XA START X'6A',X'',1", 'xa-start'],
    ["XA END X'6a',X'',1", 'xa-end'],
    ["XA COMMIT X'6a',X'',1", 'xa-commit'],
    ["xa rollback X'6a',X'',4294967297", 'xa-rollback'],
  ])('%s is of an XA transaction', (sql, kind) => {
    expect(classify(sql, 'mysql')).toEqual({ keyword: 'XA', kind, xid: "X'6a',X'',1" });
  });

  it.each([
    'CALL p()',
    'DO f()',
    "XA START 'x'",
    'XA RECOVER',
    "XA COMMIT X'78',X'',1 ONE PHASE",
    'ROLLBACK TO `s`',
    'BEGIN WORK',
    'COMMIT AND CHAIN',
    "SET STATEMENT a='",
    'ANALYZE UPDATE t SET a = 1',
    'ANALYZE FORMAT=JSON DELETE FROM t',
    '',
    '/* only a comment */',
    '!?',
  ])('%s may change rows', (sql) => {
    expect(classify(sql, 'mysql').kind).toBe('change');
  });

  it('of MariaDB’s own is told from a comment by the flavor', () => {
    expect(classify('DROP /*M! TEMPORARY */ TABLE t', 'mariadb').kind).toBe('temporary');
    expect(classify('/*M!100100 REPLACE */ t VALUES (1)', 'mariadb').kind).toBe('rows');
    expect(classify('SET STATEMENT lock_wait_timeout=1 FOR ALTER TABLE t ADD c INT', 'mariadb')).toEqual({
      keyword: 'ALTER',
      kind: 'other',
    });
  });

  it('is named by its first word, never by its values', () => {
    expect(classify("/* a */ INSERT INTO t VALUES ('secret')", 'mysql').keyword).toBe('INSERT');
    expect(classify('rollback to `s`', 'mysql').keyword).toBe('ROLLBACK TO');
  });
});
