/** Operational events on a real Kafka: also while it is away, over TLS, and as a Nest service reads them. */
import 'reflect-metadata';
import { Controller, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventPattern, Payload, Transport } from '@nestjs/microservices';
import type { KafkaOptions } from '@nestjs/microservices';
import { BusAdmin } from '@lutra/bus';
import { conflictEventSchema, eventsTopic, regionSchema } from '@lutra/model';
import type { ConflictEvent, EndpointDocument } from '@lutra/model';
import { Keyring } from '@lutra/registry';
import { Metrics } from '@lutra/telemetry';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { busOptions, readAll, withAdmin } from '../../../bus/test/kafka.fixture.js';
import { kafkaServer } from '../../../../test/servers/index.js';
import { event } from './event.fixture.js';
import { EventQueues } from './event-queues.js';

const server = kafkaServer();
const bus = (): ReturnType<typeof busOptions> => busOptions(server, 60_000);
const endpoint = { topic: { replicationFactor: 1, minInsyncReplicas: 1 } } as EndpointDocument;
const metrics = new Metrics('loader', { processMetrics: false });

beforeAll(() => server.start());
afterAll(() => server.stop());
beforeEach(async () => {
  const admin = new BusAdmin(bus());
  await admin.deleteTopic(eventsTopic);
  await admin.close();
});

const queues = (): EventQueues =>
  new EventQueues({ app: 'loader', secretKey: Keyring.of(Buffer.alloc(32)), metrics, logger: bus().logger });

const california = (): Parameters<EventQueues['of']>[0] =>
  regionSchema.parse({ name: 'california', kafka: { brokers: [server.bootstrap] } });

/** What the topic holds; [] while there is none. */
async function read(): Promise<{ key: string; value: ConflictEvent }[]> {
  const admin = new BusAdmin(bus());
  try {
    if (!(await admin.exists(eventsTopic))) return [];
    const records = await readAll(bus(), eventsTopic, await admin.offsets(eventsTopic));
    return records.map(({ key, value }) => ({ key: String(key), value: conflictEventSchema.parse(JSON.parse(String(value))) }));
  } finally {
    await admin.close();
  }
}

async function arrived(count: number): Promise<void> {
  await vi.waitUntil(async () => idsOf(await read()).length === count, { timeout: 100_000, interval: 300 });
}

const idsOf = (records: readonly { value: ConflictEvent }[]): string[] => [...new Set(records.map(({ value }) => value.id))];
const ids = (count: number): string[] => Array.from({ length: count }, (_, n) => `e${n}`);

@Controller()
class Listener {
  static readonly heard: unknown[] = [];

  @EventPattern(eventsTopic)
  hear(@Payload() event: unknown): void {
    Listener.heard.push(event);
  }
}

@Module({ controllers: [Listener] })
class ListeningModule {}

describe('operational events', () => {
  it('stand in their topic in order, by pipeline, to the byte; the topic was made for them', async () => {
    const opened = queues();
    const tell = opened.of(california(), endpoint);
    for (const id of ids(500)) tell(event(id, { pipeline: `c.${id}` }));
    await arrived(500);
    await opened.close();
    const records = await read();
    expect(records.map(({ value }) => value)).toEqual(ids(500).map((id) => event(id, { pipeline: `c.${id}` })));
    expect(records.map(({ key }) => key)).toEqual(ids(500).map((id) => `c.${id}`));
    const [topic] = await withAdmin(server, (admin) =>
      admin.describeConfigs({ resources: [{ resourceType: 2, resourceName: eventsTopic }] }),
    );
    const configs = new Map(topic?.configs.map(({ name, value }) => [name, value]));
    expect(configs.get('retention.ms')).toBe(String(7 * 24 * 3600 * 1000));
    expect(configs.get('cleanup.policy')).toBe('delete');
  });

  it('go into a topic that somebody made otherwise, as it is', async () => {
    await withAdmin(server, (admin) => admin.createTopics({ topics: [eventsTopic], partitions: 3, replicas: 1 }));
    const looking = new BusAdmin(bus());
    const opened = queues();
    opened.of(california(), { topic: { ...endpoint.topic, replicationFactor: 3 } })(event('e0'));
    const sent = async (): Promise<number> => {
      const ends = await Promise.all([0, 1, 2].map((partition) => looking.offsets(eventsTopic, partition)));
      return ends.reduce((sum, { end }) => sum + end, 0);
    };
    await vi.waitUntil(async () => (await sent()) === 1, { timeout: 60_000, interval: 200 });
    await looking.close();
    await opened.close();
    const [topic] = await withAdmin(server, (admin) => admin.metadata({ topics: [eventsTopic] })).then(({ topics }) => [
      ...topics.values(),
    ]);
    expect(topic?.partitionsCount).toBe(3);
    expect(await metrics.registry.metrics()).not.toContain('lutra_events_dropped_total{');
  });

  it('go where the newest document of their region says', async () => {
    const opened = queues();
    const tell = opened.of({ ...california(), kafka: { brokers: ['127.0.0.1:1'] } }, endpoint);
    tell(event('e0'));
    opened.of(california(), endpoint)(event('e1'));
    await arrived(2);
    expect(idsOf(await read()).toSorted()).toEqual(['e0', 'e1']);
    await opened.close();
  });

  it('that are told while the broker is away arrive when it is back', async () => {
    const opened = queues();
    const tell = opened.of(california(), endpoint);
    tell(event('e0'));
    await arrived(1);
    await server.kill();
    for (const id of ids(50).slice(1)) tell(event(id));
    await server.restart();
    await arrived(50);
    expect(idsOf(await read())).toEqual(ids(50));
    await opened.close();
  });

  it('hold up neither the work nor the end of a process whose broker is frozen', async () => {
    const opened = queues();
    const tell = opened.of(california(), endpoint);
    tell(event('e0'));
    await arrived(1);
    server.freeze();
    try {
      for (const id of ids(50)) tell(event(id));
      await expect(opened.close()).resolves.toBeUndefined();
    } finally {
      server.resume();
    }
  });

  it('are what a Nest service hears', async () => {
    const opened = queues();
    opened.of(california(), endpoint)(event('e0'));
    await arrived(1);
    await opened.close();
    const service = await NestFactory.createMicroservice<KafkaOptions>(ListeningModule, {
      transport: Transport.KAFKA,
      logger: false,
      options: {
        client: { brokers: [server.bootstrap], logCreator: () => () => undefined },
        consumer: { groupId: 'listener' },
        subscribe: { fromBeginning: true },
      },
    });
    await service.listen();
    await vi.waitUntil(() => Listener.heard.length > 0, { timeout: 60_000 });
    await service.close();
    expect(Listener.heard).toEqual([event('e0')]);
  });
});
