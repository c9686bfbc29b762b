import * as fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { randomTable } from '../../binlog/src/random-tables.fixture.js';
import { boundaryQuery, digestQuery, hashesQuery, keyIn, planDigest, readDigest, rowsQuery, sameDigest } from './digest.js';
import type { DigestPlan, DigestSide } from './digest.js';
import type { KeyRange } from './key-order.js';
import { TestServer, versions } from './mysql.fixture.js';
import { bare, typesOf } from './values.fixture.js';

const all = { range: { from: null, to: null }, where: null };
let servers: readonly TestServer[];
let databases: readonly string[];

beforeAll(async () => {
  servers = await Promise.all(versions.map((version) => TestServer.shared(version)));
  databases = await Promise.all(servers.map((server) => server.database()));
});
afterEach(async () => {
  for (const { server, database, table: name } of places.splice(0)) await server.run(`DROP TABLE IF EXISTS ${database}.${name}`);
});
afterAll(async () => {
  for (const server of servers) await server.stop();
});

const on = (version: string): TestServer => servers[versions.indexOf(version as (typeof versions)[number])]!;

let tables = 0;
const places: Place[] = [];

interface Place {
  readonly server: TestServer;
  readonly database: string;
  readonly table: string;
}

async function table(version: string, columns: string, rows: readonly string[]): Promise<Place> {
  const server = on(version);
  const database = databases[servers.indexOf(server)]!;
  const name = `t${++tables}`;
  places.push({ server, database, table: name });
  await server.run(`CREATE TABLE ${database}.${name} (${columns})`);
  if (rows.length > 0) await server.run(`INSERT IGNORE INTO ${database}.${name} VALUES ${rows.join(', ')}`);
  return { server, database, table: name };
}

async function planOf(from: Place, to: Place): Promise<DigestPlan> {
  const [source, target] = [await from.server.load(from.database, from.table), await to.server.load(to.database, to.table)];
  const plan = await planDigest(from.server.admin, { from: source.target, to: target.target });
  if (typeof plan === 'string') throw new Error(plan);
  return plan;
}

const digestOf = async ({ server }: Place, side: DigestSide) => readDigest((await server.query(digestQuery(side, all)))[0]);
const hashesOf = async ({ server }: Place, side: DigestSide): Promise<readonly string[]> =>
  (await server.query(hashesQuery(side, all, 1000))).map(
    (row) => `${JSON.stringify(keyIn(side, row), (_, v) => (typeof v === 'bigint' ? `${v}` : v))} ${String(row['h'])}`,
  );

const pairs = versions.flatMap((from) => versions.map((to) => [from, to] as const));

/** The same bytes on the other server: their functions store other ones. */
async function geometriesOf({ server, database, table: name }: Place): Promise<readonly string[]> {
  const rows = await server.query(`SELECT HEX(v) AS v FROM ${database}.${name} WHERE id > 0 ORDER BY id`);
  return rows.map((row) => (row['v'] === null ? 'NULL' : `x'${String(row['v'])}'`));
}

