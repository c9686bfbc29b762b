/** Secrets over REST, against a real ZooKeeper: what is shown of them, where references lead, and the way to another key. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Keyring, Registry, kafkaClient, loadKeyring, openPassword } from '@lutra/registry';
import { createLogger } from '@lutra/telemetry';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { selfSigned } from '../../../test/network/certificate.js';
import { kept, running } from '../../../test/servers/index.js';
import { ControlClient, startControl } from './control-client.js';
import type { RunningControl } from './control-client.js';

const { zooKeeper } = kept;
const folder = mkdtempSync(join(tmpdir(), 'lutra-secrets-'));
const keyFile = join(folder, 'keys');
const [old, young] = [randomBytes(32), randomBytes(32)];
const lines: string[] = [];
const { cert, key } = selfSigned();
let control: RunningControl;
let registry: Registry;
let client: ControlClient;
let number = 0;

const writeKeys = (...keys: readonly Buffer[]): void => writeFileSync(keyFile, keys.map((one) => one.toString('base64')).join('\n'));

beforeAll(() => running(zooKeeper));
afterAll(async () => {
  rmSync(folder, { recursive: true });
});

beforeEach(async () => {
  const LUTRA_ROOT = `/secrets-${++number}`;
  writeKeys(old);
  const environment = { LUTRA_SECRET_KEY_FILE: keyFile, LUTRA_SECRETS_DIR: folder, LUTRA_SECRET_OTTER: 'of a variable' };
  const logger = pino({ level: 'trace' }, { write: (line) => void lines.push(line) });
  control = await startControl({ ZOOKEEPER: zooKeeper.connect, LUTRA_ROOT }, loadKeyring(environment), { logger });
  client = new ControlClient(control.url);
  registry = new Registry({ connect: zooKeeper.connect, root: LUTRA_ROOT, logger: createLogger('test', 'silent') });
  await registry.start();
  return async () => {
    await registry.stop();
    await control.app.close();
  };
});

const sasl = { mechanism: 'scram-sha-512', user: 'lutra', password: 'a secret word' };
const region = (name: string, kafka: object = {}) => ({ name, kafka: { brokers: [`${name}.example:9093`], tls: {}, sasl, ...kafka } });
const endpoint = (name: string, more: object = {}) => {
  const server = { host: `${name}.example`, user: 'lutra', serverId: 4711, tls: {} };
  return { name, region: name, ...server, password: 'another word', ...more };
};

describe('a region', () => {
  it('shows that it has secrets and never shows them, stores them sealed, and keeps them when a PUT leaves them out', async () => {
    const created = await client.post('/api/v1/regions', region('hz', { tls: { ca: cert, cert, key } }));
    expect(created.status).toBe(201);
    expect(created.body.kafka).toMatchObject({ tls: { keySet: true }, sasl: { user: 'lutra', passwordSet: true } });
    const found = await client.get('/api/v1/regions/hz');
    const put = await client.put('/api/v1/regions/hz', { ...found.body, description: 'near' }, found.headers.get('etag') ?? '');
    expect(put.status).toBe(200);
    const answers = [created, found, put, await client.get('/api/v1/regions'), await client.get('/api/v1/backup')];
    const said = [...answers.map(({ text }) => text), ...lines].join('\n');
    expect(said).not.toMatch(/a secret word|PRIVATE KEY/);
    expect(answers.slice(0, 4).some(({ text }) => text.includes('"tag"'))).toBe(false);
    const stored = (await registry.regions.get('hz'))!.document;
    expect(kafkaClient(control.secretKey, stored).security()).toMatchObject({ tls: { key }, sasl: { password: 'a secret word' } });
  });

  it('sends no stored secret elsewhere: what decides where it goes is changed with the secret', async () => {
    await client.post('/api/v1/regions', region('hz', { tls: { ca: cert, cert, key } }));
    const { body } = await client.get('/api/v1/regions/hz');
    const changes: Readonly<Record<string, object>> = {
      brokers: { brokers: ['stranger:9093'] },
      tls: { tls: { verify: false } },
      mechanism: { sasl: { ...body.kafka.sasl, mechanism: 'plain' } },
      user: { sasl: { ...body.kafka.sasl, user: 'root' } },
    };
    for (const [field, change] of Object.entries(changes)) {
      const refused = await client.put('/api/v1/regions/hz?force=true', { ...body, kafka: { ...body.kafka, ...change } }, '*');
      expect({ field, status: refused.status, code: refused.body.code }).toEqual({ field, status: 400, code: 'CONFIG_INVALID' });
      expect(refused.body.message).toContain(`required, for ${field} is not what`);
    }
    const aimed = { ...body, kafka: { brokers: ['stranger:9093'], sasl: { ...sasl, password: 'new' } } };
    expect((await client.put('/api/v1/regions/hz', aimed, '*')).status).toBe(200);
    expect((await client.post('/api/v1/regions', region('ca', { sasl: { ...sasl, password: undefined } }))).body.message).toContain(
      'kafka.sasl.password: required, for none is stored',
    );
  });

  it('whose Kafka refuses the user is told so before workers would stop', async () => {
    for (const name of ['a', 'b']) {
      await client.post('/api/v1/regions', region(name));
      await client.post('/api/v1/endpoints', endpoint(name));
    }
    const pipelines = [{ name: 'p', source: 'a', target: 'b', routes: [{ schema: 'shop' }] }];
    await client.post('/api/v1/channels', { name: 'c', pipelines });
    const { configuration, snapshot } = registry;
    const { revision: tree, revisionVersion: version, desired } = await snapshot.latest();
    const running = { state: 'running', attempt: 0, by: 'test', at: 0 } as const;
    await configuration.want({ tree, version }, [configuration.desiredOperation('c', desired.get('c')?.version ?? null, running)]);
    const gone = region('a', { sasl: { ...sasl, password: 'file:none' } });
    const refused = await client.put('/api/v1/regions/a', gone, '*');
    expect(refused).toMatchObject({ status: 409, body: { details: { problems: [{ id: 'secret-missing' }] } } });
    expect(refused.body.message).toContain('file:none');
    expect((await client.put('/api/v1/regions/a?force=true', gone, '*')).body.kafka.sasl.passwordFrom).toBe('file:none');
  });
});

describe('a reference', () => {
  let server: Server;
  beforeAll(async () => {
    server = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => void server.close());

  it('is opened where it leads, and told where it leads nowhere', async () => {
    const { port } = server.address() as AddressInfo;
    const at = { host: '127.0.0.1', port, tls: undefined };
    await client.post('/api/v1/regions', { name: 'a', kafka: { brokers: ['127.0.0.1:1'] } });
    const created = await client.post('/api/v1/endpoints', endpoint('a', { ...at, password: 'file:db/a' }));
    expect(created.body).toMatchObject({ passwordSet: true, passwordFrom: 'file:db/a' });
    const missing = await client.post('/api/v1/endpoints/a/check');
    expect(missing.body.problems).toMatchObject([
      { id: 'secret-missing', what: expect.stringContaining('file:db/a'), fix: expect.any(String) },
    ]);
    const found = await client.get('/api/v1/endpoints/a');
    expect((await client.put('/api/v1/endpoints/a', { ...found.body, description: 'x' }, '*')).status).toBe(200);
    expect((await client.put('/api/v1/endpoints/a', { ...found.body, host: 'localhost' }, '*')).status).toBe(400);
    expect((await client.put('/api/v1/endpoints/a', { ...found.body, password: 'env:LUTRA_SECRET_OTTER' }, '*')).status).toBe(200);
    const { document } = (await registry.endpoints.get('a'))!;
    expect(openPassword(control.secretKey, document)).toBe('of a variable');
    // It gets as far as the server, which is none.
    expect((await client.post('/api/v1/endpoints/a/check')).body.problems).toMatchObject([{ id: 'source-unavailable' }]);
    for (const password of ['env:PATH', 'env:LUTRA_SECRET_KEY', 'env:LUTRA_API_TOKEN', 'file:/etc/passwd', 'file:../x'])
      expect((await client.put('/api/v1/endpoints/a', { ...found.body, password }, '*')).body).toMatchObject({ code: 'CONFIG_INVALID' });
  });
});

describe('rotation', () => {
  const counts = async (): Promise<unknown> =>
    (await client.get('/api/v1/secrets')).body.keys.map(({ kid, first, known, secrets }: Record<string, unknown>) => [
      kid,
      first,
      known,
      secrets,
    ]);
  const kidOf = (bytes: Buffer): string => Keyring.of(bytes).first.kid;

  it('waits for every live process to have the key, counts what is left, and needs no restart', async () => {
    await client.post('/api/v1/regions', region('a', { tls: { cert, key } }));
    await client.post('/api/v1/regions', { name: 'b', kafka: { brokers: ['b:1'] } });
    await client.post('/api/v1/endpoints', endpoint('a'));
    await client.post('/api/v1/endpoints', endpoint('b', { password: 'file:db/b', serverId: 4712 }));
    expect(await counts()).toEqual([[kidOf(old), true, true, 4]]);
    expect((await client.get('/api/v1/secrets')).body.references).toEqual([
      { reference: 'file:db/b', kind: 'endpoint', name: 'b', field: 'password' },
    ]);

    const worker = Keyring.of(old);
    let kids = worker.kids;
    const describeWorker = () => ({
      app: 'capture',
      instance: 'host:7',
      region: 'a',
      version: '0',
      levels: [1, 1] as const,
      keys: kids,
      since: 0,
    });
    registry.join({ describe: describeWorker, onLevel: () => undefined });
    const known = async (instance: string): Promise<readonly string[] | undefined> =>
      (await registry.workers.list()).find((one) => one.instance === instance)?.keys;
    await expect.poll(() => known('host:7')).toEqual([kidOf(old)]);
    writeKeys(young, old);
    const refused = await client.post('/api/v1/secrets/rotate');
    expect(refused).toMatchObject({ status: 409, body: { code: 'CONFIG_CONFLICT' } });
    expect(refused.body.details.problems).toContainEqual(
      expect.objectContaining({ id: 'key-missing', what: `capture host:7 has the keys ${kidOf(old)}, not ${kidOf(young)}` }),
    );
    expect(await counts()).toEqual([
      [kidOf(young), true, true, 0],
      [kidOf(old), false, true, 4],
    ]);

    kids = [kidOf(old), kidOf(young)];
    await expect.poll(async () => (await client.post('/api/v1/secrets/rotate')).status, { timeout: 30_000, interval: 500 }).toBe(200);
    expect(await counts()).toEqual([
      [kidOf(young), true, true, 4],
      [kidOf(old), false, true, 0],
    ]);
    writeKeys(young);
    expect(await counts()).toEqual([[kidOf(young), true, true, 4]]);
    const { document } = (await registry.endpoints.get('a'))!;
    expect(openPassword(Keyring.of(young), document)).toBe('another word');
    const again = { endpoints: ['a', 'b'], regions: ['a'], oidc: [] };
    expect((await client.post('/api/v1/secrets/rotate')).body).toEqual({
      kid: kidOf(young),
      sealed: { endpoints: [], regions: [], oidc: [] },
      kept: again,
    });
  });

  it('of more than one write takes is done in several: a bundle of authorities has 200 KB', async () => {
    await client.post('/api/v1/regions', { name: 'a', kafka: { brokers: ['a:1'] } });
    const tls = { ca: `${cert}\n`.repeat(Math.ceil(150_000 / cert.length)) };
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
    for (const name of names) expect((await client.post('/api/v1/endpoints', endpoint(name, { region: 'a', tls }))).status).toBe(201);
    writeKeys(young, old);
    const rotated = async () => (await client.post('/api/v1/secrets/rotate')).body;
    await expect.poll(rotated, { timeout: 10_000, interval: 500 }).toMatchObject({ sealed: { endpoints: names } });
    expect(await counts()).toMatchObject([
      [kidOf(young), true, true, names.length],
      [kidOf(old), false, true, 0],
    ]);
  });

  it('names a key that nobody here has', async () => {
    await client.post('/api/v1/regions', region('a'));
    writeKeys(young);
    expect(await counts()).toEqual([
      [kidOf(young), true, true, 0],
      [kidOf(old), false, false, 1],
    ]);
    await expect
      .poll(async () => (await client.post('/api/v1/secrets/rotate')).body.code, { timeout: 30_000, interval: 500 })
      .toBe('SECRET_UNREADABLE');
  });
});
