/**
 * Decided conflicts over REST, against two real servers that are each other's targets. The entries are written here as a loader writes
 * them.
 */
import { readFile } from 'node:fs/promises';
import { rowToJson } from '@lutra/model';
import type { Row } from '@lutra/model';
import { quoteText, Session } from '@lutra/mysql';
import type { ResultRow } from '@lutra/mysql';
import { Registry } from '@lutra/registry';
import { createLogger } from '@lutra/telemetry';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { kept, mysqlServer, running } from '../../../test/servers/index.js';
import type { MysqlServer } from '../../../test/servers/index.js';
import { ConflictRetentionService } from '../src/conflicts/conflict-retention.service.js';
import { ConflictService } from '../src/conflicts/conflict.service.js';
import { PipelineAccessService } from '../src/pipelines/pipeline-access.service.js';
import { ControlClient, startControl } from './control-client.js';
import type { RunningControl } from './control-client.js';

const { zooKeeper } = kept;
const servers = { a: mysqlServer({ version: '8.0', serverId: 101 }), b: mysqlServer({ version: '9.7', serverId: 102 }) };
type Side = keyof typeof servers;
const sessions = new Map<Side, Session>();
const path = '/api/v1/channels/shop/conflicts';
let control: RunningControl;
let client: ControlClient;

beforeAll(async () => {
  await Promise.all([running(zooKeeper), servers.a.start(), servers.b.start()]);
  control = await startControl({ ZOOKEEPER: zooKeeper.connect, LUTRA_ROOT: '/conflicts', LUTRA_API_TOKEN: 'a-token-of-sixteen' });
  client = new ControlClient(control.url, { Authorization: 'Bearer a-token-of-sixteen' });
  for (const side of ['a', 'b'] as const) {
    await prepare(side, servers[side]);
    await client.post('/api/v1/regions', { name: `region-${side}`, kafka: { brokers: ['127.0.0.1:1'] } });
    const { host, port, user, password } = servers[side];
    const endpoint = { name: side, region: `region-${side}`, host, port, user, password, serverId: 4711 };
    expect((await client.post('/api/v1/endpoints', endpoint)).status).toBe(201);
  }
  const pipeline = (name: string, source: Side, target: Side) => ({ name, source, target, routes: [{ schema: 'shop' }] });
  const pipelines = [pipeline('a-to-b', 'a', 'b'), pipeline('b-to-a', 'b', 'a')];
  const conflicts = { home: 'region-a', rules: [{ policy: 'latest', version: 'updated_at' }], retentionDays: 2 };
  expect((await client.post('/api/v1/channels', { name: 'shop', pipelines, conflicts })).status).toBe(201);
});

afterAll(async () => {
  for (const session of sessions.values()) session.destroy();
  await control?.app.close();
  await Promise.all([servers.a.stop(), servers.b.stop()]);
});

beforeEach(async () => {
  for (const side of ['a', 'b'] as const) await run(side, 'TRUNCATE TABLE lutra.conflict; TRUNCATE TABLE shop.orders');
});

async function prepare(side: Side, { host, port, user, password }: MysqlServer): Promise<void> {
  sessions.set(side, await Session.open({ host, port, user, password }, 'target'));
  await run(side, (await readFile(new URL('../../../schemas/lutra.sql', import.meta.url), 'utf8')).trim().replace(/;$/, ''));
  await run(
    side,
    `CREATE DATABASE shop; CREATE TABLE shop.orders (id BIGINT PRIMARY KEY, code VARCHAR(20) UNIQUE, total DECIMAL(9,2), note BLOB,
      updated_at TIMESTAMP(6) NOT NULL, twice DECIMAL(9,2) AS (total * 2) STORED)`,
  );
}

async function run(side: Side, sql: string): Promise<readonly ResultRow[]> {
  const session = sessions.get(side);
  if (!session) throw new Error(`no session to ${side}`);
  const results = await session.execute(sql).catch((error: unknown) => {
    throw session.translate(error, sql.slice(0, 100));
  });
  return results[0]?.rows ?? [];
}

const order = (id: number, more: Row = {}): Row => ({
  id: BigInt(id),
  code: `c${id}`,
  total: '1.50',
  note: Buffer.from([0, 255]),
  updated_at: '2026-01-01 00:00:00.000001',
  ...more,
});

interface Given {
  readonly pipeline?: string;
  readonly key?: Row;
  readonly before?: Row | null;
  readonly after?: Row | null;
  readonly existing?: Row | null;
  readonly result?: Row | null;
  readonly type?: string;
  readonly winner?: string;
  readonly final?: boolean;
  readonly decidedAt?: string;
  readonly schema?: string;
}

