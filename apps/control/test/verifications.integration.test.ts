/**
 * Verifications over REST, against two real servers that are each other's targets. Nobody compares here: results and rows that differ are
 * written as a verify worker and the loaders write them.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { PipelineUid, VerificationResult } from '@lutra/model';
import { quoteText, roundPrefix, Session } from '@lutra/mysql';
import { Registry } from '@lutra/registry';
import { createLogger } from '@lutra/telemetry';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { kept, mysqlServer, running } from '../../../test/servers/index.js';
import { ControlClient, healing, startControl } from './control-client.js';
import type { RunningControl } from './control-client.js';

const { zooKeeper } = kept;
const servers = { a: mysqlServer({ version: '8.0', serverId: 101 }), b: mysqlServer({ version: '9.7', serverId: 102 }) };
type Side = keyof typeof servers;
const sides = ['a', 'b'] as const;
const sessions = new Map<Side, Session>();
const path = '/api/v1/channels/shop/verify';
const uids = new Map<string, PipelineUid>();
let control: RunningControl;
let client: ControlClient;
let registry: Registry;

beforeAll(async () => {
  await Promise.all([running(zooKeeper), servers.a.start(), servers.b.start()]);
  registry = new Registry({ connect: zooKeeper.connect, root: '/verifications', logger: createLogger('test', 'silent') });
  await registry.start();
  control = await startControl({ ZOOKEEPER: zooKeeper.connect, LUTRA_ROOT: '/verifications', LUTRA_API_TOKEN: 'a-token-of-sixteen' });
  client = new ControlClient(control.url, { Authorization: 'Bearer a-token-of-sixteen' });
  await vi.waitUntil(async () => (await client.get('/health/ready')).status === 200, { timeout: 30_000 });
  for (const side of sides) {
    const { host, port, user, password } = servers[side];
    sessions.set(side, await Session.open({ host, port, user, password }, 'target'));
    await run(side, (await readFile(new URL('../../../schemas/lutra.sql', import.meta.url), 'utf8')).trim().replace(/;$/, ''));
    await run(side, 'CREATE DATABASE shop; CREATE TABLE shop.orders (id BIGINT PRIMARY KEY, note TEXT)');
    await client.post('/api/v1/regions', { name: `region-${side}`, kafka: { brokers: ['127.0.0.1:1'] } });
    const endpoint = { name: side, region: `region-${side}`, host, port, user, password, serverId: 4711 };
    expect((await client.post('/api/v1/endpoints', endpoint)).status).toBe(201);
  }
  const pipeline = (name: string, source: Side, target: Side) => ({ name, source, target, routes: [{ schema: 'shop' }] });
  const pipelines = [pipeline('a-b', 'a', 'b'), pipeline('b-a', 'b', 'a')];
  const conflicts = { home: 'region-a', rules: [{ policy: 'home' }] };
  const { body } = await client.post('/api/v1/channels', { name: 'shop', pipelines, conflicts });
  for (const { name, uid } of body.pipelines) uids.set(name, uid);
}, 240_000);

afterAll(async () => {
  for (const session of sessions.values()) session.destroy();
  await registry?.stop();
  await control?.app.close();
  await Promise.all([servers.a.stop(), servers.b.stop()]);
});

beforeEach(async () => {
  for (const side of sides) await run(side, 'TRUNCATE TABLE lutra.difference; TRUNCATE TABLE lutra.unequal');
  await registry.verifications.remove('shop');
  await registry.verificationResults.remove('shop');
});

async function run(side: Side, sql: string): Promise<void> {
  const session = sessions.get(side)!;
  await session.execute(sql).catch((error: unknown) => {
    throw session.translate(error, sql.slice(0, 100));
  });
}

async function rowsOf(side: Side, sql: string): Promise<readonly object[]> {
  return (await sessions.get(side)!.query(sql)).map((row) => ({ ...row }));
}

interface Row {
  readonly outcome?: string;
  readonly table?: string;
  readonly note?: string;
  readonly request?: string;
}

/** As a loader writes it at the target of the pipeline. */
async function differ(pipeline: string, id: number, { outcome = 'different', table = 'orders', note = 'x', request }: Row): Promise<void> {
  const key = `{"id":${id}}`;
  const values = [uids.get(pipeline)!, request!, 'shop', table].map(quoteText).join(', ');
  const hash = createHash('sha256').update(key).digest('hex');
  const rows = [key, outcome, '["note"]', JSON.stringify({ id, note }), JSON.stringify({ id, note: 'there' })].map(quoteText).join(', ');
  const columns = 'pipeline, request, database_name, table_name, key_hash, row_key, outcome, columns, here_row, there_row, log_id, seq';
  await run(
    pipeline === 'a-b' ? 'b' : 'a',
    `INSERT INTO lutra.difference (${columns}) VALUES (${values}, UNHEX('${hash}'), ${rows}, 'l', 7)`,
  );
}

