/** The checks against a real MySQL: as it should be, as it should not be, and not at all. */
import { readFile } from 'node:fs/promises';
import { Session } from '@lutra/mysql';
import type { ConnectionOptions } from '@lutra/mysql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kept, mysqlServer, running } from '../../../test/servers/index.js';
import { ControlClient, startControl } from './control-client.js';
import type { Answer, RunningControl } from './control-client.js';

const { zooKeeper } = kept;
const mysql = mysqlServer({ version: '8.0', serverId: 101 });
let control: RunningControl;
let client: ControlClient;
let server: ConnectionOptions;

beforeAll(async () => {
  await Promise.all([running(zooKeeper), mysql.start()]);
  control = await startControl({ ZOOKEEPER: zooKeeper.connect, LUTRA_ROOT: '/check' });
  client = new ControlClient(control.url);
  server = { host: mysql.host, port: mysql.port, user: mysql.user, password: mysql.password };
  for (const name of ['a', 'b']) await client.post('/api/v1/regions', { name, kafka: { brokers: [`${name}:9092`] } });
  await client.post('/api/v1/endpoints', endpoint('a'));
});

afterAll(async () => {
  await control.app.close();
  await mysql.stop();
});

const endpoint = (name: string, more: object = {}) => ({ name, region: name, ...server, serverId: name === 'a' ? 4711 : 4712, ...more });

async function run(...statements: readonly string[]): Promise<void> {
  const session = await Session.open(server, 'target');
  for (const statement of statements) await session.query(statement);
  await session.close();
}

const ids = (answer: Answer): readonly string[] => answer.body.problems.map((problem: { id: string }) => problem.id);

describe('the check of an endpoint', () => {
  it('lists what is missing with what fixes it, and then nothing any more', async () => {
    const before = await client.post('/api/v1/endpoints/a/check');
    expect(before.status).toBe(200);
    expect(before.body.ok).toBe(false);
    expect(before.body.problems).toContainEqual(
      expect.objectContaining({ id: 'checkpoint-missing', severity: 'error', fix: expect.stringContaining('schemas/lutra.sql') }),
    );
    const script = await readFile(new URL('../../../schemas/lutra.sql', import.meta.url), 'utf8');
    await run(...script.split(/;\s*$/m).filter((text) => /^(?!--)\S/m.test(text)));
    const after = await client.post('/api/v1/endpoints/a/check');
    expect(after.body.problems.filter((problem: { severity: string }) => problem.severity === 'error')).toEqual([]);
    expect(after.body.ok).toBe(true);
  });

  it('finds a setting that would lose rows', async () => {
    await run("SET GLOBAL binlog_row_image = 'MINIMAL'");
    expect(ids(await client.post('/api/v1/endpoints/a/check'))).toContain('binlog-row-image');
    await run("SET GLOBAL binlog_row_image = 'FULL'");
    expect(ids(await client.post('/api/v1/endpoints/a/check'))).not.toContain('binlog-row-image');
  });

  it('works before an endpoint is saved', async () => {
    const unsaved = await client.post('/api/v1/endpoints/check', endpoint('b', { region: 'nowhere', serverId: 101 }));
    expect(unsaved.status).toBe(200);
    expect(ids(unsaved)).toEqual(expect.arrayContaining(['region-missing', 'server-id-taken']));
    expect((await client.get('/api/v1/endpoints/b')).status).toBe(404);
  });

  it('sends a stored password to no other server', async () => {
    const { password: _, ...same } = endpoint('a');
    expect((await client.post('/api/v1/endpoints/check', same)).body.ok).toBe(true);
    const elsewhere = await client.post('/api/v1/endpoints/check', { ...same, host: 'evil.example' });
    expect(elsewhere.status).toBe(400);
    expect(elsewhere.body.message).toContain('password');
  });

  it('tells of a server that is not there, and of a wrong password, as problems', async () => {
    const refused = await client.post('/api/v1/endpoints/check', endpoint('b', { port: 1 }));
    expect(refused.status).toBe(200);
    expect(ids(refused)).toEqual(['source-unavailable']);
    const denied = await client.post('/api/v1/endpoints/check', endpoint('b', { user: 'nobody', password: 'hush' }));
    expect(denied.status).toBe(200);
    expect(ids(denied)).toEqual(['source-denied']);
    expect(denied.text).not.toContain('hush');
    expect((await client.post('/api/v1/endpoints/nowhere/check')).status).toBe(404);
  });

  it('gives up on a server that accepts and never answers', async () => {
    mysql.freeze();
    try {
      const frozen = await client.post('/api/v1/endpoints/a/check');
      expect(frozen.status).toBe(200);
      expect(ids(frozen)).toEqual(['source-unavailable']);
    } finally {
      mysql.resume();
    }
  });
});

