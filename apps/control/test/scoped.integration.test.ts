/** What somebody with rights on some channels must not reach: other channels, servers of his own choice, and what was not shown. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import type { Grant } from '@lutra/model';
import { loadKeyring } from '@lutra/registry';
import { stringify } from 'yaml';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { kept, running } from '../../../test/servers/index.js';
import { ControlClient, startControl } from './control-client.js';
import type { Answer, RunningControl } from './control-client.js';

const { zooKeeper } = kept;
const secretKey = loadKeyring({ LUTRA_SECRET_KEY: randomBytes(32).toString('base64'), LUTRA_SECRET_PROD: 'what nobody may have' });
const token = 'a-token-for-emergencies-alone';
let control: RunningControl;
let [admin, shopAdmin, shopOperator, viewer] = [] as unknown as ControlClient[] as [
  ControlClient,
  ControlClient,
  ControlClient,
  ControlClient,
];

const endpoint = (name: string, serverId: number) => ({
  name,
  region: name,
  host: '127.0.0.1',
  port: serverId,
  user: 'lutra',
  password: 'a secret word',
  serverId,
});
const channel = (name: string, table: string, more: object = {}) => ({
  name,
  pipelines: [{ name: 'there', source: 'a', target: 'b', routes: [{ schema: name.replaceAll('-', '_'), table }] }],
  ...more,
});
const base = {
  version: 1,
  regions: ['a', 'b'].map((name) => ({ name, kafka: { brokers: ['127.0.0.1:1'] } })),
  endpoints: [endpoint('a', 1), endpoint('b', 2)],
};
const text = (more: object): string => stringify({ ...base, ...more });

async function personWith(name: string, grants: readonly Grant[]): Promise<ControlClient> {
  expect((await admin.post('/api/v1/users', { name, password: null, grants })).status).toBe(201);
  const { body } = await admin.post(`/api/v1/users/${name}/tokens`, { name, grants });
  return new ControlClient(control.url, { Authorization: `Bearer ${body.secret}` });
}

const planned = async (client: ControlClient, document: string, more: object = {}): Promise<Answer['body']> =>
  (await client.post('/api/v1/plan', { document, ...more })).body;

beforeAll(async () => {
  await running(zooKeeper);
  control = await startControl({ ZOOKEEPER: zooKeeper.connect, LUTRA_ROOT: '/scoped', LUTRA_API_TOKEN: token }, secretKey);
  admin = new ControlClient(control.url, { Authorization: `Bearer ${token}` });
  await vi.waitUntil(async () => (await admin.get('/health/ready')).status === 200, { timeout: 60_000, interval: 50 });
  shopAdmin = await personWith('shop-admin', [{ role: 'admin', channels: 'shop-*' }]);
  shopOperator = await personWith('shop-operator', [{ role: 'operator', channels: 'shop-*' }]);
  viewer = await personWith('viewer', [{ role: 'viewer', channels: 'shop-*' }]);
  const document = text({ channels: [channel('shop-a', 't'), channel('hr-salaries', 'pay')] });
  const { hash } = await planned(admin, document);
  const applied = await admin.post('/api/v1/apply', { document, hash });
  expect(applied.status, applied.text).toBe(200);
});

afterAll(async () => {
  await control.app.close();
});

/** The answer to a request whose body of 8 MB never comes. */
async function answerUnread(secret: string, path: string): Promise<string> {
  const socket = connect(Number(new URL(control.url).port), '127.0.0.1');
  let answer = '';
  socket.on('data', (bytes) => (answer += bytes.toString()));
  socket.on('error', () => undefined);
  const closed = once(socket, 'close');
  const head = [`POST ${path} HTTP/1.1`, 'Host: 127.0.0.1', `Authorization: Bearer ${secret}`, 'Content-Type: application/json'];
  socket.write([...head, `Content-Length: ${8 * 1024 * 1024}`, '', ''].join('\r\n'));
  await closed;
  return answer;
}

it('the body of a request that the person may not make is not read', async () => {
  const grants = [{ role: 'operator', channels: 'shop-*' }] as const;
  const { body } = await admin.post('/api/v1/users/shop-operator/tokens', { name: 'another', grants });
  const refused = [
    ['/api/v1/restore', 403],
    ['/api/v1/apply', 403],
    ['/API/v1/apply/', 403],
    ['/api/v1/channels', 403],
    ['/api/v1/channels/hr-salaries/start', 404],
    ['/api/v1/channels/hr%2Dsalaries/start', 404],
    ['/subjects/lutra.a.rows/versions', 403],
  ] as const;
  for (const [path, status] of refused) {
    const answer = await answerUnread(body.secret, path);
    expect([path, answer.slice(0, 12)]).toEqual([path, `HTTP/1.1 ${status}`]);
    expect(answer).toContain('Connection: close');
  }
  // What it may do and is about nothing is read; what matches no route has no large body.
  expect((await shopOperator.post('/api/v1/plan', { document: text({}), extra: 'x'.repeat(1_000_000) })).status).toBe(400);
  expect((await shopOperator.post('/api/v1/nothing', { extra: 'x'.repeat(1_000_000) })).status).toBe(413);
});