function resultOf(request: string, more: Partial<VerificationResult> = {}): VerificationResult {
  const table = { pipeline: 'a-b', database: 'shop', table: 'orders', verdict: 'equal' as const, pass: 1, notes: [], rows: 41_332_118 };
  const counts = {
    missingHere: 0,
    missingThere: 0,
    different: 0,
    extra: 0,
    ranges: 0,
    asOf: Date.UTC(2026, 0, 31, 10, 31, 7),
    log: 'l',
    seq: 7,
  };
  const times = { begunAt: 1, endedAt: 9, at: 9 };
  return {
    request,
    pass: 1,
    tables: [{ ...table, ...counts }],
    repair: null,
    waitingFor: null,
    rowsDone: 3,
    rowsEstimated: 3,
    ...times,
    ...more,
  };
}

it('is ordered for a channel, one at a time, and shows what was found in words', async () => {
  expect((await client.get(path)).body).toEqual({
    order: null,
    result: null,
    equal: false,
    unequal: { count: 0, tables: [], unasked: [] },
    held: [],
  });
  const { status, body } = await client.post(path, { share: 0.2, reason: 'a try' });
  expect(status).toBe(200);
  expect(body).toMatchObject({
    order: { tables: ['*.*'], repeat: 'once', share: 0.2, state: 'running', by: 'break-glass: a try' },
    result: null,
  });
  expect((await registry.verifications.read('shop'))?.document).toEqual(body.order);
  expect((await client.post(path, {})).status).toBe(409);
  expect((await client.remove(path)).status).toBe(409);
  await registry.verificationResults.write('shop', resultOf(body.order.id, { endedAt: null }));
  expect((await client.get(path)).body.equal).toBe(false);
  await registry.verificationResults.write('shop', resultOf(body.order.id));
  expect((await client.get(path)).body).toMatchObject({
    equal: true,
    result: { tables: [{ text: 'shop.orders: equal as of 2026-01-31T10:31:07.000Z, 41332118 rows' }] },
  });
  const shown = (await client.get('/api/v1/channels/shop/status')).body.verification;
  expect(shown).toMatchObject({ id: body.order.id, tables: { equal: 1, different: 0 }, notEqual: [] });
  // It has ended. What it found says nothing of the next one.
  expect((await client.post(path, { repeat: 'continuously' })).body).toMatchObject({ result: null, equal: false });
});

it('is paused, resumed, cancelled and removed; one that repeats ends only so', async () => {
  const { order } = (await client.post(path, { repeat: 'continuously' })).body;
  await registry.verificationResults.write('shop', resultOf(order.id));
  expect((await client.post(path, {})).status).toBe(409);
  for (const [action, state] of [
    ['pause', 'paused'],
    ['resume', 'running'],
    ['cancel', 'cancelled'],
  ])
    expect((await client.post(`${path}/${action}`)).body.order.state).toBe(state);
  expect((await client.post(`${path}/resume`)).status).toBe(409);
  expect((await client.post(`${path}/start`)).status).toBe(400);
  await differ('a-b', 1, { request: order.id });
  await differ('b-a', 2, { request: order.id });
  await differ('b-a', 3, { request: 'another' });
  // What a process that was killed has left: a round of probes, and a table that it repaired.
  await differ('b-a', 4, { request: `${roundPrefix(order.id)}01234567890`, outcome: 'asked' });
  const names = 'pipeline, database_name, table_name, target_database, target_table, cause, request, reason';
  const entry = (table: string, cause: string): string =>
    `('${uids.get('a-b')}', 'shop', '${table}', 'shop', '${table}', '${cause}', 'r', 'ann')`;
  await run('b', `INSERT INTO lutra.unequal (${names}) VALUES ${entry('orders', 'repair')}, ${entry('lines', 'hole')}`);
  expect(await client.remove(path)).toMatchObject({ status: 200, body: { rows: 3, request: order.id, unreachable: [] } });
  expect(await rowsOf('a', 'SELECT request FROM lutra.difference')).toEqual([{ request: 'another' }]);
  expect((await unequal('b')).filter((one) => 'lasts' in one && one.lasts === '1')).toMatchObject([{ cause: 'hole' }]);
  expect([await registry.verifications.names(), await registry.verificationResults.names()]).toEqual([[], []]);
  expect((await client.post(`${path}/cancel`)).status).toBe(404);
});