describe.each(pairs)('digests of %s and %s', (from, to) => {
  const isOther = (from === 'mariadb-11.4') !== (to === 'mariadb-11.4');
  const known = typesOf(to).filter(([type]) => typesOf(from).some(([other]) => other === type) && !(type === 'json' && isOther));
  test.each(known)('%s: equal values give equal digests, each other value another one', async (type, values) => {
    const rows = (of: readonly string[]): readonly string[] => ['(0, NULL)', ...of.map((value, i) => `(${i + 1}, ${value})`)];
    const one = await table(from, `id int primary key, v ${type}`, rows(values));
    const same = /geom|point/.test(type) ? await geometriesOf(one) : values;
    const other = await table(to, `id int primary key, v ${type}`, rows(same));
    const plan = await planOf(one, other);
    if (plan.unhashed.length > 0) return expect(type).toMatch(/enum|set/);
    const [a, b] = [await hashesOf(one, plan.source), await hashesOf(other, plan.target)];
    expect(b).toEqual(a);
    const alone = (plan.target.hash ?? '').replace(/CONCAT\(`id` \+ 0, ','\), /, '');
    const [found] = await other.server.query(`SELECT COUNT(DISTINCT ${alone}) AS n FROM ${other.database}.${other.table}`);
    expect(Number(found?.['n'])).toBe(
      new Set((await other.server.rows((await other.server.load(other.database, other.table)).source)).map(({ v }) => bare(v))).size,
    );
    expect(sameDigest(await digestOf(one, plan.source), await digestOf(other, plan.target))).toBe(true);
    const set = async (i: number, value: string): Promise<void> =>
      void (await other.server.run(`UPDATE ${other.database}.${other.table} SET v = ${value} WHERE id = ${i + 1}`));
    // Beside its key the value alone makes the difference: each value in the row of another one.
    for (const [i, value] of same.entries()) {
      if (value === (same[i + 1] ?? 'NULL')) continue;
      await set(i, 'NULL'); // a document that equals the one before is not written
      await set(i, same[i + 1] ?? 'NULL');
      expect(sameDigest(await digestOf(one, plan.source), await digestOf(other, plan.target)), value).toBe(false);
      await set(i, value);
    }
  });

  // Of one flavor: the other one rounds where this one cuts, before anything is stored.
  test.skipIf(isOther)('tables of random columns and rows', { timeout: 300_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(randomTable, async ({ definitions, rows }) => {
        // Another server's ST_GeomFromText stores other bytes, its JSON is a text, and MariaDB knows no VECTOR by that name.
        const kept = definitions.flatMap((definition, i) => (/geom|point|polygon|linestring|vector|json/i.test(definition) ? [] : [i]));
        const columns = kept.map((i) => `c${i} ${definitions[i]}`);
        const values = rows.map((row, id) => `(${[id, ...kept.map((i) => row[i])].join(', ')})`);
        const definition = ['id int primary key', ...columns].join(', ');
        const [one, other] = [await table(from, definition, values), await table(to, definition, values)];
        const plan = await planOf(one, other);
        if (plan.unhashed.length === 0) expect(await hashesOf(other, plan.target)).toEqual(await hashesOf(one, plan.source));
        for (const { server, database, table: name } of [one, other]) await server.run(`DROP TABLE ${database}.${name}`);
      }),
      { numRuns: 12 },
    );
  });
});

/** Of both, by the source's rows: which rows of the target have the hash of the source's. */
async function alike(one: Place, other: Place): Promise<readonly boolean[]> {
  const plan = await planOf(one, other);
  const [a, b] = [await hashesOf(one, plan.source), await hashesOf(other, plan.target)];
  return a.map((text) => b.includes(text));
}