/** A conflict at a side. @returns its id */
async function record(side: Side, given: Given = {}): Promise<number> {
  const { before = order(1), after = order(1, { total: '2.00' }), existing = order(1, { total: '3.00' }), type = 'update-differs' } = given;
  const { result = after, winner = 'incoming', final = side === 'a', decidedAt = '2026-01-01 12:00:00.000000', schema = 'shop' } = given;
  const json = (row: Row | null): string => (row === null ? 'NULL' : quoteText(rowToJson(row)));
  const { pipeline = `shop.${side === 'a' ? 'b-to-a' : 'a-to-b'}`, key = { id: 1n } } = given;
  const values = [
    ...[
      pipeline,
      'abcdefgh2345',
      'log',
      '7',
      'uuid:1-7',
      '1767268800123456',
      'region-x',
      schema,
      'orders',
      rowToJson(key),
      type,
      'latest',
      winner,
    ].map(quoteText),
    final ? 1 : 0,
    "'u'",
    ...[before, after, existing, result].map(json),
    '41',
    quoteText(decidedAt),
  ];
  const columns =
    'pipeline, uid, log_id, seq, gtid, source_us, origin, database_name, table_name, row_key, type, policy, winner, final, op, before_row, after_row, existing_row, result_row, local_seq, decided_at';
  await run(side, `INSERT INTO lutra.conflict (${columns}) VALUES (${values.join(', ')})`);
  return Number((await run(side, 'SELECT MAX(id) AS id FROM lutra.conflict'))[0]?.['id']);
}

async function write(side: Side, row: Row): Promise<void> {
  const { id, code, total, updated_at: at } = row;
  await run(
    side,
    `REPLACE INTO shop.orders (id, code, total, note, updated_at) VALUES (${String(id)}, '${String(code)}', ${String(total)}, x'00ff', '${String(at)}')`,
  );
}

const totals = async (side: Side) =>
  (await run(side, 'SELECT id, total FROM shop.orders ORDER BY id')).map((row) => `${String(row['id'])}=${String(row['total'])}`);