it.each([
  [{ tables: ['shop.nothing'] }, 409],
  [{ tables: ['orders'] }, 400],
  [{ where: 'nothing = 1' }, 400],
  [{ where: '1) OR (1' }, 400],
  [{ share: 0 }, 400],
])('%j is refused', async (body, status) => {
  expect((await client.post(path, body)).status).toBe(status);
  expect(await registry.verifications.names()).toEqual([]);
});

it.each([1, 2, 3, 100])('shows each row that differs once, over both targets, with %i a page', async (limit) => {
  expect((await client.get(`${path}/differences`)).status).toBe(404);
  const request = (await client.post(path, {})).body.order.id as string;
  for (const id of [1, 2, 3]) await differ('a-b', id, { request });
  await differ('a-b', 4, { request, table: "o'dd", outcome: 'missing-here' });
  await differ('b-a', 1, { request, outcome: 'missing-there' });
  await differ('b-a', 9, { request, outcome: 'equal' });
  await differ('b-a', 8, { request, outcome: 'asked' });
  await differ('b-a', 7, { request: 'another' });
  const shown: string[] = [];
  let next: string | null = '';
  for (let pages = 0; next !== null && pages < 20; pages += 1) {
    const { body } = await client.get(`${path}/differences?limit=${limit}${next && `&after=${next}`}`);
    expect(body.unreachable).toEqual([]);
    expect(body.differences.length).toBeLessThanOrEqual(limit);
    for (const { pipeline, table, key, outcome } of body.differences) shown.push(`${pipeline} ${table} ${key.id} ${outcome}`);
    next = body.next;
  }
  expect(shown.toSorted()).toEqual(
    [
      'a-b orders 1 different',
      'a-b orders 2 different',
      'a-b orders 3 different',
      "a-b o'dd 4 missing-here",
      'b-a orders 1 missing-there',
    ].toSorted(),
  );
});

it('filters them, shows both rows, and leaves out what is too large for a list', async () => {
  const request = (await client.post(path, {})).body.order.id as string;
  await differ('a-b', 1, { request, note: 'n'.repeat(20_000) });
  await differ('b-a', 2, { request });
  await differ('b-a', 3, { request: 'a-seed', outcome: 'clash' });
  const of = async (query: string) => (await client.get(`${path}/differences?${query}`)).body.differences;
  expect(await of('pipeline=b-a')).toMatchObject([
    {
      target: 'a',
      schema: 'shop',
      table: 'orders',
      key: { id: 2 },
      columns: ['note'],
      here: { id: 2, note: 'x' },
      there: { id: 2, note: 'there' },
      cut: false,
      log: 'l',
      seq: 7,
      foundAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    },
  ]);
  expect(await of('pipeline=a-b')).toMatchObject([{ here: null, there: { id: 1 }, cut: true }]);
  expect(await of('request=a-seed')).toMatchObject([{ outcome: 'clash', key: { id: 3 } }]);
  expect(await of('table=orders&schema=shop&outcome=missing-here')).toEqual([]);
  for (const wrong of ['after=x', 'outcome=odd', 'limit=0']) expect((await client.get(`${path}/differences?${wrong}`)).status).toBe(400);
  expect((await client.get(`${path}/differences?pipeline=nobody`)).status).toBe(404);
});

