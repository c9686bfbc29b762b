/** The Publisher against a real broker that is killed, frozen, and loses its topic. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { kafkaServer } from '../../../test/servers/index.js';
import { busOptions, expectUnavailable, noise, readAll, settings, text, textRecord, topicName, withAdmin } from '../test/kafka.fixture.js';
import { BusAdmin, Publisher } from './index.js';
import type { Compression, OutRecord, Published } from './index.js';

const server = kafkaServer();
const MiB = 1024 * 1024;
let admin: BusAdmin;

beforeAll(async () => {
  await server.start();
  admin = new BusAdmin(busOptions(server, 60_000));
});
afterAll(async () => {
  await admin.close();
  await server.stop();
});

async function newTopic(changes: Partial<typeof settings> = {}): Promise<string> {
  const topic = topicName();
  await admin.ensureTopic(topic, { ...settings, ...changes });
  return topic;
}

async function readTopic(topic: string) {
  return readAll(busOptions(server, 60_000), topic, await admin.offsets(topic));
}

interface Acknowledged {
  readonly published: Published;
  readonly texts: readonly string[];
}

/**
 * Publishes batch after batch, each text once, until told to stop; starts a new Publisher when one has failed. The header
 * says which Publisher wrote a record.
 */
class Writer {
  readonly acknowledged: Acknowledged[] = [];
  publishers = 0;
  stopped = false;
  #texts = 0;

  async run(topic: string, requestTimeoutMs: number): Promise<void> {
    while (!this.stopped) {
      const publisher = new Publisher({ ...busOptions(server, requestTimeoutMs), topic });
      this.publishers += 1;
      try {
        while (!this.stopped) await this.#publishTo(publisher);
      } catch (error) {
        expectUnavailable(error);
      } finally {
        await publisher.close();
      }
    }
  }

  async #publishTo(publisher: Publisher): Promise<void> {
    const texts = Array.from({ length: 20 }, () => `t${this.#texts++}`);
    const published = await publisher.publish(texts.map((value) => textRecord(value, { publisher: String(this.publishers) })));
    this.acknowledged.push({ published, texts });
  }

  /** Kills the broker in the middle of it, three times, and lets it go on for a while. */
  async throughKills(topic: string, requestTimeoutMs: number): Promise<void> {
    const running = this.run(topic, requestTimeoutMs);
    for (let kills = 0; kills <= 3; kills++) {
      const goal = this.acknowledged.length + 50;
      await vi.waitUntil(() => this.acknowledged.length > goal, { timeout: 60_000 });
      if (kills === 3) break;
      await server.kill();
      await server.restart();
    }
    this.stopped = true;
    await running;
  }
}

/** Each acknowledged text is where it was said to be; no Publisher wrote a text twice or out of order. */
async function expectSound(topic: string, acknowledged: readonly Acknowledged[]): Promise<void> {
  const log = await readTopic(topic);
  let next = 0;
  for (const { published, texts } of acknowledged) {
    expect(published.firstOffset).toBeGreaterThanOrEqual(next);
    expect(log.slice(published.firstOffset, published.nextOffset).map(text)).toEqual(texts);
    next = published.nextOffset;
  }
  const numbers = log.map((record) => Number(text(record).slice(1)));
  expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
}

