/** A pass over real servers: which tables, what it says of each, and that it goes on behind those that are done. */
import { randomUUID } from 'node:crypto';
import { fileRuleSchema } from '@lutra/model';
import type { EndpointDocument, RegionDocument, VerificationOrder, VerifiedTable } from '@lutra/model';
import { Session } from '@lutra/mysql';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { MemoryFiles } from '../../../../libs/files/src/memory-files.fixture.js';
import { TestServer } from '../../../../libs/mysql/src/mysql.fixture.js';
import type { VerifyWork } from './assignments.js';
import { runPass } from './pass.js';
import type { PassOptions } from './pass.js';
import { rangeRows } from './sieve.js';

let servers: readonly [TestServer, TestServer];
const files = new MemoryFiles();
const database = `p${randomUUID().slice(0, 8)}`;
const { signal } = new AbortController();
const order: VerificationOrder = { id: randomUUID(), tables: [`${database}.*`], repeat: 'once', share: 1, state: 'running', by: '', at: 0 };

beforeAll(async () => {
  servers = [await TestServer.shared('8.0'), await TestServer.shared('9.7')];
  for (const server of servers) await server.run(`CREATE DATABASE ${database} CHARACTER SET utf8mb4`);
});
afterAll(async () => {
  for (const server of servers) await server.run(`DROP DATABASE ${database}`);
  for (const server of servers) await server.stop();
});
const both = async (sql: string): Promise<void> => {
  for (const server of servers) await server.run(sql);
};

const endpoint = (name: string): EndpointDocument => ({ name, region: name }) as EndpointDocument;
const work = (twoWay: boolean): VerifyWork => {
  const routes = [{ schema: database, table: '*' }];
  const targetRegion = {} as RegionDocument;
  const of = (name: string, source: string, target: string) => ({
    name,
    uid: `uid-${name}`,
    source: endpoint(source),
    target: endpoint(target),
    targetRegion,
    routes,
    others: [],
    backElsewhere: [],
  });
  return { channel: 'c', pipelines: [of('there', 'a', 'b'), ...(twoWay ? [of('back', 'b', 'a')] : [])], rules: [], home: null, roots: [] };
};

async function pass(more: Partial<PassOptions> = {}, twoWay = false): Promise<readonly VerifiedTable[]> {
  // All that is written is at both sides already.
  const crossing: PassOptions['crossing'] = {
    published: async () => ({ position: { file: 'binlog.999999', pos: 4 }, server: null, log: 'l', seq: 7 }),
    capture: async () => null,
    loader: async () => ({ state: 'running', log: 'l', seq: 7, error: null }),
  };
  const login: PassOptions['login'] = (name) => servers[name === 'a' ? 0 : 1].options;
  const isRestarting = async (): Promise<boolean> => false;
  const [between, tables, look] = Array.from({ length: 3 }, () => async (): Promise<void> => undefined);
  return runPass({
    work: work(twoWay),
    order,
    login,
    crossing,
    files: () => files,
    pass: 1,
    known: [],
    between: between!,
    tables: tables!,
    look: look!,
    isRestarting,
    signal,
    ...more,
  });
}

const said = (tables: readonly VerifiedTable[]): readonly string[] =>
  tables.map(({ table, verdict, rows, notes }) => [table, verdict, rows, ...notes].join(' · '));

test('says of each table what it is, once for both directions, and goes on behind those that are done', async () => {
  await both(`CREATE TABLE ${database}.equal_one (id INT PRIMARY KEY AUTO_INCREMENT, v INT)`);
  await both(`INSERT INTO ${database}.equal_one VALUES (1, 1), (2, 2)`);
  await both(`CREATE TABLE ${database}.no_key (v INT)`);
  await both(`CREATE TABLE ${database}.unique_key (n INT UNIQUE, u VARCHAR(20) NOT NULL UNIQUE)`);
  await both(`INSERT INTO ${database}.unique_key VALUES (NULL, 'b'), (NULL, 'a'), (7, 'c')`);
  await servers[0].run(`CREATE TABLE ${database}.only_there (id INT PRIMARY KEY)`);
  await servers[1].run(`CREATE TABLE ${database}.only_here (id INT PRIMARY KEY)`);
  await servers[0].run(`CREATE TABLE ${database}.narrow (id INT PRIMARY KEY, v BIGINT)`);
  await servers[1].run(`CREATE TABLE ${database}.narrow (id INT PRIMARY KEY, v SMALLINT)`);
  await both(`CREATE TABLE ${database}.triggered (id INT PRIMARY KEY)`);
  await servers[1].run(`CREATE TRIGGER ${database}.x AFTER INSERT ON ${database}.triggered FOR EACH ROW SET @x = 1`);
  const overlap =
    'AUTO_INCREMENT: both sides give numbers to new rows, and they can be the same: the source 1, 2, 3 …, the target 1, 2, 3 … (auto_increment_offset, auto_increment_increment)';
  const all = await pass({}, true);
  expect(said(all)).toEqual([
    `equal_one · equal · 2 · ${overlap}`,
    expect.stringMatching(/^narrow · refused · 0 · column v: is smallint/),
    'no_key · refused · 0 · it has no primary key, and no unique key over whole NOT NULL columns that both sides have',
    'only_there · refused · 0 · the table is missing at the target',
    expect.stringMatching(
      /^triggered · equal · 0 · triggers: 0 at the source, 1 at the target · at the target: .*triggered: triggers x fire/,
    ),
    'unique_key · equal · 3',
    'only_here · refused · 0 · the table is missing at the source',
  ]);
  expect(all[0]).toMatchObject({ log: 'l', seq: 7, asOf: expect.any(Number), pipeline: 'there' });
  const seen: string[] = [];
  const known = all.map((each) => ({ ...each, pass: each.table === 'triggered' ? 1 : 2 }));
  const again = await pass({ pass: 2, known, between: async ({ table }) => void seen.push(table) }, true);
  expect(said(again)).toEqual(said(all));
  expect(again.map((each) => each.pass)).toEqual(all.map(() => 2));
  expect(new Set(seen)).toEqual(new Set([`${database}.triggered`]));
});