describe('the start of a channel', () => {
  it('is held up by what a server lacks, and by nothing else', async () => {
    await client.post('/api/v1/endpoints', endpoint('b'));
    await run('CREATE DATABASE shop', 'CREATE TABLE shop.orders (id INT PRIMARY KEY) ENGINE = MyISAM');
    const route = { schema: 'shop', table: 'orders', to: { schema: 'copy' } };
    const channel = { name: 'ab', pipelines: [{ name: 'there', source: 'a', target: 'b', routes: [route] }] };
    expect((await client.post('/api/v1/channels', channel)).status).toBe(201);
    const refused = await client.post('/api/v1/channels/ab/start');
    expect(refused.status).toBe(409);
    const problems: readonly { readonly what: string; readonly severity: string }[] = refused.body.details.problems;
    expect(problems.some(({ what }) => /^endpoint a: .*shop\.orders.*MyISAM/.test(what))).toBe(true);
    expect(problems.some(({ what }) => /^endpoint b: .*copy\.orders/.test(what))).toBe(true);
    await run('ALTER TABLE shop.orders ENGINE = InnoDB', 'CREATE DATABASE copy', 'CREATE TABLE copy.orders LIKE shop.orders');
    const started = await client.post('/api/v1/channels/ab/start');
    expect(started.body.details?.problems ?? []).toEqual([]);
    expect(started.body.channel.state).toBe('running');
  });

  it('by a document asks the servers as any start does, before anything is written', async () => {
    await run('CREATE TABLE shop.plans (id INT PRIMARY KEY) ENGINE = MyISAM', 'CREATE TABLE copy.plans (id INT PRIMARY KEY)');
    const route = { schema: 'shop', table: 'plans', to: { schema: 'copy' } };
    const pipelines = [{ name: 'there', source: 'a', target: 'b', routes: [route] }];
    const document = JSON.stringify({ version: 1, channels: [{ name: 'planned', state: 'running', pipelines }] });
    const refused = await client.post('/api/v1/plan', { document });
    expect(refused.body.problems.some(({ what }: { what: string }) => /^endpoint a: .*shop\.plans.*MyISAM/.test(what))).toBe(true);
    expect((await client.post('/api/v1/apply', { document, hash: refused.body.hash })).status).toBe(409);
    expect((await client.get('/api/v1/channels/planned')).status).toBe(404);
    await run('ALTER TABLE shop.plans ENGINE = InnoDB');
    expect((await client.post('/api/v1/apply', { document, hash: refused.body.hash })).body).toMatchObject({ writes: 1 });
    expect((await client.get('/api/v1/channels/planned')).body.state).toBe('running');
    const gone = { document: JSON.stringify({ version: 1 }), prune: true, select: ['channels/planned'] };
    const { hash, confirm } = (await client.post('/api/v1/plan', gone)).body;
    expect(confirm).toEqual({ pipelinesStopped: 1, tablesDropped: 1 });
    expect((await client.post('/api/v1/apply', { ...gone, hash, confirm })).status).toBe(200);
  });
});