describe('the list', () => {
  it('has the conflicts of all targets, newest first, page by page, and nothing of other channels', async () => {
    for (const minute of [1, 4, 5]) await record('a', { decidedAt: `2026-01-01 12:0${minute}:00` });
    for (const minute of [2, 3]) await record('b', { decidedAt: `2026-01-01 12:0${minute}:00` });
    await record('b', { pipeline: 'other.a-to-b' });
    const shown: string[] = [];
    let before = '';
    for (let pages = 0; pages < 4; pages += 1) {
      const { status, body } = await client.get(`${path}?limit=2${before}`);
      expect({ status, unreachable: body.unreachable }).toEqual({ status: 200, unreachable: [] });
      shown.push(
        ...body.conflicts.map(({ target, id, decidedAt }: Record<string, string>) => `${target}${id} ${decidedAt?.slice(14, 16)}`),
      );
      if (body.next === null) break;
      before = `&before=${encodeURIComponent(body.next)}`;
    }
    expect(shown).toEqual(['a3 05', 'a2 04', 'b2 03', 'b1 02', 'a1 01']);
    const { body } = await client.get(`${path}?pipeline=b-to-a&before=3`);
    expect(body.conflicts.map(({ id }: { id: number }) => id)).toEqual([2, 1]);
  });

  it('shows where the change came from, and each version', async () => {
    await record('a', { existing: null });
    const [entry] = (await client.get(path)).body.conflicts;
    const image = { id: ['i', '1'], code: 'c1', total: '2.00', note: ['b', 'AP8='], updated_at: '2026-01-01 00:00:00.000001' };
    expect(entry).toEqual({
      pipeline: 'b-to-a',
      uid: 'abcdefgh2345',
      target: 'a',
      id: 1,
      schema: 'shop',
      table: 'orders',
      key: { id: ['i', '1'] },
      type: 'update-differs',
      policy: 'latest',
      winner: 'incoming',
      final: true,
      op: 'u',
      transaction: { log: 'log', seq: 7, gtid: 'uuid:1-7', origin: 'region-x', committedAt: '2026-01-01T12:00:00.123Z' },
      localSeq: 41,
      decidedAt: '2026-01-01T12:00:00.000000Z',
      request: null,
      reason: null,
      before: { ...image, total: '1.50' },
      after: image,
      existing: null,
      result: image,
      cut: false,
    });
  });

  it('filters, and refuses filters that it does not know', async () => {
    await record('a', { type: 'insert-exists', decidedAt: '2026-01-01 12:01:00' });
    await record('a', { winner: 'both', decidedAt: '2026-01-01 12:02:00', key: { id: 2n } });
    await record('b', { schema: 'crm', decidedAt: '2026-01-01 12:03:00' });
    const ids = async (query: string): Promise<string> =>
      (await client.get(`${path}?${query}`)).body.conflicts
        .map(({ target, id }: { target: string; id: number }) => `${target}${id}`)
        .join();
    expect(await ids('pipeline=a-to-b')).toBe('b1');
    expect(await ids('schema=shop&table=orders')).toBe('a2,a1');
    expect(await ids('type=insert-exists')).toBe('a1');
    expect(await ids('winner=both&policy=latest')).toBe('a2');
    expect(await ids('final=false')).toBe('b1');
    expect(await ids('since=2026-01-01T13:02:00%2B01:00&until=2026-01-01T12:03:00Z')).toBe('a2');
    expect(await ids(`key=${encodeURIComponent('{"id":2}')}`)).toBe('a2');
    expect(await ids(`key=${encodeURIComponent('{"id":["i","2"]}')}`)).toBe('a2');
    for (const wrong of ['limit=501', 'type=odd', 'since=yesterday', 'tabel=x', 'key=7', 'before=x'])
      expect({ wrong, status: (await client.get(`${path}?${wrong}`)).status }).toEqual({ wrong, status: 400 });
    expect((await client.get(`${path}?tabel=x`)).body.message).toMatch(/^request: .*tabel/);
    expect((await client.get(`${path}/b-to-a/x`)).body.message).toContain('the id of a conflict is a whole number');
    expect((await client.get(`${path}?pipeline=nowhere`)).status).toBe(404);
    expect((await client.get('/api/v1/channels/nowhere/conflicts')).status).toBe(404);
  });

  it('leaves large rows to the single entry', async () => {
    await record('a', { after: order(1, { note: Buffer.alloc(20_000) }) });
    const [entry] = (await client.get(path)).body.conflicts;
    expect(entry).toMatchObject({ cut: true, after: null, result: null, before: { code: 'c1' } });
    expect((await client.get(`${path}/b-to-a/1`)).body.after.note[1].length).toBeGreaterThan(20_000);
  });

  it('counts', async () => {
    for (const winner of ['incoming', 'incoming', 'existing']) await record('a', { winner });
    await record('b');
    const { body } = await client.get(`${path}/counts`);
    expect(body.unreachable).toEqual([]);
    expect(body.counts).toHaveLength(3);
    expect(body.counts[0]).toEqual({
      pipeline: 'b-to-a',
      schema: 'shop',
      table: 'orders',
      policy: 'latest',
      type: 'update-differs',
      winner: 'incoming',
      final: true,
      count: 2,
      latest: '2026-01-01T12:00:00.000000Z',
    });
    expect((await client.get(`${path}/counts?final=false`)).body.counts).toMatchObject([{ pipeline: 'a-to-b', count: 1 }]);
  });
});

describe('one conflict', () => {
  it('has the columns that differ, and the row as it is on both sides', async () => {
    const id = await record('a', { before: order(1, { code: 'old' }), after: order(1, { code: 'new' }), existing: order(1) });
    await write('a', order(1, { code: 'now' }));
    const { body } = await client.get(`${path}/b-to-a/${id}`);
    expect(body.diff).toEqual([{ column: 'code', before: 'old', incoming: 'new', existing: 'c1', result: 'new' }]);
    expect(body.now).toMatchObject({
      source: { endpoint: 'b', row: null, problem: null },
      target: { endpoint: 'a', row: { code: 'now' }, problem: null },
    });
    expect((await client.get(`${path}/b-to-a/99`)).status).toBe(404);
    expect((await client.get(`${path}/a-to-b/${id}`)).status).toBe(404);
  });

  it('leaves a version without a row out of the differences', async () => {
    const id = await record('a', { after: null, result: null });
    const { body } = await client.get(`${path}/b-to-a/${id}`);
    expect(body.diff).toEqual([{ column: 'total', before: '1.50', existing: '3.00' }]);
  });
});

