/** The audit over REST, with a real ZooKeeper and a real Kafka: two controls, one that dies, a topic that is longer than the memory. */
import { auditTopic } from '@lutra/model';
import type { AuditEntry } from '@lutra/model';
import { BusAdmin, Publisher } from '@lutra/bus';
import { Keyring } from '@lutra/registry';
import { createLogger } from '@lutra/telemetry';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { readAll, withAdmin as withClient } from '../../../libs/bus/test/kafka.fixture.js';
import { kafkaServer, zooKeeperServer } from '../../../test/servers/index.js';
import { auditEntry } from '../src/audit/audit-entry.fixture.js';
import { ControlClient, startControl } from './control-client.js';
import type { RunningControl } from './control-client.js';

const zooKeeper = zooKeeperServer();
const kafka = kafkaServer();
const secretKey = Keyring.of(Buffer.alloc(32, 7));
const logger = createLogger('test', 'silent');
const bus = () => ({ brokers: [kafka.bootstrap], clientId: 'test', logger });
const controls: RunningControl[] = [];
let number = 0;

beforeAll(() => Promise.all([zooKeeper.start(), kafka.start()]));
afterAll(() => Promise.all([zooKeeper.stop(), kafka.stop()]));
beforeEach(async () => {
  number += 1;
  await withAdmin((admin) => admin.deleteTopic(auditTopic));
});
afterEach(async () => {
  await Promise.all(controls.splice(0).map(({ app }) => app.close()));
});

async function withAdmin<T>(work: (admin: BusAdmin) => Promise<T>): Promise<T> {
  const admin = new BusAdmin(bus());
  return work(admin).finally(() => admin.close());
}

async function control(variables: Readonly<Record<string, string>> = { LUTRA_REGION: 'north' }): Promise<ControlClient> {
  const started = await startControl({ ZOOKEEPER: zooKeeper.connect, LUTRA_ROOT: `/audit-${number}`, ...variables }, secretKey);
  controls.push(started);
  return new ControlClient(started.url);
}

async function stop(): Promise<void> {
  await controls.pop()?.app.close();
}

const endpoint = { name: 'a', region: 'north', host: 'a', user: 'lutra', password: 'hunter2-is-secret', serverId: 7 };

async function configure(client: ControlClient): Promise<void> {
  expect((await client.post('/api/v1/regions', { name: 'north', kafka: { brokers: [kafka.bootstrap] } })).status).toBe(201);
  expect((await client.post('/api/v1/endpoints?reason=as+told', endpoint)).status).toBe(201);
}

async function inTopic(): Promise<readonly AuditEntry[]> {
  return withAdmin(async (admin) => {
    if (!(await admin.exists(auditTopic))) return [];
    const records = await readAll(bus(), auditTopic, await admin.offsets(auditTopic));
    return records.map(({ value }) => JSON.parse(String(value)) as AuditEntry);
  });
}

const untilInTopic = (...ids: readonly string[]): Promise<void> =>
  vi.waitFor(async () => expect((await inTopic()).map(({ id }) => id)).toEqual(expect.arrayContaining([...ids])), {
    timeout: 60_000,
    interval: 200,
  });

const search = async (client: ControlClient, query = ''): Promise<any> => (await client.get(`/api/v1/audit${query}`)).body; // eslint-disable-line typescript/no-explicit-any
const idsOf = (page: { entries: readonly { id: string }[] }): string[] => page.entries.map(({ id }) => id);

describe('changes of the configuration', () => {
  it('are found at once, with what they changed and without secrets, and are copied to a topic that lasts', async () => {
    const client = await control();
    await configure(client);
    const page = await search(client);
    expect(idsOf(page).filter((id) => /^\d+-/.test(id))).toEqual(['2-endpoints-a', '1-regions-north']);
    const found = await client.get('/api/v1/audit/2-endpoints-a');
    expect(found.body).toMatchObject({ subject: 'endpoints/a', reason: 'as told', from: '127.0.0.1', what: 'created' });
    // What the request of the change said of itself.
    expect(found.body).toMatchObject({ as: 'local', request: 'POST /api/v1/endpoints', status: 201 });
    expect(found.body.change.diff).toMatchObject([{ pointer: '', before: null, after: { name: 'a', password: '(secret)' } }]);
    await untilInTopic('1-regions-north', '2-endpoints-a');
    expect(JSON.stringify(await inTopic())).not.toContain('hunter2');
    await client.put('/api/v1/endpoints/a', { ...endpoint, host: 'b' }, '*');
    await untilInTopic('3-endpoints-a');
    const changed = (await client.get('/api/v1/audit/3-endpoints-a')).body;
    expect(changed.change.diff).toEqual([{ pointer: '/host', before: 'a', after: 'b' }]);
    expect((await client.get('/metrics')).text).toMatch(/lutra_audit_entries_total\{[^}]*of="change"[^}]*\} 3\n/);
    expect((await client.get('/api/v1/audit/no-such')).status).toBe(404);
    expect((await search(client, '?subject=endpoints/*&what=1')).code).toBe('CONFIG_INVALID');
    expect(idsOf(await search(client, '?subject=endpoints/*&q=AS+TOLD'))).toEqual(['2-endpoints-a']);
  });

  it('that were made while no leader ran are copied by the next one, and another control finds them in the topic', async () => {
    const without = await control({});
    await configure(without);
    expect(idsOf(await search(without)).filter((id) => /^\d+-/.test(id))).toEqual(['2-endpoints-a', '1-regions-north']);
    await stop();
    expect(await inTopic()).toEqual([]);
    await control();
    await untilInTopic('1-regions-north', '2-endpoints-a');
    const other = await control();
    await vi.waitFor(async () => expect(idsOf(await search(other))).toEqual(expect.arrayContaining(['2-endpoints-a', '1-regions-north'])), {
      timeout: 30_000,
    });
  });
});