/** A verification that has ended: two rows differ in a-b, one in b-a. */
async function verified(more: Partial<VerificationResult> = {}): Promise<{ readonly id: string; readonly repair: string }> {
  const { id } = (await client.post(path, {})).body.order;
  const result = resultOf(id);
  const table = { ...result.tables[0]!, verdict: 'different' as const };
  const tables = [
    { ...table, missingHere: 1, different: 1 },
    { ...table, pipeline: 'b-a', different: 1 },
  ];
  await registry.verificationResults.write('shop', { ...result, tables, ...more });
  await differ('a-b', 1, { request: id });
  await differ('a-b', 2, { request: id, outcome: 'missing-here' });
  await differ('b-a', 1, { request: id });
  return { id, repair: `${path}/${id}/repair` };
}

const idsOf = (answer: { body: any }): readonly string[] =>
  // oxlint-disable-line typescript/no-explicit-any
  (answer.body.details?.problems ?? answer.body.problems).map(({ id }: { id: string }) => id);

it('what was found is repaired: seen first, then written into the order of the verification', async () => {
  const { id, repair } = await verified();
  const seen = await client.post(repair, { dryRun: true, reason: 'a look' });
  expect(seen).toMatchObject({
    status: 200,
    body: { dryRun: true, order: { winner: 'region-a', tables: ['*.*'], extra: [] }, problems: [] },
  });
  expect(seen.body.tables).toMatchObject([
    { pipeline: 'a-b', missingHere: 1, missingThere: 0, different: 1, extra: 0, ranges: 0 },
    { pipeline: 'b-a', missingHere: 0, different: 1 },
  ]);
  expect(seen.body.rows).toHaveLength(3);
  expect(seen.body.rows).toContainEqual(
    expect.objectContaining({ here: { id: 1, note: 'x' }, there: { id: 1, note: 'there' }, problem: null }),
  );
  expect((await registry.verifications.read('shop'))?.document).not.toHaveProperty('repair');

  const ordered = await client.post(repair, { reason: 'damaged by a script', untilEqual: true });
  expect(ordered.status).toBe(200);
  const written = { ...ordered.body.order, winner: 'region-a', untilEqual: true, by: 'break-glass: damaged by a script' };
  expect((await registry.verifications.read('shop'))?.document).toMatchObject({ id, state: 'running', repair: written });
  // One at a time: neither a second one, nor another verification, before its end.
  expect(idsOf(await client.post(repair, { reason: 'x' }))).toEqual(['repair-under-way']);
  expect((await client.post(path, {})).status).toBe(409);
  expect((await client.remove(path)).status).toBe(409);
  const counts = { repaired: 2, changed: 0, refused: 1, left: 0, waitingFor: null, begunAt: 1 };
  const known = (await registry.verificationResults.read('shop'))!.document;
  await registry.verificationResults.write('shop', { ...known, repair: { id: written.id, ...counts, endedAt: 5 } });
  expect((await client.get(path)).body.result.repair).toMatchObject({ repaired: 2, refused: 1 });
  expect((await client.get('/api/v1/channels/shop/status')).body.verification.repair).toMatchObject({ repaired: 2 });
  expect((await client.post(repair, { reason: 'the rest' })).status).toBe(200);
  expect((await client.post(`${path}/cancel`)).body.order.state).toBe('cancelled');
  expect(idsOf(await client.post(repair, { reason: 'x' }))).toEqual(['repair-cancelled']);
});

it('of single rows: by the key as it is shown, each of which must have been found', async () => {
  const { repair } = await verified();
  const key = { pipeline: 'a-b', schema: 'shop', table: 'orders', key: { id: 1 } };
  const { body } = await client.post(repair, { keys: [key], dryRun: true, reason: 'x' });
  expect(body).toMatchObject({ tables: [{ pipeline: 'a-b', different: 1, missingHere: 0 }], rows: [{ key: { id: 1 } }], problems: [] });
  expect(body.order.keys).toEqual([{ pipeline: 'a-b', database: 'shop', table: 'orders', key: '{"id":1}' }]);
  expect(idsOf(await client.post(repair, { keys: [key, { ...key, key: { id: '1' } }], reason: 'x' }))).toEqual(['repair-key']);
  expect((await client.post(repair, { keys: [key], reason: 'x' })).status).toBe(200);
});

