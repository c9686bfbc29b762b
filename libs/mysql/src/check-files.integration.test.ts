import { conflictRuleSchema, fileRuleSchema } from '@lutra/model';
import type { FileRule } from '@lutra/model';
import { beforeAll, expect, test } from 'vitest';
import { checkTarget } from './check-target.js';
import { TestServer } from './mysql.fixture.js';
import type { Problem } from './problem.js';

/** One server plays both sides. */
let server: TestServer;
beforeAll(async () => {
  server = await TestServer.shared('9.7');
  await server.run(`DROP DATABASE IF EXISTS pics; CREATE DATABASE pics; USE pics;
    CREATE TABLE p (id bigint unsigned primary key, shop int, name varchar(200), other varchar(200), doc json, sha char(64), raw binary(32),
      half binary(16), short varchar(20), f double, seen timestamp, made varchar(200) AS (concat(name, 'x')) STORED, slug varchar(50) unique,
      ix varchar(100), price decimal(10, 2), INDEX (ix), INDEX (other(9)));
    CREATE TABLE nokey (name varchar(200));
    CREATE TABLE promoted (code varchar(20) NOT NULL, UNIQUE KEY (code)); USE mysql`);
});

interface Asked {
  readonly table?: string;
  readonly twoWay?: boolean;
  readonly merge?: Readonly<Record<string, string>>;
}

async function check(rule: Partial<FileRule>, { table = 'p', twoWay = false, merge }: Asked = {}): Promise<readonly Problem[]> {
  const files = [fileRuleSchema.parse({ root: 'pics', path: '{name}', ...rule })];
  const policy = merge ? { policy: 'merge', columns: merge } : { policy: 'home' };
  const problems = await checkTarget(server.options, {
    routes: [{ schema: 'pics', table, files }],
    source: server.options,
    twoWay,
    rules: twoWay ? [conflictRuleSchema.parse(policy)] : [],
  });
  const found = problems.filter(({ id }) => id.startsWith('file-'));
  expect(found.every(({ fix, severity, what }) => fix !== null && severity === 'error' && what.includes('file rule pics:'))).toBe(true);
  return found;
}

const ids = (problems: readonly Problem[]): readonly string[] => problems.map(({ id }) => id);

test('one way, a rule whose columns are there is fine', async () => {
  const rules: readonly Partial<FileRule>[] = [
    {},
    { path: '{SHOP}/{Name}' },
    { split: ',' },
    { path: '{doc}', json: '$[*]' },
    { json: '$.a' },
    { hash: 'sha' },
    { hash: 'raw' },
  ];
  for (const rule of rules) expect(await check(rule), JSON.stringify(rule)).toEqual([]);
});

test('a column that is not there, or of a type that does not fit, is named', async () => {
  const cases: readonly (readonly [Partial<FileRule>, RegExp])[] = [
    [{ path: '{shop}/{nothing}' }, /column nothing is missing/],
    [{ path: '{f}' }, /column f is double, which cannot stand in a path/],
    [{ path: '{made}' }, /column made is generated/],
    [{ path: '{seen}/{name}' }, /column seen is timestamp/],
    [{ path: '{raw}' }, /column raw is binary\(32\)/],
    [{ path: '{doc}' }, /column doc is json/],
    [{ path: '{doc}/{name}', json: '$' }, /column doc is json/],
    [{ hash: 'nothing' }, /column nothing is missing/],
    [{ hash: 'shop' }, /column shop is int; a hash is in char, varchar, text, binary, varbinary/],
    [{ hash: 'raw', split: ',' }, /column raw is binary\(32\); a hash is in char, varchar, text/],
    [{ hash: 'half' }, /a SHA-256 has 32 bytes/],
    [{ hash: 'short' }, /a SHA-256 in hex has 64 digits/],
  ];
  for (const [rule, what] of cases) {
    const found = await check(rule);
    expect(ids(found), JSON.stringify(rule)).toEqual(['file-column']);
    expect(found[0]?.what).toMatch(what);
  }
});

test('a table has a primary key, or one that stands for it', async () => {
  expect(ids(await check({}, { table: 'nokey' }))).toEqual(['file-no-key']);
  expect(await check({ path: '{code}' }, { table: 'promoted' })).toEqual([]);
});

test('both ways no two rows name one path', async () => {
  const fine: readonly Partial<FileRule>[] = [
    { path: '{id}/{name}' },
    { path: '{slug}.jpg' },
    { path: '{id}/{doc}', json: '$[*]' },
    { path: '{sha}.jpg', hash: 'sha' },
    { path: '{name}/{sha}', hash: 'sha' },
  ];
  for (const rule of fine) expect(await check({ immutable: true, ...rule }, { twoWay: true }), JSON.stringify(rule)).toEqual([]);
  const refused: readonly Partial<FileRule>[] = [
    {},
    { path: '{shop}/{name}' },
    { path: '{id}{name}' },
    { path: '{id}/{name}/{other}' },
    { path: '{slug}', split: ',' },
    { path: '{name}', hash: 'sha' },
    { path: '{sha}', hash: 'sha', split: ',' },
  ];
  for (const rule of refused)
    expect(ids(await check({ immutable: true, ...rule }, { twoWay: true })), JSON.stringify(rule)).toEqual(['file-path-not-unique']);
});