describe('deciding anew', () => {
  const redecide = (id: number, body: object, pipeline = 'b-to-a') =>
    client.post(`${path}/${pipeline}/${id}/redecide`, { reason: 'asked', ...body });

  it('gives the row the version of the other side, as a write of its own', async () => {
    const id = await record('a');
    await write('a', order(1, { total: '2.00' }));
    const markers = 'SELECT COUNT(*) AS n FROM lutra.checkpoint';
    const answer = await redecide(id, { winner: 'existing' });
    expect(answer).toMatchObject({
      status: 200,
      body: { pipeline: 'b-to-a', target: 'a', id, written: true, row: { total: '3.00' }, consequences: [] },
    });
    expect(await totals('a')).toEqual(['1=3.00']);
    expect(Number((await run('a', markers))[0]?.['n'])).toBe(0); // no marker: it is not taken for a copy
    expect((await redecide(id, { winner: 'existing' })).body).toMatchObject({ written: false });
  });

  it('deletes and brings back', async () => {
    const deleted = await record('a', { after: null, result: order(1, { total: '3.00' }), winner: 'existing' });
    await write('a', order(1, { total: '3.00' }));
    expect((await redecide(deleted, { winner: 'incoming' })).body).toMatchObject({ written: true, row: null });
    expect(await totals('a')).toEqual([]);
    const gone = await record('a', { after: null, result: null });
    expect((await redecide(gone, { winner: 'existing' })).body).toMatchObject({ written: true, row: { total: '3.00' } });
    expect(await totals('a')).toEqual(['1=3.00']);
  });

  it('refuses where the row has changed since, and says what would be lost', async () => {
    const id = await record('a');
    await write('a', order(1, { total: '9.00', code: 'mine' }));
    const refused = await redecide(id, { winner: 'existing' });
    expect(refused).toMatchObject({
      status: 409,
      body: { code: 'CONFIG_CONFLICT', details: { problems: [{ id: 'row-changed', severity: 'error' }] } },
    });
    expect(refused.body.message).toContain('it differs in code, total');
    expect(refused.text).not.toContain('mine');
    expect(await totals('a')).toEqual(['1=9.00']);
    const forced = await redecide(id, { winner: 'existing', force: true });
    expect(forced).toMatchObject({ status: 200, body: { written: true, consequences: [{ id: 'row-changed', severity: 'warning' }] } });
    expect(await totals('a')).toEqual(['1=3.00']);
  });

  it('refuses where the home region decides, unless it is forced', async () => {
    const id = await record('b');
    await write('b', order(1, { total: '2.00' }));
    const refused = await redecide(id, { winner: 'existing' }, 'a-to-b');
    expect(refused.body.details.problems.map((problem: { id: string }) => problem.id)).toEqual(['not-final']);
    expect((await redecide(id, { winner: 'existing', force: true }, 'a-to-b')).status).toBe(200);
    expect(await totals('b')).toEqual(['1=3.00']);
  });

  it('does not push another row aside', async () => {
    await write('a', order(2, { code: 'taken' }));
    const id = await record('a', {
      type: 'unique-key-taken',
      key: { id: 1n },
      existing: null,
      result: null,
      winner: 'existing',
      after: order(1, { code: 'taken' }),
    });
    const refused = await redecide(id, { winner: 'incoming' });
    expect(refused).toMatchObject({ status: 409, body: { message: expect.stringContaining('another row holds a unique value') } });
    expect(await totals('a')).toEqual(['2=1.50']);
  });

  it('knows that what came may have been about another row', async () => {
    const id = await record('a', { type: 'unique-key-taken', key: { id: 5n }, after: order(1), existing: order(5), result: null });
    expect((await redecide(id, { winner: 'incoming' })).body).toMatchObject({ written: false, row: null });
    expect((await redecide(id, { winner: 'existing' })).body).toMatchObject({ written: true, row: { id: ['i', '5'] } });
    expect(await totals('a')).toEqual(['5=1.50']);
  });

  it('refuses what has not its shape, and rows of a table that has changed', async () => {
    const id = await record('a', { after: order(1, { gone: 1 }) });
    for (const body of [{ winner: 'both' }, { winner: 'incoming', reason: '' }, { winner: 'incoming', more: 1 }])
      expect((await redecide(id, body)).status).toBe(400);
    expect(await redecide(id, { winner: 'incoming' })).toMatchObject({
      status: 409,
      body: { message: expect.stringContaining('no column gone any more') },
    });
  });
});

