/** DDL on real servers: what capture says of a statement against what the statement did. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mysqlServer } from '../../../../test/servers/index.js';
import { dialectOf, runDrawn } from './random-statement.fixture.js';
import { StatementRunner } from './server-statements.fixture.js';
import { Replays } from './spliced.fixture.js';
import type { Replayed } from './spliced.fixture.js';

/** LUTRA_SEED repeats a run; a failure prints it. */
const seed = Number(process.env['LUTRA_SEED'] ?? Date.now() % 1_000_000);

/** Settings of the session, then the statement. */
type Example = readonly string[];

const latin1 = ['SET NAMES latin1', 'USE shop'];
const gbk = ['SET NAMES gbk', 'USE shop'];
const crm = ['SET NAMES utf8mb4', 'USE crm'];
const utf8 = ['SET NAMES utf8mb4', 'USE shop'];
/** 乗乣 */
const gbkName = '\x81\x5c\x81\x60';
/** ソ表 */
const cp932Name = '\x83\x5c\x95\x5c';

/** Each of them changes a routed table. */
const changing: readonly Example[] = [
  [...utf8, 'RENAME /* x */ TABLE parcel TO crm.fresh'],
  ['RENAME /* x */ TABLE shop.parcel TO crm.fresh'],
  ['TRUNCATE TABLE/**/shop./**/parcel'],
  [...crm, 'TRUNCATE TABLE/**/shop./**/parcel'],
  [...crm, 'ALTER TABLE pieces EXCHANGE PARTITION p0 WITH TABLE shop.parcel'],
  [...crm, 'ALTER TABLE shop.parts EXCHANGE PARTITION p0 WITH TABLE other'],
  [...crm, 'ALTER TABLE other RENAME TO shop.gone'],
  [...crm, 'ALTER TABLE other RENAME shop.gone, COMMENT "x"'],
  [...utf8, 'RENAME TABLE parcel TO fresh, other TO parcel'],
  [...latin1, 'TRUNCATE stra\xdfe'],
  [...latin1, 'TRUNCATE\xa0TABLE\xa0parcel'],
  [...gbk, `TRUNCATE ${gbkName}`],
  [...gbk, `ALTER TABLE shop.\`${gbkName}\` ADD c INT`],
  [...gbk, `ALTER TABLE other COMMENT '${gbkName.slice(0, 2)}', RENAME TO gone`],
  ['SET NAMES cp932', 'USE shop', `TRUNCATE ${cp932Name}`],
  ['SET NAMES cp932', 'USE shop', `DROP TABLE IF EXISTS ${cp932Name}`],
  [...utf8, "SET sql_mode = 'ANSI_QUOTES'", 'TRUNCATE "parcel"'],
  [...utf8, "SET sql_mode = 'NO_BACKSLASH_ESCAPES'", "ALTER TABLE other COMMENT '\\', RENAME TO gone -- '"],
  [...utf8, "SET sql_mode = 'ANSI_QUOTES'", `PREPARE s FROM 'TRUNCATE "parcel"'`, "SET sql_mode = ''", 'EXECUTE s'],
  [...utf8, "PREPARE s FROM 'TRUNCATE stra\xc3\x9fe'", 'SET NAMES latin1', 'EXECUTE s'],
  [...utf8, 'ALTER TABLE 1t ADD c INT'],
  [...utf8, 'TRUNCATE shop.1t'],
  [...utf8, 'DROP TABLE `a``b"c`'],
  [...utf8, 'DROP /*! TABLE parcel */'],
  ['DROP DATABASE shop'],
  [...utf8, 'ALTER TABLE parcel DISCARD TABLESPACE'],
  [...utf8, 'CREATE INDEX i ON parcel (v)'],
  [...crm, 'CREATE TABLE shop.gone LIKE other'],
  [...utf8, 'CREATE TABLE gone (id INT PRIMARY KEY) /* lutra:create */'],
];

/** They concern one, and happen to change none. */
const without: readonly Example[] = [
  ['CREATE DATABASE IF NOT EXISTS shop'],
  [...utf8, 'ALTER TABLE parcel ALGORITHM = COPY'],
  [...utf8, 'DROP TABLE IF EXISTS parcel_of_old, gone'],
];

/** MySQL 8.0.15 refuses it with GTIDs. */
const filled: Example = [...utf8, 'CREATE TABLE gone AS SELECT * FROM other'];

