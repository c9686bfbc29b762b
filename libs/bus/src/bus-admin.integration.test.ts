/** Topics and offsets on a real broker. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kafkaServer } from '../../../test/servers/index.js';
import { busOptions, settings, textRecord, topicName, withAdmin } from '../test/kafka.fixture.js';
import { BusAdmin, Publisher } from './index.js';

const server = kafkaServer();
let admin: BusAdmin;

beforeAll(async () => {
  await server.start();
  admin = new BusAdmin(busOptions(server, 60_000));
});
afterAll(async () => {
  await admin.close();
  await server.stop();
});

describe('ensureTopic', () => {
  it('creates a topic once, and verifies it from then on', async () => {
    const topic = topicName();
    expect(await admin.exists(topic)).toBe(false);
    expect(await admin.ensureTopic(topic, { ...settings, partitions: 3 })).toBe('created');
    expect(await admin.ensureTopic(topic, { ...settings, partitions: 3 })).toBe('verified');
    expect(await admin.exists(topic)).toBe(true);
    for (const partition of [0, 1, 2]) expect(await admin.offsets(topic, partition)).toEqual({ start: 0, end: 0 });
    await expect(admin.offsets(topic, 3)).rejects.toMatchObject({ code: 'TOPIC_MISSING' });
  });

  it('lets one of many create it', async () => {
    const topic = topicName();
    const outcomes = await Promise.all(Array.from({ length: 5 }, () => admin.ensureTopic(topic, settings)));
    expect(outcomes.toSorted()).toEqual(['created', 'verified', 'verified', 'verified', 'verified']);
  });

  it('names every difference that could lose data', async () => {
    const topic = topicName();
    const configs = [
      { name: 'cleanup.policy', value: 'compact' },
      { name: 'retention.ms', value: '1000' },
      { name: 'max.message.bytes', value: '2000' },
      { name: 'retention.bytes', value: '5000000' },
    ];
    await withAdmin(server, (client) => client.createTopics({ topics: [topic], partitions: 2, replicas: 1, configs }));
    const failure = await admin.ensureTopic(topic, settings).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'TOPIC_CONFIG', details: { topic } });
    for (const name of ['partitions', 'cleanup.policy', 'retention.ms', 'max.message.bytes', 'retention.bytes'])
      expect(String(failure)).toContain(name);
    expect(String(failure)).not.toContain('min.insync');
  });

  it('waits for brokers that are missing, and names what cannot be', async () => {
    const impatient = new BusAdmin(busOptions(server, 500));
    const missing = impatient.ensureTopic(topicName(), { ...settings, replicationFactor: 3 });
    await expect(missing).rejects.toMatchObject({ code: 'KAFKA_UNAVAILABLE', details: { kafka: 'INVALID_REPLICATION_FACTOR' } });
    await expect(impatient.ensureTopic(topicName(), { ...settings, minInsyncReplicas: 2 })).rejects.toMatchObject({ code: 'TOPIC_CONFIG' });
    await expect(impatient.ensureTopic('no/name', settings)).rejects.toMatchObject({ code: 'KAFKA_REFUSED' });
    await impatient.close();
  });
});

describe('deleteTopic', () => {
  it('leaves nothing; the topic can be made anew at once, and who wrote to the old one cannot write to it', async () => {
    const topic = topicName();
    await admin.deleteTopic(topic);
    await admin.ensureTopic(topic, settings);
    const publisher = new Publisher({ ...busOptions(server), topic });
    await publisher.publish([textRecord('old')]);
    await Promise.all([admin.deleteTopic(topic), admin.deleteTopic(topic)]);
    expect(await admin.exists(topic)).toBe(false);
    expect(await admin.ensureTopic(topic, settings)).toBe('created');
    await expect(publisher.publish([textRecord('late')])).rejects.toMatchObject({ code: 'LOG_RECREATED' });
    expect(await admin.offsets(topic)).toEqual({ start: 0, end: 0 });
    await publisher.close();
  });
});

describe('offsets', () => {
  it('are those of the first record and after the last', async () => {
    const topic = topicName();
    await admin.ensureTopic(topic, settings);
    const publisher = new Publisher({ ...busOptions(server), topic });
    await publisher.publish(['a', 'b', 'c'].map((text) => textRecord(text)));
    await publisher.close();
    expect(await admin.offsets(topic)).toEqual({ start: 0, end: 3 });
    const hourMs = 3_600_000;
    const around = [Date.now() - hourMs, Date.now() + hourMs].map((ms) => admin.offsetAt(topic, ms));
    expect(await Promise.all(around)).toEqual([0, null]);
    await withAdmin(server, (client) => client.deleteRecords({ topics: [{ name: topic, partitions: [{ partition: 0, offset: 2n }] }] }));
    expect(await admin.offsets(topic)).toEqual({ start: 2, end: 3 });
    await expect(admin.offsets('nowhere')).rejects.toMatchObject({ code: 'TOPIC_MISSING' });
  });

  it('that a group commits are seen by those who look', async () => {
    const topic = topicName();
    await admin.ensureTopic(topic, settings);
    expect(await admin.groupOffset('lutra.shop.a-b', topic)).toBeNull();
    await admin.commitGroupOffset('lutra.shop.a-b', topic, 0, 41);
    await admin.commitGroupOffset('lutra.shop.a-b', topic, 0, 42);
    const [group] = await withAdmin(server, (client) => client.listConsumerGroupOffsets({ groups: ['lutra.shop.a-b'] }));
    expect(group?.topics).toMatchObject([{ name: topic, partitions: [{ partitionIndex: 0, committedOffset: 42n }] }]);
    expect(await admin.groupOffset('lutra.shop.a-b', topic)).toBe(42);
    // It is of this life of the topic.
    await admin.deleteTopic(topic);
    await admin.ensureTopic(topic, settings);
    expect(await admin.groupOffset('lutra.shop.a-b', topic)).toBeNull();
  });
});

describe('a broker that does not answer', () => {
  it.each(['frozen', 'dead'] as const)('ends every operation within a bound (%s)', async (state) => {
    const topic = topicName();
    await admin.ensureTopic(topic, settings);
    const impatient = new BusAdmin(busOptions(server, 500));
    await impatient.exists(topic);
    if (state === 'frozen') server.freeze();
    else await server.kill();
    try {
      const failures = await Promise.all([
        impatient.exists(topic).catch((error: unknown) => error),
        impatient.offsets(topic).catch((error: unknown) => error),
        impatient.ensureTopic(topic, settings).catch((error: unknown) => error),
        impatient.commitGroupOffset('group', topic, 0, 1).catch((error: unknown) => error),
        impatient.groupOffset('group', topic).catch((error: unknown) => error),
      ]);
      for (const failure of failures) expect(failure).toMatchObject({ code: 'KAFKA_UNAVAILABLE' });
    } finally {
      if (state === 'frozen') server.resume();
      else await server.restart();
    }
    expect(await admin.exists(topic)).toBe(true);
    await impatient.close();
  });
});