describe('a search', () => {
  it('goes through what is older than the memory in pages, each entry once, in the order of the topic', async () => {
    const client = await control();
    await configure(client);
    await untilInTopic('2-endpoints-a');
    await stop();
    // More than a piece of the topic, and than a memory of 64 MB.
    const large = { before: null, after: 'x'.repeat(60_000) };
    const entries = Array.from({ length: 2_400 }, (_, n) =>
      auditEntry(`e${n}`, { at: 1_900_000_000_000 + n, by: n % 800 === 0 ? 'eve' : 'ada', change: large }),
    );
    const publisher = new Publisher({ ...bus(), topic: auditTopic });
    for (let at = 0; at < entries.length; at += 10)
      await publisher.publish(
        entries.slice(at, at + 10).map((entry) => ({ key: null, value: Buffer.from(JSON.stringify(entry)), headers: {} })),
      );
    await publisher.close();
    const again = await control();
    const found: string[] = [];
    for (let after = ''; ;) {
      const page = await search(again, `?by=eve&limit=2${after}`);
      found.push(...idsOf(page));
      // A busy machine may not get through all of it in the time of one search: the next page goes on from there.
      if (page.after !== null) after = `&after=${encodeURIComponent(page.after)}`;
      else {
        expect(page.complete).toBe(true);
        break;
      }
    }
    expect(found).toEqual(['e1600', 'e800', 'e0']);
  });

  it('has all entries in their order when Kafka was killed while they waited; the topic keeps them for 400 days', async () => {
    const client = await control();
    await configure(client);
    await untilInTopic('2-endpoints-a');
    const configs = await withClient(kafka, (admin) =>
      admin.describeConfigs({ resources: [{ resourceType: 2, resourceName: auditTopic }] }),
    );
    expect(configs[0]?.configs.find(({ name }) => name === 'retention.ms')?.value).toBe(String(400 * 24 * 3600 * 1000));
    const asked = Array.from({ length: 40 }, (_, n) => `POST /api/v1/channels/c-${n}/start`);
    const ask = async (some: readonly string[]): Promise<void> => {
      for (const request of some) expect((await client.post(request.slice('POST '.length))).status).toBe(404);
    };
    await ask(asked.slice(0, 10));
    await kafka.kill();
    await ask(asked.slice(10));
    await client.put('/api/v1/endpoints/a', { ...endpoint, host: 'b' }, '*');
    const page = await search(client, '?q=channels/c-&limit=100');
    expect(page.entries.map(({ request }: AuditEntry) => request)).toEqual(asked.toReversed());
    await kafka.restart();
    await untilInTopic('3-endpoints-a');
    const requests = async (): Promise<readonly (string | null)[]> => [
      ...new Set((await inTopic()).map(({ request }) => request).filter((request) => request?.includes('channels/c-'))), // one may stand there twice
    ];
    await vi.waitFor(async () => expect(await requests()).toEqual(asked), { timeout: 60_000, interval: 200 });
    expect((await client.get('/metrics')).text).toMatch(/lutra_audit_dropped_total\{[^}]*of="request"[^}]*\} 0\n/);
  }, 120_000);

  it('without Kafka answers with what the history has, and refuses nothing', async () => {
    const client = await control();
    await client.post('/api/v1/regions', { name: 'north', kafka: { brokers: ['127.0.0.1:1'] } });
    await client.post('/api/v1/endpoints', endpoint);
    const page = await search(client);
    expect(idsOf(page)).toEqual(expect.arrayContaining(['2-endpoints-a', '1-regions-north']));
  });
});