it.each([
  [{ winner: 'region-c' }, {}, 'repair-winner'],
  [{ winner: 'source' }, {}, 'repair-winner'],
  [{ extra: ['shop.nothing'] }, {}, 'repair-extra'],
  [{ tables: ['shop.nothing'] }, {}, 'repair-no-differences'],
  [{}, { endedAt: null }, 'repair-not-ended'],
  [{}, { request: 'another' }, 'repair-not-ended'],
])('a repair %j of %j is refused by name', async (body, result, problem) => {
  const { repair } = await verified(result);
  expect(idsOf(await client.post(repair, { ...body, reason: 'x' }))).toEqual([problem]);
  expect(idsOf(await client.post(repair, { ...body, dryRun: true, reason: 'x' }))).toEqual([problem]);
  expect((await registry.verifications.read('shop'))?.document).not.toHaveProperty('repair');
});

it('a repair of another verification, of one that repeats, or of none is refused', async () => {
  expect((await client.post(`${path}/x/repair`, { reason: 'x' })).status).toBe(404);
  const { id } = (await client.post(path, { repeat: 'continuously' })).body.order;
  await registry.verificationResults.write('shop', resultOf(id));
  expect(idsOf(await client.post(`${path}/${id}/repair`, { reason: 'x' }))).toEqual(['repair-continuously']);
  expect(idsOf(await client.post(`${path}/x/repair`, { reason: 'x' }))).toEqual(['repair-other-verification']);
  for (const body of [{}, { reason: 'x', tables: ['a.b'], keys: [] }, { reason: 'x', tables: ['orders'] }])
    expect((await client.post(`${path}/${id}/repair`, body)).status).toBe(400);
});

const unequal = (side: Side) =>
  rowsOf(side, 'SELECT pipeline, table_name, target_table, cause, request, reason, ended_at IS NULL AS lasts FROM lutra.unequal');

it('a restart that heals: entries at the target, the restart and its verification; taken back, all of it ends', async () => {
  const restart = { start: { from: 'now' }, reason: 'the binlog was purged', ...healing };
  const running = (await client.post(path, {})).body.order;
  const told = await client.post('/api/v1/endpoints/a/restart', restart);
  expect(idsOf(told)).toEqual(expect.arrayContaining(['heal-compares', 'heal-not-known-equal', 'heal-replaces']));
  expect([await unequal('b'), await registry.restarts.read('a')]).toEqual([[], null]);

  const { status, body } = await client.post('/api/v1/endpoints/a/restart', { ...restart, accept: true });
  expect(status).toBe(200);
  const { id } = body.order;
  const entry = { pipeline: uids.get('a-b'), table_name: 'orders', target_table: 'orders', cause: 'hole', request: id };
  expect(await unequal('b')).toEqual([{ ...entry, reason: 'break-glass: the binlog was purged', lasts: '1' }]);
  expect(await unequal('a')).toEqual([]);
  expect((await registry.restarts.read('a'))?.document).toMatchObject({ id, ...healing });
  const order = (await registry.verifications.read('shop'))!.document;
  expect(order.id).not.toBe(running.id);
  expect(body.verifications).toEqual([{ channel: 'shop', id: order.id }]);
  // Nothing has arrived at b yet, so no change there is known to be older than the hole.
  expect(order).toMatchObject({
    pipelines: ['a-b'],
    after: { seeds: [], restarts: ['a'] },
    repair: { id, winner: 'source', untilEqual: true, spareChangedSince: 0, extra: [] },
  });
  const shown = (await client.get(path)).body.unequal;
  expect(shown).toMatchObject({ count: 1, unasked: [], tables: [{ pipeline: 'a-b', table: 'shop.orders', cause: 'hole' }] });
  expect((await client.get('/api/v1/channels/shop/status')).body.unequal).toEqual(shown);

  expect((await client.remove('/api/v1/endpoints/a/restart')).status).toBe(204);
  expect([await registry.restarts.read('a'), (await registry.verifications.read('shop'))?.document.state]).toEqual([null, 'cancelled']);
  expect(await unequal('b')).toMatchObject([{ request: id, lasts: '0' }]);
  expect((await client.get(path)).body.unequal.count).toBe(0);
});