test('a condition keeps rows outside of it from being compared', async () => {
  await both(`CREATE TABLE ${database}.conditional (id INT PRIMARY KEY, v INT)`);
  await both(`INSERT INTO ${database}.conditional VALUES (1, 1), (2, 2)`);
  await servers[0].run(`UPDATE ${database}.conditional SET v = 9 WHERE id = 2`);
  const tables = [`${database}.conditional`];
  expect(said(await pass({ order: { ...order, tables, where: 'id = 1 -- the first' } }))).toEqual(['conditional · equal · 1']);
});

test('files that rows name are compared with them, and those that differ stand with the key of their row', async () => {
  await both(`CREATE TABLE ${database}.pictures (id INT PRIMARY KEY, shop INT, image VARCHAR(100), other LONGBLOB)`);
  await both(`INSERT INTO ${database}.pictures VALUES (1, 7, 'a.jpg,b.jpg', ''), (2, 7, NULL, ''), (3, 8, 'c.jpg', 'x')`);
  for (const path of ['7/a.jpg', '7/b.jpg', '8/c.jpg']) {
    files.source.set(`pics/${path}`, path);
    files.write({ root: 'pics', path }, path);
  }
  const rule = fileRuleSchema.parse({ root: 'pics', path: '{shop}/{image}', split: ',', immutable: true });
  const [pipeline] = work(false).pipelines;
  const routes = [{ schema: database, table: '*', files: [rule] }];
  const withRules = { ...work(false), pipelines: [{ ...pipeline!, routes }] };
  const [, target] = servers;
  const of = { work: withRules, order: { ...order, id: randomUUID(), tables: [`${database}.pictures`] } };
  expect(await pass(of)).toMatchObject([{ verdict: 'equal', rows: 3, files: { named: 3, missingHere: 0 } }]);
  files.source.delete('pics/8/c.jpg');
  files.write({ root: 'pics', path: '7/b.jpg' }, 'others');
  const counts = { named: 3, missingHere: 0, missingThere: 1, missing: 0, different: 1, unsettled: 0 };
  expect(await pass(of)).toMatchObject([{ verdict: 'different', rows: 3, different: 0, files: counts }]);
  const kept = async () => {
    const rows = await target.query(`SELECT row_key, outcome, here_row FROM lutra.difference WHERE request = '${of.order.id}'`);
    return rows.map((row) => ['row_key', 'outcome', 'here_row'].map((name) => String(row[name])).join(' ')).toSorted();
  };
  expect(await kept()).toEqual([
    '{"id":1} file-different {"root":"pics","path":"7/b.jpg"}',
    '{"id":3} file-not-there {"root":"pics","path":"8/c.jpg"}',
  ]);
  files.fail('compare');
  const [unknown] = await pass(of);
  expect(unknown).toMatchObject({ verdict: 'unsettled', notes: ['its files are not compared: FILES_UNAVAILABLE: no files app answers'] });
});

test('an equal table sends less than a thousandth of its bytes, and waits for no lock of a writer', async () => {
  await both(`CREATE TABLE ${database}.large (id INT PRIMARY KEY, a VARCHAR(100), b BIGINT, c DECIMAL(12,2), d DATETIME(3))`);
  const count = 5 * rangeRows;
  const numbers = (digits: number): string =>
    Array.from(
      { length: digits },
      (_, i) => `(SELECT 0 AS n${i} ${'123456789'.replaceAll(/\d/g, (n) => ` UNION ALL SELECT ${n}`)}) AS d${i}`,
    ).join(', ');
  const n = 'n0 + 10 * n1 + 100 * n2 + 1000 * n3 + 10000 * n4';
  const row = `${n}, REPEAT('x', 80), 1000000007 * (${n}), (${n}) / 8, '2024-01-01 00:00:00' + INTERVAL (${n}) SECOND`;
  await both(`INSERT INTO ${database}.large SELECT ${row} FROM ${numbers(5)} WHERE ${n} < ${count}`);
  const session = await Session.open(servers[0].options, 'source');
  try {
    await session.query('BEGIN');
    await session.query(`UPDATE ${database}.large SET b = b WHERE id = 5`);
    await session.query(`UPDATE ${database}.large SET b = b + 1 WHERE id = 6`); // not committed: it holds its locks
    const sent = async (): Promise<number> => {
      const [found] = await servers[0].query("SHOW GLOBAL STATUS LIKE 'Bytes_sent'");
      return Number(found?.['Value']);
    };
    const before = await sent();
    const tables = [`${database}.large`];
    expect(said(await pass({ order: { ...order, tables } }))).toEqual([`large · equal · ${count}`]);
    const verified = (await sent()) - before;
    await servers[0].query(`SELECT * FROM ${database}.large`);
    const read = (await sent()) - before - verified;
    // Of these a few thousand are the definitions of the table, whatever its size.
    expect(verified - 12_000).toBeLessThan(read / 1_000);
    const [waits] = await servers[0].query("SHOW STATUS LIKE 'Innodb_row_lock_current_waits'");
    expect(Number(waits?.['Value'])).toBe(0);
  } finally {
    await session.query('ROLLBACK');
    await session.close();
  }
});
