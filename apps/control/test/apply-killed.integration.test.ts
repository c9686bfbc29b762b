/**
 * Control processes that are killed amid a large apply, one at each gap between its transactions, against a real ZooKeeper: what is left,
 * what a plan shows then, and that the same apply goes on from there.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Keyring, Registry } from '@lutra/registry';
import { createLogger } from '@lutra/telemetry';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { zooKeeperServer } from '../../../test/servers/index.js';
import { ControlClient, startControl } from './control-client.js';
import type { RunningControl } from './control-client.js';

const zooKeeper = zooKeeperServer();
const root = '/killed';
const key = randomBytes(32);
const children: ChildProcess[] = [];
let control: RunningControl;
let client: ControlClient;
let registry: Registry;

beforeAll(async () => {
  await zooKeeper.start();
  control = await startControl({ ZOOKEEPER: zooKeeper.connect, LUTRA_ROOT: root }, Keyring.of(key));
  client = new ControlClient(control.url);
  registry = new Registry({ connect: zooKeeper.connect, root, logger: createLogger('test', 'silent') });
  await registry.start();
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await registry?.stop();
  await control?.app.close();
  await zooKeeper.stop();
});

const channel = (name: string, table: string) => {
  const pipelines = [{ name: 'there', source: 'a', target: 'b', routes: [{ schema: name.replace('-', '_'), table }] }];
  return { name, pipelines };
};
const base = {
  version: 1,
  regions: ['a', 'b'].map((name) => ({ name, kafka: { brokers: ['127.0.0.1:1'] } })),
  endpoints: ['a', 'b'].map((name, n) => {
    return { name, region: name, host: '127.0.0.1', port: n + 1, user: 'lutra', password: 'a secret word', serverId: n + 1 };
  }),
};
const created = Array.from({ length: 130 }, (_, n) => channel(`c-${n}`, 't'));
const documentOf = (channels: readonly object[]): string => stringify({ ...base, channels });
const wanted = documentOf([channel('kept', 'u'), ...created]);

/** By a process that does not live to answer. */
async function applyAndDie(when: 'before' | 'after', nth: number, body: object): Promise<void> {
  const script = fileURLToPath(new URL('killed-control.fixture.ts', import.meta.url));
  const env = { ...process.env, ZOOKEEPER: zooKeeper.connect, LUTRA_ROOT: root, LUTRA_SECRET_KEY: key.toString('base64') };
  const child = spawn(process.execPath, ['--import', 'tsx', script, when, String(nth)], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const ended = once(child, 'exit');
  const [url] = (await once(createInterface(child.stdout), 'line')) as [string];
  await expect(new ControlClient(url).post('/api/v1/apply', body)).rejects.toThrow('fetch failed');
  expect(await ended).toEqual([null, 'SIGKILL']);
}

async function left() {
  const { channels, desired, revision } = await registry.snapshot.latest();
  const names = [...channels.keys()].filter((name) => name.startsWith('c-'));
  const table = channels.get('kept')?.document?.pipelines[0]?.routes[0]?.table;
  return {
    created: names.length,
    running: [...desired.values()].filter(({ document }) => document?.state !== 'stopped').length,
    table,
    removed: !channels.has('gone'),
    revision: revision?.revision,
  };
}

const opsOf = (changes: readonly { readonly op: string; readonly name: string }[]) => ({
  creates: changes.filter(({ op }) => op === 'create').length,
  others: changes.filter(({ op }) => op !== 'create').map(({ op, name }) => `${op} ${name}`),
});
const plan = async () => (await client.post('/api/v1/plan', { document: wanted, prune: true })).body;

it('goes on where it was killed: what is there is whole, and stopped; nothing is changed or removed before the last write', async () => {
  const begin = documentOf([channel('kept', 't'), channel('gone', 't')]);
  const { hash: first } = (await client.post('/api/v1/plan', { document: begin })).body;
  expect((await client.post('/api/v1/apply', { document: begin, hash: first })).status).toBe(200);
  const shown = await plan();
  expect(opsOf(shown.changes)).toEqual({ creates: 130, others: ['change kept', 'remove gone'] });
  expect(shown.confirm).toBeNull();
  const agreed = { document: wanted, prune: true, hash: shown.hash, reason: 'the large one' };
  const untouched = { running: 0, table: 't', removed: false };

  await applyAndDie('before', 2, agreed);
  const part = await left();
  expect(part).toEqual({ ...untouched, created: part.created, revision: 2 });
  expect(part.created).toBeGreaterThan(0);
  expect(opsOf((await plan()).changes)).toEqual({ creates: 130 - part.created, others: ['change kept', 'remove gone'] });
  const uids = [...(await registry.uids.all()).keys()];

  await applyAndDie('before', 2, agreed);
  expect(await left()).toEqual({ ...untouched, created: 130, revision: 3 });
  expect(opsOf((await plan()).changes)).toEqual({ creates: 0, others: ['change kept', 'remove gone'] });

  await applyAndDie('after', 1, agreed);
  const done = { running: 0, table: 'u', removed: true, created: 130, revision: 4 };
  expect(await left()).toEqual(done);
  expect((await plan()).changes).toEqual([]);

  // Whoever got no answer asks again: nothing is left to do, and nothing is done twice.
  const again = await client.post('/api/v1/apply', agreed);
  expect(again.body).toMatchObject({ code: 'PLAN_OUTDATED', details: { plan: { changes: [] } } });
  expect(await left()).toEqual(done);
  expect((await client.get('/api/v1/channels/c-0/history')).body).toMatchObject([{ what: 'created' }]);
  const kept = await registry.uids.all();
  expect(uids.filter((uid) => !kept.has(uid))).toEqual([]);
  expect(kept.size).toBe(130 + 2);
}, 120_000);