const ofMariadb: readonly Example[] = [
  [...utf8, 'CREATE OR REPLACE TABLE parcel (id INT)'],
  [...utf8, 'CREATE OR REPLACE SEQUENCE parcel'],
  ['CREATE OR REPLACE DATABASE shop'],
  [...crm, 'SET STATEMENT lock_wait_timeout = 5 FOR TRUNCATE shop.parcel'],
  [...utf8, 'TRUNCATE .parcel'],
  [...crm, 'ALTER TABLE pieces CONVERT PARTITION p0 TO TABLE shop.gone'],
  [...utf8, 'RENAME TABLE IF EXISTS parcel WAIT 5 TO crm.fresh'],
  [...utf8, 'BEGIN NOT ATOMIC TRUNCATE parcel; END'],
];

/** Seen only once the table is no longer in the cache of the server. */
const unseen: Example = [...utf8, 'ALTER TABLE `#mysql50#parcel` ADD c INT'];

const inAnotherCase: readonly Example[] = [
  ['TRUNCATE TABLE SHOP.PARCEL'],
  ['RENAME TABLE SHOP.Parcel TO shop.Fresh, SHOP.OTHER TO Shop.PARCEL'],
  ['DROP DATABASE SHOP'],
  ['SET NAMES utf8mb4', 'USE SHOP', 'TRUNCATE STRA\xc3\x9fE'],
];

/** None of them changes one. */
const passing: readonly Example[] = [
  [...utf8, 'CREATE TABLE crm.fresh LIKE parcel'],
  [...crm, 'ALTER /* gh-ost */ TABLE other ADD parcel INT'],
  [...crm, 'TRUNCATE parcel'],
  [...crm, 'DROP TABLE IF EXISTS parcel, shop'],
  [...utf8, 'CREATE TABLE crm.child (id INT PRIMARY KEY, parcel INT, FOREIGN KEY (parcel) REFERENCES shop.parcel (id))'],
  [...utf8, "ALTER TABLE other COMMENT 'parcel', ADD parcel INT, RENAME COLUMN v TO w"],
  [...gbk, `ALTER TABLE other COMMENT '${gbkName}'`],
  [...gbk, `CREATE TABLE crm.gbk (id INT COMMENT '${gbkName}', \`${gbkName}\` INT)`],
  [...utf8, 'CREATE TRIGGER tr BEFORE INSERT ON parcel FOR EACH ROW SET @a = 1'],
  [...utf8, 'CREATE VIEW v AS SELECT * FROM parcel'],
  [...utf8, 'ANALYZE TABLE parcel'],
  [...utf8, '/*!40000 ALTER TABLE `parcel` DISABLE KEYS */'],
  ["CREATE USER IF NOT EXISTS 'parcel'@'%'"],
  [...utf8, 'CREATE PROCEDURE parcel() START TRANSACTION'],
  [...utf8, 'DROP PROCEDURE parcel'],
  [...utf8, 'CREATE EVENT parcel ON SCHEDULE EVERY 1 DAY DO START TRANSACTION'],
  [...utf8, "CREATE OR REPLACE VIEW v AS SELECT 'START TRANSACTION' FROM parcel"],
  [...utf8, 'DROP VIEW v'],
  ['GRANT SELECT ON shop.parcel TO root@localhost'],
  ["SET PASSWORD FOR root@localhost = ''"],
  [...utf8, 'FLUSH TABLES parcel'],
  [...utf8, 'OPTIMIZE TABLE parcel'],
  [...utf8, 'DROP TABLE other'],
];

/** Kinds of statements that are new in 9.x, and those of things that are no tables. */
const of97: readonly Example[] = [
  [...utf8, 'CREATE LIBRARY parcel LANGUAGE JAVASCRIPT AS $$ export function f(n) {return n} $$'],
  [...utf8, "ALTER LIBRARY parcel COMMENT 'parcel'"],
  [...utf8, 'DROP LIBRARY parcel'],
  [...utf8, "CREATE JSON RELATIONAL DUALITY VIEW j AS SELECT JSON_DUALITY_OBJECT('_id': id, 'v': v) FROM parcel"],
  [...utf8, "ALTER JSON DUALITY VIEW j AS SELECT JSON_DUALITY_OBJECT('_id': id) FROM parcel"],
  [...utf8, 'DROP VIEW j'],
  [...utf8, 'CREATE MATERIALIZED VIEW m AS SELECT * FROM parcel'],
  [...utf8, 'DROP VIEW m'],
  ["CREATE TABLESPACE parcel ADD DATAFILE 'parcel.ibd'"],
  ['ALTER TABLESPACE parcel RENAME TO shop'],
  ['DROP TABLESPACE shop'],
  ['ALTER DATABASE shop READ ONLY = 0'],
  ['CREATE ROLE shop'],
  ['DROP ROLE shop'],
];