it('the hole of an earlier restart lasts when a later one is taken back; the other way waits for its repair, and so does a seed', async () => {
  const restart = { start: { from: 'now' }, reason: 'r', ...healing, accept: true };
  const first = (await client.post('/api/v1/endpoints/a/restart', restart)).body.order.id;
  await registry.restarts.done('a', (await registry.restarts.read('a'))!.version); // as its capture does
  await client.post('/api/v1/endpoints/a/restart', restart);
  expect((await client.remove('/api/v1/endpoints/a/restart')).status).toBe(204);
  expect(await unequal('b')).toMatchObject([{ request: first, lasts: '1' }]);
  expect((await registry.verifications.read('shop'))?.document).toMatchObject({
    pipelines: ['a-b'],
    after: { restarts: [] },
    state: 'running',
  });

  expect(idsOf(await client.post('/api/v1/endpoints/b/restart', restart))).toContain('heal-other-way');
  expect([await registry.restarts.read('b'), await unequal('a')]).toEqual([null, []]);
  const seed = '/api/v1/channels/shop/pipelines/b-a/seed?dryRun=true';
  expect(idsOf(await client.post(seed, { tables: ['shop.orders'] }))).toContain('seed-not-known-equal');
  await run('b', 'UPDATE lutra.unequal SET ended_at = NOW(3)');
  expect(idsOf(await client.post(seed, { tables: ['shop.orders'] }))).not.toContain('seed-not-known-equal');
  expect((await client.post('/api/v1/endpoints/b/restart', restart)).status).toBe(200);
  expect((await client.remove('/api/v1/endpoints/b/restart')).status).toBe(204);
});

it('a restart that is not ordered leaves no entry, for nobody would end it; one of an earlier hole stays', async () => {
  const restart = { start: { from: 'now' }, reason: 'r', ...healing, accept: true };
  await run('b', 'CREATE TABLE shop.lines (id INT PRIMARY KEY); RENAME TABLE lutra.checkpoint TO lutra.away');
  try {
    await run(
      'b',
      `INSERT INTO lutra.unequal (pipeline, database_name, table_name, target_database, target_table, cause, request, reason) VALUES ('${uids.get('a-b')}', 'shop', 'lines', 'shop', 'lines', 'hole', 'earlier', 'r')`,
    );
    expect((await client.post('/api/v1/endpoints/a/restart', restart)).status).toBe(502);
    expect([await registry.restarts.read('a'), await registry.verifications.names()]).toEqual([null, []]);
    expect((await unequal('b')).filter((entry) => 'lasts' in entry && entry.lasts === '1')).toMatchObject([{ request: 'earlier' }]);
  } finally {
    await run('b', 'RENAME TABLE lutra.away TO lutra.checkpoint; DROP TABLE shop.lines');
  }
});

it('a server with an older lutra.sql refuses a restart that heals, and is named', async () => {
  await run('b', 'RENAME TABLE lutra.unequal TO lutra.away');
  try {
    const restart = { start: { from: 'now' }, reason: 'r', ...healing, accept: true };
    const refused = await client.post('/api/v1/endpoints/a/restart', restart);
    expect(refused).toMatchObject({ status: 409, body: { message: expect.stringMatching(/endpoint b .*schemas\/lutra\.sql/) } });
    expect([await registry.restarts.read('a'), await registry.verifications.names()]).toEqual([null, []]);
    expect((await client.get(path)).body.unequal).toEqual({ count: 0, tables: [], unasked: ['b'] });
  } finally {
    await run('b', 'RENAME TABLE lutra.away TO lutra.unequal');
  }
});

it('names a target that does not answer, and shows the rows of the others', async () => {
  const request = (await client.post(path, {})).body.order.id as string;
  await differ('b-a', 2, { request });
  const { host, user, password } = servers.b;
  const moved = { name: 'b', region: 'region-b', host, port: 1, user, password, serverId: 4711 };
  expect((await client.put('/api/v1/endpoints/b', moved, '*')).status).toBe(200);
  const { body } = await client.get(`${path}/differences`);
  expect(body).toMatchObject({ differences: [{ key: { id: 2 } }], unreachable: [{ endpoint: 'b', code: 'TARGET_UNAVAILABLE' }] });
  // The orders of a channel go with it.
  expect((await client.remove('/api/v1/channels/shop', '*')).status).toBe(204);
  expect(await registry.verifications.names()).toEqual([]);
});