describe('a change of a channel that runs', () => {
  const route = (table: string) => ({ schema: 'shop', table, to: { schema: 'copy' } });
  const change = (tables: readonly string[], query = '') =>
    client.put(
      `/api/v1/channels/ab${query}`,
      { name: 'ab', pipelines: [{ name: 'there', source: 'a', target: 'b', routes: tables.map(route) }] },
      '*',
    );

  it('takes a table in only where a start would, or by force', async () => {
    await run('CREATE TABLE shop.places (id INT PRIMARY KEY) ENGINE = MyISAM', 'CREATE TABLE shop.items (id INT PRIMARY KEY)');
    const refused = await change(['orders', 'places', 'items']);
    expect(refused.status).toBe(409);
    const whats = refused.body.details.problems.map((problem: { what: string }) => problem.what).join('\n');
    expect(whats).toMatch(/endpoint a: .*shop\.places/);
    expect(whats).toMatch(/endpoint b: .*copy\.items does not exist/);
    expect((await client.get('/api/v1/channels/ab')).body.pipelines[0].routes).toHaveLength(1);
    await run('CREATE TABLE copy.items LIKE shop.items');
    expect((await change(['orders', 'items'])).status).toBe(200);
    expect((await client.get('/api/v1/channels/ab/status')).body.omissions).toMatchObject({ count: 0 });
    expect((await change(['orders', 'items', 'places'], '?force=true')).status).toBe(200);
    const { omissions } = (await client.get('/api/v1/channels/ab/status')).body;
    expect(omissions).toMatchObject({ count: 1, items: [{ kind: 'force', where: 'change', tables: ['shop.places'] }] });
    expect(omissions.summary).toContain('table-missing on shop.places');
  });

  it('is not held up by what was wrong before, but by a server that cannot be asked', async () => {
    await run('CREATE TABLE shop.more (id INT PRIMARY KEY)', 'CREATE TABLE copy.more LIKE shop.more');
    expect((await change(['orders', 'items', 'places', 'more'])).status).toBe(200);
    mysql.freeze();
    try {
      // Tables that go are no question to a server.
      expect((await client.post('/api/v1/channels/ab/pause')).status).toBe(200);
      const refused = await change(['orders', 'items', 'yet-another']);
      expect(refused.status).toBe(409);
      expect(refused.body.details.problems[0].id).toMatch(/unavailable|not-compared/);
    } finally {
      mysql.resume();
    }
  });
});