describe('two tables that are declared otherwise', () => {
  const cases: readonly (readonly [string, string, string, readonly string[], readonly string[], readonly boolean[]])[] = [
    [
      'fraction digits',
      'datetime(1)',
      'datetime(6)',
      ["'2024-01-01 10:00:00'", "'2024-01-01 10:00:00.5'"],
      ["'2024-01-01 10:00:00'", "'2024-01-01 10:00:00.500001'"],
      [true, false],
    ],
    ['no fraction', 'time', 'time(3)', ["'10:00:00'", "'10:00:10'"], ["'10:00:00'", "'10:00:10.001'"], [true, false]],
    ['zerofill', 'decimal(9,2) unsigned', 'decimal(10,2) zerofill', ['100', '0.5'], ['100', '0.51'], [true, false]],
    ['wider numbers', 'int unsigned', 'int zerofill', ['7', '8'], ['7', '9'], [true, false]],
    ['wider bits', 'bit(9)', 'bit(60)', ["b'1'", "b'10'"], ["b'1'", "b'11'"], [true, false]],
    ['another order of members', "enum('a','b')", "enum('c','b','a')", ["'a'", "'b'"], ["'a'", "'c'"], [true, false]],
    [
      'another order in a set',
      "set('a','b')",
      "set('c','b','a')",
      ["'a,b'", "'b'", "'a'"],
      ["'a,b'", "'b,c'", "'b'"],
      [true, false, false],
    ],
    [
      'another character set',
      'varchar(9) character set latin1',
      'varchar(9) character set utf8mb4',
      ["'é'", "'e'"],
      ["'é'", "'é'"],
      [true, false],
    ],
  ];
  const columns = pairs.flatMap(([from, to]) => cases.map((each) => [from, to, ...each] as const));
  test.each(columns)('%s to %s: %s', async (from, to, _, source, target, there, here, expected) => {
    const rows = (of: readonly string[]): readonly string[] => of.map((value, i) => `(${i}, ${value})`);
    const one = await table(from, `id int primary key, v ${source}`, rows(there));
    const other = await table(to, `ID int primary key, V ${target}`, rows(here));
    expect(await alike(one, other)).toEqual(expected);
  });

  test.each(versions)('on %s texts that do not convert there and back have no hash, so that they are read', async (version) => {
    // Two codes of cp932 are one character to Unicode.
    const one = await table(version, 'id int primary key, v varchar(9) character set cp932', [
      "(1, _cp932 x'81e0')",
      "(2, _cp932 x'8790')",
    ]);
    const other = await table(version, 'id int primary key, v varchar(9) character set utf8mb4', ["(1, '≒')", "(2, '≒')"]);
    const plan = await planOf(one, other);
    const digest = await digestOf(one, plan.source);
    expect([digest.rows, digest.hashed]).toEqual([2, 1]);
    expect(sameDigest(digest, digest)).toBe(false);
  });

  test.each(['8.0', '9.7'])('documents of %s in a text of MariaDB', async (version) => {
    const values = typesOf(version).flatMap(([type, of]) => (type === 'json' ? of : []));
    const one = await table(
      version,
      'id int primary key, v json',
      values.map((value, i) => `(${i}, ${value})`),
    );
    const printed = await one.server.query(`SELECT HEX(CAST(v AS CHAR)) AS v FROM ${one.database}.${one.table} ORDER BY id`);
    const other = await table(
      'mariadb-11.4',
      'id int primary key, v longtext',
      printed.map((row, i) => `(${i}, x'${String(row['v'])}')`),
    );
    expect(await alike(one, other)).toEqual(values.map(() => true));
  });

  test('what one side computes is compared only where the other one stores it', async () => {
    const one = await table('9.7', 'id int primary key, v int, g int as (v + 1) virtual, h int as (v + 1) stored', []);
    const other = await table('8.0', 'id int primary key, v int, g int, h int as (v + 2) stored', [
      '(1, 1, 2, DEFAULT)',
      '(2, 1, 3, DEFAULT)',
    ]);
    await one.server.run(`INSERT INTO ${one.database}.${one.table} (id, v) VALUES (1, 1), (2, 1)`);
    expect(await alike(one, other)).toEqual([true, false]);
  });

  test.each([
    ['varchar(9) collate utf8mb4_bin', 'varchar(9) collate utf8mb4_general_ci', /collation/],
    ["enum('a','b')", "enum('b','a')", /list of values/],
    ['float', 'float', /FLOAT/],
  ])('keys whose order may differ are refused: %s and %s', async (source, target, why) => {
    const one = await table('9.7', `k ${source} primary key`, []);
    const other = await table('8.0', `k ${target} primary key`, []);
    await expect(planOf(one, other)).rejects.toThrow(why);
  });

  test.each(versions)(
    'a row of %s beyond max_allowed_packet is not passed over: it has a hash, or is counted as one without',
    async (version) => {
      const server = await TestServer.start(version, ['--max-allowed-packet=1M']);
      try {
        const database = await server.database();
        await server.run(`CREATE TABLE ${database}.t (id int primary key, a longblob, b longtext character set latin1)`);
        await server.run(`CREATE TABLE ${database}.u (id int primary key, a longblob, b longtext character set utf8mb4)`);
        for (const name of ['t', 'u'])
          await server.run(`INSERT INTO ${database}.${name} VALUES (1, REPEAT('a', 700000), REPEAT('b', 700000)), (2, 'a', 'b')`);
        const [one, other] = ['t', 'u'].map((name): Place => ({ server, database, table: name })) as [Place, Place];
        const plan = await planOf(one, other);
        const before = await digestOf(other, plan.target);
        await server.run(`UPDATE ${database}.u SET a = CONCAT(LEFT(a, 699999), 'x') WHERE id = 1`);
        const after = await digestOf(other, plan.target);
        expect(sameDigest(before, after)).toBe(false);
        expect(after.rows).toBe(2);
      } finally {
        await server.stop();
      }
    },
  );
});