describe('what a target lacks', () => {
  it('is said by name: lutra.conflict', async () => {
    await run('b', 'RENAME TABLE lutra.conflict TO lutra.aside');
    try {
      const missing = await client.get(path);
      expect(missing).toMatchObject({ status: 409, body: { code: 'CONFIG_CONFLICT' } });
      expect(missing.body.message).toMatch(/lutra\.conflict does not exist at endpoint b.*schemas\/lutra\.sql/);
      expect((await client.get(`${path}?pipeline=b-to-a`)).status).toBe(200);
    } finally {
      await run('b', 'RENAME TABLE lutra.aside TO lutra.conflict');
    }
  });

  it('an older table has no repair: entries are shown without', async () => {
    const id = await record('b', { type: 'repair', winner: 'incoming' });
    await run('b', `UPDATE lutra.conflict SET request = 'r-1', reason = 'ann: damaged' WHERE id = ${id}`);
    const shown = async () => {
      const [first] = (await client.get(`${path}?pipeline=a-to-b&limit=1`)).body.conflicts;
      const { body: one } = await client.get(`${path}/a-to-b/${id}`);
      return [first, one].map(({ request, reason }) => [request, reason]);
    };
    expect(await shown()).toEqual([
      ['r-1', 'ann: damaged'],
      ['r-1', 'ann: damaged'],
    ]);
    await run('b', 'CREATE TABLE lutra.aside LIKE lutra.conflict; INSERT INTO lutra.aside SELECT * FROM lutra.conflict');
    try {
      await run('b', 'ALTER TABLE lutra.conflict DROP COLUMN request, DROP COLUMN reason');
      expect(await shown()).toEqual([
        [null, null],
        [null, null],
      ]);
    } finally {
      await run('b', 'DROP TABLE lutra.conflict; RENAME TABLE lutra.aside TO lutra.conflict');
    }
  });

  it('an answer: the list has what the others have', async () => {
    await record('a');
    const { body: stored } = await client.get('/api/v1/endpoints/b');
    const endpoint = { ...stored, password: servers.b.password };
    await client.put('/api/v1/endpoints/b', { ...endpoint, port: 1 }, '*');
    try {
      const { status, body } = await client.get(path);
      expect({ status, ids: body.conflicts.map(({ id }: { id: number }) => id) }).toEqual({ status: 200, ids: [1] });
      expect(body.unreachable).toEqual([{ endpoint: 'b', code: 'TARGET_UNAVAILABLE', message: expect.any(String) }]);
      expect((await client.get(`${path}/counts`)).body).toMatchObject({ counts: [{ count: 1 }], unreachable: [{ endpoint: 'b' }] });
      expect((await client.get(`${path}/b-to-a/1`)).body.now.source).toMatchObject({
        row: null,
        problem: expect.stringContaining('TARGET_UNAVAILABLE'),
      });
    } finally {
      await client.put('/api/v1/endpoints/b', endpoint, '*');
    }
  });
});

describe('retention', () => {
  it('removes what is older than the channel keeps it, in batches, and nothing else', async () => {
    const days = (number: number): string => new Date(Date.now() - number * 86_400_000).toISOString().replace('T', ' ').replace('Z', '');
    for (const side of ['a', 'b'] as const) {
      await record(side, { decidedAt: days(3) });
      await record(side, { decidedAt: days(3), pipeline: 'other.a-to-b' });
      await record(side, { decidedAt: days(1) });
    }
    const copies =
      'INSERT INTO lutra.conflict SELECT NULL, c.pipeline, c.uid, log_id, seq, gtid, source_us, origin, database_name, table_name, row_key, type, policy, winner, final, op, before_row, after_row, existing_row, result_row, request, reason, files, local_seq, decided_at FROM lutra.conflict c';
    await run(
      'a',
      `${copies} JOIN information_schema.COLLATIONS WHERE c.id = 1; ${copies} JOIN information_schema.COLLATIONS x JOIN (SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4) y WHERE c.id = 1`,
    );
    expect(Number((await run('a', 'SELECT COUNT(*) AS n FROM lutra.conflict'))[0]?.['n'])).toBeGreaterThan(1_000);
    const logger = createLogger('test', 'silent');
    const registry = new Registry({ connect: zooKeeper.connect, root: '/conflicts', logger });
    await registry.start();
    try {
      const conflicts = new ConflictService(registry, new PipelineAccessService(registry, control.secretKey, logger));
      const level = { isKnown: true, trouble: null };
      await new ConflictRetentionService(registry, logger, level, conflicts).removeOld();
    } finally {
      await registry.stop();
    }
    for (const side of ['a', 'b'] as const) {
      const left = await run(side, 'SELECT id, pipeline FROM lutra.conflict ORDER BY id');
      expect(left.map((row) => Number(row['id']))).toEqual([2, 3]);
    }
  });
});