const servers = [
  { version: '8.0', lowerCaseTableNames: 0 },
  { version: '9.7', lowerCaseTableNames: 1 },
  { version: 'mariadb-11.4', lowerCaseTableNames: 1 },
] as const;

/**
 * Before 8.0.16 InnoDB reads foreign keys from the text of the statement, and there `--` begins a comment only before a space. It refuses
 * the same statement with names in quotes, so a pipeline holds.
 */
function isMisreadByInnodb({ error, again }: Replayed): boolean {
  return error === 'Cannot add foreign key constraint' && /foreign\s+key/i.test(again) && /--[^\S ]/.test(again);
}

describe.each(servers)('$version, lower_case_table_names=$lowerCaseTableNames', ({ version, lowerCaseTableNames }) => {
  const fast = ['--innodb-flush-log-at-trx-commit=0', '--sync-binlog=0', '--innodb-flush-method=nosync', '--innodb-doublewrite=OFF'];
  const server = mysqlServer({ version, serverId: 1, lowerCaseTableNames, extra: fast });
  const runner = new StatementRunner(server, lowerCaseTableNames === 1);

  beforeAll(async () => {
    await server.start();
    await runner.open();
  });
  afterAll(async () => {
    runner.close();
    await server.stop();
  });

  it('what changes a routed table concerns it, and what does not passes', async () => {
    const isMariadb = version === 'mariadb-11.4';
    const mariadb = isMariadb ? ofMariadb : [];
    const folded = lowerCaseTableNames === 1 ? inAnotherCase : [];
    const touching = [...changing, ...mariadb, ...folded, ...(version === '8.0' ? [] : [filled])];
    const harmless = [...passing, ...(version === '9.7' ? of97 : [])];
    const examples = [...touching, ...without, ...harmless];
    for (const example of examples) await runner.run(example);
    if (isMariadb) await runner.run(unseen);
    const ran = await runner.verdicts();
    if (isMariadb) expect(ran.at(-1)!.concerns).toMatchObject([{ statement: 'ALTER TABLE', tables: [] }]);
    const all = ran.slice(0, examples.length).map(({ sql, error, changed, concerns }) => ({
      sql,
      error,
      changed: changed.length > 0,
      concerns: concerns.some((concern) => concern !== null),
    }));
    const expected = examples.map((example, i) => ({
      sql: example.map((sql) => JSON.stringify(sql)).join('; '),
      error: null,
      changed: i < touching.length,
      concerns: i < touching.length + without.length,
    }));
    expect(all).toEqual(expected);
  });

  it('so it is for statements drawn at random', async () => {
    await runner.reset([{ database: 'shop', name: 'parcel' }]);
    const dialect = await dialectOf(runner, { isMariadb: version === 'mariadb-11.4', foldsNames: lowerCaseTableNames === 1 });
    const { ran, missed, falseAlarms } = await runDrawn(runner, dialect, { seed, count: 40 });
    expect({ seed, missed, falseAlarms }).toEqual({ seed, missed: [], falseAlarms: [] });
    expect(ran).toBeGreaterThan(10);
  });

  it('what is published does the same with each name written anew at its place', async () => {
    const dialect = await dialectOf(runner, { isMariadb: version === 'mariadb-11.4', foldsNames: lowerCaseTableNames === 1 });
    const replays = new Replays(server, dialect);
    try {
      await replays.open();
      const replayed: Awaited<ReturnType<Replays['drawn']>>[number][] = [];
      // Of what is drawn some is refused: further ones, until enough ran.
      for (let round = 0; replayed.length <= 2; round++) replayed.push(...(await replays.drawn({ seed: seed + round, count: 30 })));
      const wrong = replayed.filter((one) => (one.error !== null || !one.isSame) && !(version === '8.0' && isMisreadByInnodb(one)));
      expect({ seed, wrong }).toEqual({ seed, wrong: [] });
    } finally {
      replays.close();
    }
  });
});