describe.each(versions)('key ranges on %s', (version) => {
  const shapes: readonly (readonly [string, string])[] = [
    ['id int primary key', '(SELECT n)'],
    ['id bigint unsigned, k int, primary key (id, k)', 'n DIV 7, n'],
    ['k varchar(20), id int, primary key (k, id)', "CONCAT('it''s ', n DIV 10), n"],
    ['b varbinary(9) primary key', 'UNHEX(LPAD(HEX(n), 8, 0))'],
    ['d decimal(12,3) primary key', 'n / 8'],
    ['t datetime(3) primary key', "'2024-01-01' + INTERVAL n SECOND"],
    ["e enum('z','y','x'), id int, primary key (e, id)", 'n % 3 + 1, n'],
    ...(version === '8.0' || version === '9.7' ? ([['a int, b int, primary key (a desc, b)', 'n DIV 9, n']] as const) : []),
  ];
  test.each(shapes)('%s: ranges cover each row once, and go by the primary key', async (columns, values) => {
    const place = await table(version, `${columns}${columns.includes('(e,') ? '' : ', w int, key w (w)'}`, []);
    const { server, database, table: name } = place;
    const numbers = Array.from({ length: 200 }, (_, n) => `SELECT ${n} AS n`).join(' UNION ALL ');
    const extra = columns.includes('(e,') ? '' : ', n';
    await server.run(`INSERT INTO ${database}.${name} SELECT ${values.replace('(SELECT n)', 'n')}${extra} FROM (${numbers}) AS numbers`);
    await server.run(`ANALYZE TABLE ${database}.${name}`);
    if (version === '9.7') await server.run("SET explain_format = 'TRADITIONAL'");
    const { source } = await planOf(place, place);
    let at: KeyRange['from'] = null;
    let count = 0;
    for (let ranges = 0; ranges < 20; ranges++) {
      const rest: KeyRange = { from: at, to: null };
      const [found] = await server.query(boundaryQuery(source, { range: rest, where: null }, 30));
      const to: KeyRange['to'] = found ? keyIn(source, found) : null;
      const range = { range: { from: at, to }, where: null };
      const digest = readDigest((await server.query(digestQuery(source, range)))[0]);
      expect(digest.rows).toBe(digest.hashed);
      expect((await server.query(rowsQuery(source, range, 1000))).length).toBe(digest.rows);
      expect((await server.query(hashesQuery(source, range, 1000))).length).toBe(digest.rows);
      count += digest.rows;
      for (const sql of [digestQuery(source, range), boundaryQuery(source, range, 30), hashesQuery(source, range, 50)]) {
        const explained = await server.query(`EXPLAIN ${sql}`);
        const other = explained.flatMap(({ key }) => (key === null || key === undefined || key === 'PRIMARY' ? [] : [key]));
        expect(other).toEqual([]);
        if (at !== null && !columns.includes('(e,')) expect(explained.at(-1)?.['type']).toBe('range');
        expect(explained.some((row) => String(row['Extra']).includes('filesort'))).toBe(false);
      }
      if (to === null) break;
      expect(digest.rows).toBe(30);
      at = to;
    }
    expect(count).toBe(200);
  });
});