test('no rows of two tables name one path; one way they may, if each path is written once', async () => {
  const asked = async (products: Partial<FileRule>, others: Partial<FileRule>, twoWay = true): Promise<readonly string[]> => {
    const rule = (of: Partial<FileRule>): FileRule => fileRuleSchema.parse({ root: 'pics', immutable: true, ...of });
    const routes = [
      { schema: 'pics', table: 'p', files: [rule(products)] },
      { schema: 'pics', table: 'promoted', files: [rule(others)] },
    ];
    const problems = await checkTarget(server.options, { routes, source: server.options, twoWay, rules: [] });
    return problems.filter(({ id }) => id.startsWith('file-')).map(({ what }) => what);
  };
  const told = [expect.stringMatching(/^pics\.p: file rule pics:.*rows of pics\.promoted could name the same path/)];
  expect(await asked({ path: '{id}' }, { path: '{code}' })).toEqual(told);
  expect(await asked({ path: 'x/{id}' }, { path: 'x/y/{code}' })).toEqual(told);
  expect(await asked({ path: 'p/{id}' }, { path: 'x/{code}' })).toEqual([]);
  expect(await asked({ path: '{id}' }, { path: '{code}', root: 'docs' })).toEqual([]);
  expect(await asked({ path: '{id}' }, { path: '{code}' }, false)).toEqual([]);
  expect(await asked({ path: '{id}', immutable: false }, { path: '{code}' }, false)).toEqual(told);
  expect(await asked({ path: 'p/{id}', immutable: false }, { path: 'x/{code}' }, false)).toEqual([]);
});

test('before a file goes, who else names it can be asked by an index', async () => {
  const fine: readonly Partial<FileRule>[] = [
    { path: '{id}.jpg' },
    { path: '{ix}' },
    { path: '{ix}', strip: 'x/' },
    { path: '{id}/{name}', split: ',' },
    { path: '{name}/{ix}' },
    { path: '{id}-{name}{ix}' },
  ];
  for (const rule of fine) expect(await check({ deletes: 'trash', ...rule }), JSON.stringify(rule)).toEqual([]);
  const refused: readonly Partial<FileRule>[] = [{}, { path: '{other}' }, { path: '{shop}/{name}' }, { path: '{ix}', split: ',' }];
  for (const rule of refused)
    expect(ids(await check({ deletes: 'remove', ...rule })), JSON.stringify(rule)).toEqual(['file-path-not-unique']);
});

test('policy merge takes a path from one side', async () => {
  const merge = (rule: Partial<FileRule>, columns: Readonly<Record<string, string>> = {}) => check(rule, { twoWay: true, merge: columns });
  expect(await merge({ path: '{id}/{name}', immutable: true })).toEqual([]);
  expect(await merge({ path: '{id}/{sha}', hash: 'sha' })).toEqual([]);
  expect(await merge({ path: '{id}/{shop}', immutable: true }, { shop: 'max' })).toEqual([]);
  expect(ids(await merge({ path: '{id}/{name}', hash: 'sha' }))).toEqual(['file-columns-split']);
  expect(ids(await merge({ path: '{id}/{shop}/{name}', immutable: true }))).toEqual(['file-columns-split']);
  expect(ids(await merge({ path: '{id}/{shop}', immutable: true }, { shop: 'delta' }))).toEqual(['file-columns-split']);
  expect(await check({ path: '{id}/{shop}/{name}', immutable: true }, { twoWay: true })).toEqual([]);
});

test('the tables of files are there, and the user of the documents may write them', async () => {
  const files = [fileRuleSchema.parse({ root: 'pics', path: '{name}' })];
  const least = await server.leastPrivileged();
  await server.grant('pics');
  const asked = async (): Promise<readonly Problem[]> => {
    const facts = { routes: [{ schema: 'pics', table: 'p', files }], source: server.options, twoWay: false };
    return (await checkTarget(least, facts)).filter(({ id }) => id.startsWith('file-'));
  };
  expect(await asked()).toEqual([]);
  for (const lost of ["REVOKE DELETE ON lutra.file FROM 'least'@'%'", "REVOKE DELETE ON lutra.file_missing FROM 'least'@'%'"]) {
    await server.run(lost);
    const [found, ...more] = await asked();
    expect([found?.id, more]).toEqual(['file-store-privileges', []]);
    await server.run(found?.fix ?? '');
    expect(await asked()).toEqual([]);
  }
});
