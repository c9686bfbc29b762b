/** File rules over REST: what a channel refuses, what its start asks of servers and regions, the preview of a row, the files apps. */
import { readFile } from 'node:fs/promises';
import { Session } from '@lutra/mysql';
import type { ConnectionOptions } from '@lutra/mysql';
import { Registry } from '@lutra/registry';
import { createLogger } from '@lutra/telemetry';
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import { kept, mysqlServer, running } from '../../../test/servers/index.js';
import { ControlClient, startControl } from './control-client.js';
import type { Answer, RunningControl } from './control-client.js';

const { zooKeeper } = kept;
const mysql = mysqlServer({ version: '9.7', serverId: 101 });
const patience = { timeout: 20_000, interval: 100 };
const preview = '/api/v1/channels/ab/pipelines/there/files/preview';
const hash = '0a'.repeat(32);
let control: RunningControl;
let client: ControlClient;
let server: ConnectionOptions;

const files = [
  { root: 'pics', path: '{id}/{image}', strip: 'https://img/', hash: 'sha' },
  { root: 'docs', path: '{doc}', json: '$.files[*]' },
];
const channel = (rules: readonly object[] = files, more: readonly object[] = []) => ({
  name: 'ab',
  pipelines: [
    { name: 'there', source: 'a', target: 'b', routes: [{ schema: 'shop', table: 'products', files: rules, to: { schema: 'copy' } }] },
    ...more,
  ],
});

beforeAll(async () => {
  await Promise.all([running(zooKeeper), mysql.start()]);
  control = await startControl({ ZOOKEEPER: zooKeeper.connect, LUTRA_ROOT: '/files' });
  client = new ControlClient(control.url);
  server = { host: mysql.host, port: mysql.port, user: mysql.user, password: mysql.password };
  const script = await readFile(new URL('../../../schemas/lutra.sql', import.meta.url), 'utf8');
  const columns = '(id BIGINT UNSIGNED PRIMARY KEY, image VARCHAR(200), doc JSON, sha BINARY(32), other VARCHAR(9))';
  await run(
    ...script.split(/;\s*$/m).filter((text) => /^(?!--)\S/m.test(text)),
    'CREATE DATABASE shop',
    'CREATE DATABASE copy',
    `CREATE TABLE shop.products ${columns}`,
    `CREATE TABLE copy.products ${columns}`,
    `INSERT INTO shop.products VALUES (18446744073709551615, 'https://img/a.jpg', '{"files": ["b", "c/d"]}', x'${hash}', NULL)`,
  );
  for (const [i, name] of ['a', 'b'].entries()) {
    await client.post('/api/v1/regions', { name, kafka: { brokers: ['127.0.0.1:1'] } });
    expect((await client.post('/api/v1/endpoints', { name, region: name, ...server, serverId: 4711 + i })).status).toBe(201);
  }
  expect((await client.post('/api/v1/channels', channel())).status).toBe(201);
});

afterAll(async () => {
  await control.app.close();
  await mysql.stop();
});

async function run(...statements: readonly string[]): Promise<void> {
  const session = await Session.open(server, 'target');
  for (const statement of statements) await session.query(statement);
  await session.close();
}

async function put(body: object): Promise<Answer> {
  const { headers } = await client.get('/api/v1/channels/ab');
  return client.put('/api/v1/channels/ab', body, headers.get('etag') ?? '');
}

const ask = (body: object): Promise<Answer> => client.post(preview, { database: 'shop', table: 'products', ...body });

it('a row at the source is previewed by its key', async () => {
  const { status, body } = await ask({ key: { id: '18446744073709551615' } });
  expect([status, body.found]).toEqual([200, true]);
  expect(body.rules).toEqual([
    {
      root: 'pics',
      path: '{id}/{image}',
      files: [{ root: 'pics', path: '18446744073709551615/a.jpg', hash }],
      none: null,
      error: null,
    },
    {
      root: 'docs',
      path: '{doc}',
      files: [
        { root: 'docs', path: 'b', hash: null },
        { root: 'docs', path: 'c/d', hash: null },
      ],
      none: null,
      error: null,
    },
  ]);
  expect((await ask({ key: { id: 5 } })).body).toEqual({ found: false, rules: [] });
});