it('a plan leads control, with a secret that it refers to, to no server of an endpoint that the person may not change', async () => {
  let connections = 0;
  const trap = createServer((socket) => {
    connections += 1;
    socket.destroy();
  }).listen(0, '127.0.0.1');
  await once(trap, 'listening');
  const { port } = trap.address() as AddressInfo;
  try {
    const evil = { ...endpoint('a', 1), port, password: 'env:LUTRA_SECRET_PROD' };
    const endpoints = [evil, endpoint('b', 2)];
    const started = text({ endpoints, channels: [channel('shop-a', 't', { state: 'running' })] });
    const created = text({ endpoints, channels: [channel('shop-b', 't', { state: 'running' })] });
    for (const client of [viewer, shopOperator, shopAdmin])
      for (const document of [started, created]) expect((await client.post('/api/v1/plan', { document })).status).toBe(200);
    expect(connections).toBe(0);
    const { hash, confirm } = await planned(shopAdmin, created);
    expect((await shopAdmin.post('/api/v1/apply', { document: created, hash, confirm: confirm ?? {} })).body.code).toBe('NOT_ALLOWED');
    expect(connections).toBe(0);
    await planned(admin, started);
    expect(connections).toBeGreaterThan(0); // the trap would have told
  } finally {
    trap.close();
  }
});

it('an operator has no server asked about tables of a channel that he may not create', async () => {
  const document = stringify({ version: 1, channels: [channel('shop-c', 't', { state: 'running' })] });
  expect((await planned(shopOperator, document)).problems).toEqual([]);
  expect((await planned(shopAdmin, document)).problems).not.toEqual([]); // the servers are not there
});

it('lists, status, export, plans and history have no word of a channel that the person may not see', async () => {
  const document = text({ channels: [] });
  const answers = [
    ...(await Promise.all(
      ['channels', 'status', 'export', 'workers', 'files', 'revision', 'endpoints', 'regions'].map((path) =>
        shopAdmin.get(`/api/v1/${path}`),
      ),
    )),
    await shopAdmin.post('/api/v1/plan', { document }),
    await shopAdmin.post('/api/v1/plan', { document, prune: true }),
    await shopAdmin.post('/api/v1/endpoints/a/check'),
  ];
  for (const answer of answers) expect(answer.text).not.toMatch(/hr-salaries|hr_salaries/);
  const unseen = [
    await shopAdmin.get('/api/v1/channels/hr-salaries/history'),
    await shopAdmin.post('/api/v1/channels/hr-salaries/history/1/plan', {}),
    await shopAdmin.post('/api/v1/apply', { rollback: { kind: 'channels', name: 'hr-salaries', revision: 1 }, hash: 'x' }),
  ];
  const absent = [
    await shopAdmin.get('/api/v1/channels/shop-absent/history'),
    await shopAdmin.post('/api/v1/channels/shop-absent/history/1/plan', {}),
    await shopAdmin.post('/api/v1/apply', { rollback: { kind: 'channels', name: 'shop-absent', revision: 1 }, hash: 'x' }),
  ];
  const told = ({ status, text: body }: Answer): string => `${status} ${body.replaceAll(/hr-salaries|shop-absent/g, 'it')}`;
  expect(unseen.map(told)).toEqual(absent.map(told));
});

it('a refusal says that another channel is in the way, and not which one', async () => {
  // The table has a writer already, in a channel that nobody of the shop may see.
  const clash = { ...channel('shop-clash', 'pay'), pipelines: channel('hr-salaries', 'pay').pipelines };
  const created = await shopAdmin.post('/api/v1/channels', clash);
  expect(created).toMatchObject({ status: 400, body: { code: 'CONFIG_INVALID' } });
  const { problems } = await planned(shopAdmin, text({ channels: [channel('shop-a', 't'), clash] }));
  expect(problems).toContainEqual(
    expect.objectContaining({ severity: 'error', what: expect.stringContaining('one that you may not see') }),
  );
  for (const said of [created.text, JSON.stringify(problems)]) {
    expect(said).not.toMatch(/hr-salaries/);
    expect(said).toContain('(one that you may not see)');
  }
  expect((await admin.post('/api/v1/channels', clash)).text).toContain('hr-salaries.there');
});

it('an apply starts nothing that was not shown, whatever the words of another one who created it', async () => {
  // Large, so that creations come first and are known by the words of their history.
  const many = Array.from({ length: 260 }, (_, i) => channel(`shop-m${i}`, 't'));
  const document = text({ channels: many });
  const { hash } = await planned(admin, document);
  const reason = encodeURIComponent(`mine (part of plan ${hash})`);
  const forged = await shopAdmin.post(`/api/v1/channels?reason=${reason}`, channel('shop-m0', 'everything'));
  expect(forged.status).toBe(201);
  const applied = await admin.post('/api/v1/apply', { document, hash });
  expect(applied).toMatchObject({ status: 409, body: { code: 'PLAN_OUTDATED' } });
  expect((await admin.get('/api/v1/channels/shop-m1')).status).toBe(404);
  const again = await planned(admin, document);
  expect(again.changes[0]).toMatchObject({ op: 'change', name: 'shop-m0' });
});