describe('a publisher', () => {
  it.each<Compression>(['zstd', 'lz4', 'gzip', 'none'])('writes keys, values and headers to the byte (%s)', async (compression) => {
    const topic = await newTopic();
    const publisher = new Publisher({ ...busOptions(server), topic, compression });
    const records: OutRecord[] = [
      { key: null, value: Buffer.from('no key'), headers: { 'lutra-seq': '1', name: 'Zürich 東京' } },
      { key: Buffer.from([0, 255, 1]), value: Buffer.alloc(0), headers: {} },
      { key: Buffer.alloc(0), value: Buffer.alloc(50_000, 'x'), headers: { empty: '' } },
    ];
    expect(await publisher.publish(records)).toEqual({ firstOffset: 0, nextOffset: 3 });
    expect(await publisher.publish([textRecord('next')])).toEqual({ firstOffset: 3, nextOffset: 4 });
    await publisher.close();
    const log = await readTopic(topic);
    expect(log.slice(0, 3).map(({ key, value, headers }) => ({ key, value, headers }))).toEqual(records);
    expect(log.map((record) => record.offset)).toEqual([0, 1, 2, 3]);
  });

  it('keeps the order of calls that do not wait for each other', async () => {
    const topic = await newTopic();
    const publisher = new Publisher({ ...busOptions(server), topic });
    const sizes = Array.from({ length: 50 }, (_, index) => (index * 7919) % 30_000);
    const results = await Promise.all(sizes.map((size, index) => publisher.publish([textRecord(`${index} `.padEnd(size, 'x'))])));
    await publisher.close();
    expect(results.map((result) => result.firstOffset)).toEqual(sizes.map((_, index) => index));
    expect((await readTopic(topic)).map((record) => Number.parseInt(text(record), 10))).toEqual(sizes.map((_, index) => index));
  });

  it('that gives up while the broker is killed and started again is replaced without harm', async () => {
    const topic = await newTopic();
    const writer = new Writer();
    await writer.throughKills(topic, 500);
    expect(writer.publishers).toBeGreaterThan(1);
    await expectSound(topic, writer.acknowledged);
  }, 300_000);

  it('that is patient outlives a kill and writes nothing twice', async () => {
    const topic = await newTopic();
    const writer = new Writer();
    await writer.throughKills(topic, 90_000);
    expect(writer.publishers).toBe(1);
    expect((await readTopic(topic)).map(text)).toEqual(writer.acknowledged.flatMap(({ texts }) => texts));
  }, 300_000);

  it('gives up on a frozen broker within a bound, and nothing new of it arrives when the broker wakes', async () => {
    const topic = await newTopic();
    const frozen = new Publisher({ ...busOptions(server, 1_000), topic });
    await frozen.publish([textRecord('before')]);
    server.freeze();
    let failure: unknown;
    try {
      const waiting = [frozen.publish(noise(20, 200_000)), frozen.publish([textRecord('second')])];
      failure = await waiting[0]?.catch((error: unknown) => error);
      expect(failure).toMatchObject({ code: 'KAFKA_UNAVAILABLE' });
      await expect(waiting[1]).rejects.toBe(failure);
    } finally {
      server.resume();
    }
    await expect(frozen.publish([textRecord('after')])).rejects.toBe(failure);
    const next = new Publisher({ ...busOptions(server, 60_000), topic });
    await next.publish([textRecord('next leader')]);
    await next.publish([textRecord('next leader, again')]);
    await next.close();
    const texts = (await readTopic(topic)).map(text);
    expect(texts.filter((value) => value.length < 100)).toEqual(['before', 'next leader', 'next leader, again']);
    expect([0, 20]).toContain(texts.filter((value) => value.length >= 100).length);
  });

  it('survives a freeze that is shorter than its patience', async () => {
    const topic = await newTopic();
    const publisher = new Publisher({ ...busOptions(server, 60_000), topic });
    await publisher.publish([textRecord('before')]);
    server.freeze();
    const waiting = publisher.publish([textRecord('during')]);
    server.resume();
    expect(await waiting).toEqual({ firstOffset: 1, nextOffset: 2 });
    await publisher.close();
  });

  it('names a batch that is larger than the topic allows', async () => {
    const topic = await newTopic({ maxMessageBytes: 100_000 });
    const asked = new Publisher({ ...busOptions(server), topic });
    await expect(asked.publish(noise(1, 200_000))).rejects.toMatchObject({ code: 'RECORD_TOO_LARGE', details: { topic } });
    const told = new Publisher({ ...busOptions(server), topic, maxBatchBytes: 100_000 });
    await expect(told.publish(noise(1, 200_000))).rejects.toMatchObject({ code: 'RECORD_TOO_LARGE', details: { limit: '100000' } });
  });

  it('knows beforehand which request the broker would cut off', async () => {
    const topic = await newTopic({ maxMessageBytes: 150 * MiB });
    const limit = await admin.requestLimit(topic);
    expect(limit, "the broker's default").toBe(100 * MiB);
    const publisher = new Publisher({ ...busOptions(server), topic, maxBatchBytes: 150 * MiB, compression: 'none' });
    publisher.limitRequests(limit);
    const large = { key: null, value: Buffer.alloc(101 * MiB), headers: {} };
    await expect(publisher.publish([large])).rejects.toMatchObject({
      code: 'RECORD_TOO_LARGE',
      details: { setting: 'socket.request.max.bytes', limit: String(limit) },
    });
  });

  it('does not write into a topic that was deleted, nor into its successor', async () => {
    const topic = await newTopic();
    const [early, late] = [1, 2].map(() => new Publisher({ ...busOptions(server), topic }));
    await early?.publish([textRecord('a')]);
    await late?.publish([textRecord('b')]);
    await withAdmin(server, (client) => client.deleteTopics({ topics: [topic] }));
    await expect(early?.publish([textRecord('c')])).rejects.toMatchObject({ code: 'TOPIC_MISSING' });
    await admin.ensureTopic(topic, settings);
    await expect(late?.publish([textRecord('d')])).rejects.toMatchObject({ code: 'LOG_RECREATED' });
    expect(await admin.offsets(topic)).toEqual({ start: 0, end: 0 });
  });

  it('that was closed refuses', async () => {
    const publisher = new Publisher({ ...busOptions(server), topic: await newTopic() });
    await publisher.close();
    await expect(publisher.publish([textRecord('a')])).rejects.toMatchObject({ code: 'ABORTED' });
  });
});
