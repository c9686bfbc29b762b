/** A control with secrets in its tree, and what must hold whatever it is sent. */
import { randomBytes } from 'node:crypto';
import { Keyring } from '@lutra/registry';
import { vi } from 'vitest';
import { zooKeeperServer } from '../../../test/servers/index.js';
import { ControlClient, startControl } from './control-client.js';
import { HostileRequests } from './hostile.js';
import type { OpenApi, Sent } from './hostile.js';

const token = 'a-token-that-nobody-guesses';
const [password, kafkaPassword, oidcSecret] = ['the-password-of-an-endpoint', 'the-password-of-a-kafka', 'the-secret-of-a-client'];

export interface Outcome {
  /** What must not be, in words. */
  readonly faults: readonly string[];
  readonly statuses: ReadonlyMap<number, number>;
  /** CPU of the process during the dearest request, in ms, and that request. */
  readonly dearest: { readonly ms: number; readonly sent: Sent | null };
  readonly lives: boolean;
}

/** `atOnce`: of `dearest`, 1 alone tells anything. */
export async function sendHostile({ count, seed, atOnce }: { count: number; seed: number; atOnce: number }): Promise<Outcome> {
  const zooKeeper = zooKeeperServer();
  await zooKeeper.start();
  const key = randomBytes(32);
  const control = await startControl({ ZOOKEEPER: zooKeeper.connect, LUTRA_ROOT: '/hostile', LUTRA_API_TOKEN: token }, Keyring.of(key));
  try {
    const client = new ControlClient(control.url, { Authorization: `Bearer ${token}` });
    await vi.waitUntil(async () => (await client.get('/health/ready')).status === 200, { timeout: 60_000, interval: 50 });
    await fill(client);
    const requests = new HostileRequests((await client.get('/api/docs-json')).body as OpenApi, seed);
    const secrets = [token, password, kafkaPassword, oidcSecret, key.toString('base64'), key.toString('hex')];
    const found = await sendAll({ client, requests, secrets, count, atOnce });
    return { ...found, lives: (await client.get('/health/live')).status === 200 && (await client.get('/api/v1/regions')).status === 200 };
  } finally {
    await control.app.close();
    await zooKeeper.stop();
  }
}

async function fill(client: ControlClient): Promise<void> {
  const sasl = { mechanism: 'scram-sha-512', user: 'u', password: kafkaPassword };
  for (const name of ['one', 'two']) {
    await client.post('/api/v1/regions', { name, kafka: { brokers: ['127.0.0.1:1'], sasl } });
    const server = { host: '127.0.0.1', port: 1, user: 'u', password, serverId: name === 'one' ? 1 : 2 };
    await client.post('/api/v1/endpoints', { name, region: name, ...server });
  }
  // Its provider is away.
  const groups = [{ group: 'g', grants: [{ role: 'viewer' }] }];
  const oidc = { issuer: 'http://127.0.0.1:1', clientId: 'c', clientSecret: oidcSecret, groups };
  await client.send('PUT', '/api/v1/oidc', { body: oidc, headers: { 'If-None-Match': '*' } });
  const pipeline = { name: 'to-two', source: 'one', target: 'two', routes: [{ schema: 'shop' }] };
  await client.post('/api/v1/channels', { name: 'ch', pipelines: [pipeline] });
}

interface Run {
  readonly client: ControlClient;
  readonly requests: HostileRequests;
  readonly secrets: readonly string[];
  readonly count: number;
  readonly atOnce: number;
}

async function sendAll({ client, requests, secrets, count, atOnce }: Run): Promise<Omit<Outcome, 'lives'>> {
  const faults: string[] = [];
  const statuses = new Map<number, number>();
  let dearest: Outcome['dearest'] = { ms: 0, sent: null };
  let left = count;
  const sendSome = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const late = left < count * 0.9; // what is loaded late is no fault of a request
      const sent = requests.next();
      const before = process.cpuUsage();
      const { status, text } = await client.send(sent.method, sent.path, sent);
      const { user, system } = process.cpuUsage(before);
      const ms = (user + system) / 1000;
      if (ms > dearest.ms && late) dearest = { ms, sent };
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      faults.push(...faultsOf(sent, { status, text }, secrets));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, sendSome));
  return { faults, statuses, dearest };
}

function faultsOf(sent: Sent, { status, text }: { readonly status: number; readonly text: string }, secrets: readonly string[]): string[] {
  const told = `${sent.method} ${sent.path.slice(0, 200)} ${sent.body?.slice(0, 500) ?? ''}`;
  // 502, 503: the database or Kafka that is named was really asked, and is away.
  const broke = status >= 500 && status !== 502 && status !== 503 ? [`${status}: ${told}: ${text.slice(0, 300)}`] : [];
  return [...broke, ...(secrets.some((secret) => text.includes(secret)) ? [`a secret: ${told}`] : [])];
}