/** Type of the key, a value in SQL, and in JSON. */
const keys: readonly (readonly [type: string, sql: string, json: unknown])[] = [
  ['INT', '-5', -5],
  ['DECIMAL(9, 2)', '1.50', '1.50'],
  ['DOUBLE', '0.1e0', 0.1],
  ['FLOAT', '0.1', 0.10000000149011612],
  ['BIT(9)', "b'100000010'", ['b', 'AQI=']],
  ['YEAR', '1999', 1999],
  ['DATE', "'2024-02-29'", '2024-02-29'],
  ['TIME(3)', "'-838:59:59.000'", '-838:59:59.000'],
  ['DATETIME(6)', "'2024-02-29 01:02:03.456789'", '2024-02-29 01:02:03.456789'],
  ['TIMESTAMP(3)', "'2024-02-29 01:02:03.456'", '2024-02-29 01:02:03.456'],
  ['VARCHAR(20)', String.raw`'o\'ü\\ 👀'`, String.raw`o'ü\ 👀`],
  ['VARCHAR(20)', "''", ''],
  ['VARCHAR(20) CHARACTER SET latin1', "'é '", 'é '],
  ['CHAR(4) CHARACTER SET utf16', "'ab'", 'ab'],
  ['VARCHAR(9) CHARACTER SET sjis', "'日本'", '日本'],
  ["ENUM('a', 'b c')", "'b c'", 'b c'],
  ['BINARY(3)', "x'6100'", ['b', 'YQAA']],
  ['VARBINARY(9)', "x'00ff27'", ['b', 'AP8n']],
];

it('a row is found by its key, whatever its type', async () => {
  await run(
    'CREATE DATABASE keyed',
    ...keys.map(([type], i) => `CREATE TABLE keyed.k${i} (k ${type} PRIMARY KEY, image VARCHAR(9))`),
    ...keys.map(([, sql], i) => `INSERT INTO keyed.k${i} VALUES (${sql}, 'x${i}')`),
  );
  const route = { schema: 'keyed', files: [{ root: 'pics', path: '{image}', immutable: true }], to: { schema: 'copy' } };
  const pipelines = [{ name: 'p', source: 'a', target: 'b', routes: [route] }];
  const created = await client.post('/api/v1/channels', { name: 'keyed', pipelines });
  expect(created.status, JSON.stringify(created.body)).toBe(201);
  for (const [i, [type, , json]] of keys.entries()) {
    const body = { database: 'keyed', table: `k${i}`, key: { k: json } };
    const answer = await client.post('/api/v1/channels/keyed/pipelines/p/files/preview', body);
    expect(answer.body.rules?.[0]?.files, `${type} ${JSON.stringify(answer.body)}`).toEqual([{ root: 'pics', path: `x${i}`, hash: null }]);
  }
  expect((await client.send('DELETE', '/api/v1/channels/keyed', { headers: { 'If-Match': '*' } })).status).toBe(204);
});

it('a row that is given is previewed as it would be, with why it names no file, or cannot be followed', async () => {
  const { body } = await ask({
    row: { ID: 7, image: 'https://img/x', sha: ['b', Buffer.from(hash, 'hex').toString('base64')], doc: { files: ['../y'] } },
  });
  expect(body.rules[0].files).toEqual([{ root: 'pics', path: '7/x', hash }]);
  expect(body.rules[1]).toMatchObject({ files: [], none: null, error: { code: 'FILE_PATH_INVALID' } });
  const none = (await ask({ row: { id: 7, image: 'ftp://x' } })).body.rules;
  expect(none.map((one: { none: string }) => one.none)).toEqual([
    "column sha has NULL, '', or an empty list",
    "column doc has NULL, '', or an empty list",
  ]);
});