describe('an endpoint or a region that a running channel uses', () => {
  const put = (path: string, body: object, query = '') => client.put(`/api/v1/${path}${query}`, body, '*');
  const idsOf = (answer: Answer): readonly string[] => answer.body.details.problems.map(({ id }: { id: string }) => id);
  const forced = async (): Promise<number> => (await client.get('/api/v1/channels/ab/status')).body.omissions.count;
  const kafka = { brokers: ['127.0.0.1:1'] };

  it('is changed only past the check of a start, or by force, which the status shows', async () => {
    const running = await forced();
    for (const [wrong, id] of [
      [{ password: 'mistyped', user: 'nobody' }, 'source-denied'],
      [{ port: 1 }, 'source-unavailable'],
      [{ serverId: 101 }, 'server-id-taken'],
    ] as const) {
      const refused = await put('endpoints/a', endpoint('a', wrong));
      expect({ wrong, status: refused.status }).toEqual({ wrong, status: 409 });
      expect(idsOf(refused)).toEqual([id]);
      expect(refused.body.message).toMatch(/^endpoint a is in use by channel ab.* \(\?force=true/);
      expect(refused.text).not.toContain('mistyped');
    }
    expect((await client.get('/api/v1/endpoints/a')).body).toMatchObject({ user: server.user, port: server.port });
    // What no force changes is noted as nothing.
    const { password: _, ...elsewhere } = endpoint('a', { host: 'evil.example' });
    for (const query of ['', '?force=true']) expect((await put('endpoints/a', elsewhere, query)).status).toBe(400);
    expect((await client.put('/api/v1/endpoints/a?force=true', endpoint('a', { port: 1 }))).status).toBe(428);
    expect((await client.put('/api/v1/regions/a?force=true', { name: 'a', kafka })).status).toBe(428);
    expect(await forced()).toBe(running);
    expect((await put('endpoints/a', endpoint('a', { port: 1 }), '?force=true')).status).toBe(200);
    expect(await forced()).toBe(running + 1);
    expect((await put('endpoints/a', endpoint('a', { description: 'right again' }))).status).toBe(200);
  });

  it('is not held up where nothing that a server is reached by changes, nor where no channel runs', async () => {
    mysql.freeze();
    try {
      const { password: _, ...same } = endpoint('a');
      expect((await put('endpoints/a', same)).status).toBe(200);
      expect((await put('regions/a', { name: 'a', description: 'near', kafka: { brokers: ['a:9092'] } })).status).toBe(200);
    } finally {
      mysql.resume();
    }
    await client.post('/api/v1/channels/ab/stop');
    expect((await put('endpoints/a', endpoint('a', { port: 1 }))).status).toBe(200);
    expect((await put('regions/a', { name: 'a', kafka })).status).toBe(200);
    expect((await put('endpoints/a', endpoint('a'))).status).toBe(200);
    expect((await client.post('/api/v1/channels/ab/start?force=true')).status).toBe(200);
  });

  it('of a region: its Kafka answers', async () => {
    const refused = await put('regions/a', { name: 'a', kafka: { brokers: ['127.0.0.1:2'] } });
    expect(refused.status).toBe(409);
    expect(idsOf(refused)).toEqual(['kafka-unavailable']);
    expect(refused.body.message).toMatch(/^region a is in use by channel ab.*Kafka of region a: .*127\.0\.0\.1:2/);
    expect((await put('regions/a', { name: 'a', kafka: { brokers: ['127.0.0.1:2'] } }, '?force=true')).status).toBe(200);
  });
});

describe('a table that cannot be replicated', () => {
  const channel = (onUnsupported?: string) => ({
    name: 'ef',
    onUnsupported,
    pipelines: [{ name: 'there', source: 'a', target: 'b', routes: [{ schema: 'shop', table: 'lacking', to: { schema: 'other' } }] }],
  });

  it('is a warning of the start where the channel suspends it, as it does by default; an error where it stops', async () => {
    await run('CREATE TABLE shop.lacking (id INT PRIMARY KEY)');
    const made = await client.post('/api/v1/channels', channel());
    expect([made.status, made.body.onUnsupported]).toEqual([201, 'suspend']);
    const started = await client.post('/api/v1/channels/ef/pause');
    expect(started.status).toBe(200);
    const missing = started.body.problems.find(({ id }: { id: string }) => id === 'table-missing');
    expect(missing).toMatchObject({
      severity: 'warning',
      what: expect.stringMatching(/other\.lacking does not exist.*the channel suspends shop\.lacking/),
    });
    await client.post('/api/v1/channels/ef/stop');
    expect((await client.put('/api/v1/channels/ef', channel('stop'), '*')).body.onUnsupported).toBe('stop');
    const refused = await client.post('/api/v1/channels/ef/start');
    expect([
      refused.status,
      refused.body.details?.problems.some(
        ({ id, severity }: { id: string; severity: string }) => id === 'table-missing' && severity === 'error',
      ),
    ]).toEqual([409, true]);
    expect((await client.get('/api/v1/channels/ef')).body).toMatchObject({ state: 'stopped', onUnsupported: 'stop' });
  });
});

describe('a way back', () => {
  const channel = (exclude: readonly string[], ...ways: readonly object[]) => ({
    name: 'gh',
    pipelines: [
      { name: 'there', source: 'a', target: 'b', routes: [{ schema: 'lake', table: '*', to: { schema: 'pond' } }], exclude },
      ...ways,
    ],
    ...(ways.length > 0 && { conflicts: { home: 'a' } }),
  });
  const back = (exclude: readonly string[]) => ({
    name: 'back',
    source: 'b',
    target: 'a',
    routes: [{ schema: 'pond', table: '*', to: { schema: 'lake' } }],
    exclude,
  });

  const suspend = async (table: string): Promise<void> => {
    const { uid } = (await client.get('/api/v1/channels/gh')).body.pipelines[0];
    const values = `'${uid}', 'lake', '${table}', 'TABLE_MISSING', 'gone', '', 'L', 5`;
    const columns = 'pipeline, database_name, table_name, code, message, because, log_id, seq';
    await run(`INSERT INTO lutra.suspended (${columns}) VALUES (${values})`);
  };

  it('is not added while a table is suspended, until it is brought back or excluded', async () => {
    expect(await client.post('/api/v1/channels', channel([]))).toMatchObject({ status: 201 });
    await suspend('t');
    const put = (exclude: readonly string[]) => client.put('/api/v1/channels/gh', channel(exclude, back(exclude)), '*');
    const refused = await put([]);
    expect(refused).toMatchObject({
      status: 409,
      body: { code: 'CONFIG_CONFLICT', details: { problems: [{ id: 'way-back-suspended' }] } },
    });
    expect(refused.body.message).toContain('lake.t is suspended in pipeline gh.there');
    expect((await put(['t'])).status).toBe(200);
    // Both ways already: no way is added.
    expect((await put([])).status).toBe(200);
    await client.remove('/api/v1/channels/gh', '*');
  });

  it('is added by force while nobody can say what its target has suspended: its capture reads that there before it publishes', async () => {
    expect(await client.post('/api/v1/channels', channel([]))).toMatchObject({ status: 201 });
    await suspend('u');
    const put = (query = '') => client.put(`/api/v1/channels/gh${query}`, channel([], back([])), '*');
    mysql.freeze();
    try {
      const refused = await put();
      expect(refused).toMatchObject({
        status: 409,
        body: {
          code: 'CONFIG_CONFLICT',
          details: { problems: [{ id: 'target-unavailable', fix: expect.stringContaining('?force=true') }] },
        },
      });
      expect(refused.body.message).toContain('gh.there');
      expect((await put('?force=true')).status).toBe(200);
    } finally {
      mysql.resume();
    }
    const { omissions } = (await client.get('/api/v1/channels/gh/status')).body;
    expect(omissions.items).toMatchObject([{ kind: 'force', what: 'target-unavailable', tables: [], where: 'change' }]);
    await client.remove('/api/v1/channels/gh', '*');
  });

  it('names the tables that it was forced in spite of', async () => {
    expect(await client.post('/api/v1/channels', channel([]))).toMatchObject({ status: 201 });
    for (const table of ['t', 'u']) await suspend(table);
    expect((await client.put('/api/v1/channels/gh?force=true', channel([], back([])), '*')).status).toBe(200);
    const { omissions } = (await client.get('/api/v1/channels/gh/status')).body;
    expect(omissions.items).toMatchObject([{ kind: 'force', what: 'way-back-suspended', tables: ['lake.t', 'lake.u'] }]);
    await client.remove('/api/v1/channels/gh', '*');
  });

  it('is one for the tables of its channel: those that another channel replicates in one direction meet no conflicts', async () => {
    const solo = 'solo (id INT PRIMARY KEY, u INT, UNIQUE KEY u (u))';
    await run(
      'CREATE DATABASE lake',
      'CREATE DATABASE pond',
      ...['lake', 'pond', 'shop', 'copy'].map((name) => `CREATE TABLE ${name}.${solo}`),
    );
    const oneWay = { name: 'there', source: 'a', target: 'b', routes: [{ schema: 'shop', table: 'solo', to: { schema: 'copy' } }] };
    expect((await client.post('/api/v1/channels', channel([], back([])))).status).toBe(201);
    expect((await client.post('/api/v1/channels', { name: 'ij', pipelines: [oneWay] })).status).toBe(201);
    const { problems } = (await client.post('/api/v1/endpoints/b/check')).body;
    const unique = problems.filter(({ id }: { id: string }) => id === 'two-way-unique-key').map(({ what }: { what: string }) => what);
    expect(unique).toEqual([expect.stringContaining('pond.solo: unique key u')]);
    for (const name of ['gh', 'ij']) await client.remove(`/api/v1/channels/${name}`, '*');
  });
});

describe('a conflict policy', () => {
  const route = { schema: 'shop', table: 'keyless', to: { schema: 'copy' } };
  const channel = (...rules: readonly object[]) => ({
    name: 'cd',
    pipelines: [{ name: 'there', source: 'a', target: 'b', routes: [route] }],
    conflicts: { rules },
  });
  const overwrite = { schema: 'copy', table: 'keyless', policy: 'overwrite' };

  it('that does not fit its tables is not written', async () => {
    const refused = await client.post('/api/v1/channels', channel({ policy: 'latest' }));
    expect(refused.status).toBe(400);
    expect(refused.body.details.problems.map(({ id }: { id: string }) => id)).toEqual(['version-missing', 'policy-needs-both-ways']);
  });

  it('that cannot bring both sides to one end holds up the start, and a change of a channel that runs', async () => {
    await run('CREATE TABLE shop.keyless (v INT)', 'CREATE TABLE copy.keyless LIKE shop.keyless');
    expect((await client.post('/api/v1/channels', channel(overwrite))).status).toBe(201);
    const refused = await client.post('/api/v1/channels/cd/start');
    expect(refused.status).toBe(409);
    expect(refused.body.message).toContain('endpoint b: copy.keyless has no primary key: policy overwrite cannot tell its rows apart');
    expect((await client.put('/api/v1/channels/cd', channel(), '*')).status).toBe(200);
    expect((await client.post('/api/v1/channels/cd/start')).status).toBe(200);
    const changed = await client.put('/api/v1/channels/cd', channel(overwrite), '*');
    expect(changed.status).toBe(409);
    expect(changed.body.details.problems.map(({ id }: { id: string }) => id)).toEqual(['conflict-no-key']);
    expect((await client.put('/api/v1/channels/cd?force=true', channel(overwrite), '*')).status).toBe(200);
  });
});