it('a preview that cannot be is refused by name', async () => {
  const cases: readonly (readonly [object, RegExp])[] = [
    [{}, /row/],
    [{ row: {}, key: {} }, /row/],
    [{ row: { nothing: 1 } }, /no column nothing/],
    [{ row: { id: 'x' } }, /products\.id: this is no bigint/],
    [{ row: { id: 1, sha: 'x' } }, /which is written \["b", base64\]/],
    [{ key: { image: 'a' } }, /primary key: id/],
    [{ table: 'orders', row: {} }, /no route of pipeline there takes shop\.orders/],
  ];
  for (const [body, message] of cases) {
    const answer = await ask(body);
    expect([answer.status, answer.body.message]).toEqual([400, expect.stringMatching(message)]);
  }
  expect((await client.post(preview.replace('there', 'nowhere'), { database: 'shop', table: 'products', row: {} })).status).toBe(404);
});

it('a rule that no table could make good is refused', async () => {
  for (const rule of [
    { path: 'x' },
    { path: '{a' },
    { path: '/{a}' },
    { path: '{a}', split: ',', json: '$' },
    { path: '{a}', json: '$..b' },
  ]) {
    const answer = await put(channel([{ root: 'pics', ...rule }]));
    expect([answer.status, answer.body.code], JSON.stringify(rule)).toEqual([400, 'CONFIG_INVALID']);
  }
  const back = { name: 'back', source: 'b', target: 'a', routes: [{ schema: 'copy', table: 'products', to: { schema: 'shop' } }] };
  const refused = await put(channel(files, [back]));
  const ids = refused.body.details.problems.map(({ id }: { id: string }) => id);
  expect(ids).toEqual(expect.arrayContaining(['file-path-mutable', 'file-rules-not-mirrored']));
});

it('a start asks the servers and the regions; the files apps that live are shown by region', async () => {
  const problems = async (): Promise<readonly string[]> => {
    const { body, status } = await client.post('/api/v1/channels/ab/start');
    expect([status, body.code], body.message).toEqual([409, 'CONFIG_CONFLICT']);
    return body.details.problems.filter(({ id }: { id: string }) => id.startsWith('file-')).map(({ what }: { what: string }) => what);
  };
  expect((await client.get('/api/v1/files')).body).toEqual([]);
  expect(await problems()).toEqual(
    ['a pics', 'b pics', 'a docs', 'b docs']
      .map((text) => text.split(' '))
      .map(([region, root]) => `region ${region} has no files app that lives, and file rules name root ${root}`),
  );
  for (const region of ['a', 'b']) await join(region, { url: `https://${region}:8084`, roots: ['pics', 'docs'], places: ['pics', 'docs'] });
  const shown = (await client.get('/api/v1/files')).body;
  expect(shown.map(({ region }: { region: string }) => region).sort()).toEqual(['a', 'b']);
  expect(shown[0].apps).toEqual([
    {
      url: expect.stringMatching(/^https/),
      roots: ['pics', 'docs'],
      places: ['pics', 'docs'],
      instance: expect.any(String),
      version: '1',
      since: 5,
    },
  ]);
  await run('ALTER TABLE shop.products DROP COLUMN other', 'ALTER TABLE copy.products DROP COLUMN other');
  // Capture's server is its own target here: that alone is still in the way.
  await put(channel([...files, { root: 'pics', path: '{other}' }]));
  expect(await problems()).toEqual([expect.stringMatching(/column other is missing/)]);
});

async function join(region: string, described: { url: string; roots: readonly string[]; places: readonly string[] }): Promise<void> {
  const registry = new Registry({ connect: zooKeeper.connect, root: '/files', logger: createLogger('test', 'silent') });
  onTestFinished(() => registry.stop());
  await registry.start();
  const instance = `${region}:1`;
  const known = { app: 'files', instance, region, version: '1', levels: [1, 4], keys: control.secretKey.kids, since: 5 } as const;
  registry.join({ describe: () => ({ ...known, files: described }), onLevel: () => undefined });
  await vi.waitUntil(async () => (await registry.workers.list()).some((one) => one.instance === instance), patience);
}
