/** Reading from a real broker that is killed, frozen, emptied, and loses its topic. */
import { subscribe as listen, unsubscribe as unlisten } from 'node:diagnostics_channel';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { kafkaServer } from '../../../test/servers/index.js';
import { busOptions, collect, expectUnavailable, noise, settings, text, textRecord, topicName, withAdmin } from '../test/kafka.fixture.js';
import { BusAdmin, Publisher, readRange, subscribe } from './index.js';
import type { RawRecord } from './index.js';

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

async function newTopic(): Promise<string> {
  const topic = topicName();
  await admin.ensureTopic(topic, settings);
  return topic;
}

/** A topic that holds "0", "1", … */
async function numbers(count: number): Promise<string> {
  const topic = await newTopic();
  await publishNumbers(topic, 0, count);
  return topic;
}

async function publishNumbers(topic: string, from: number, to: number): Promise<void> {
  const publisher = new Publisher({ ...busOptions(server, 60_000), topic });
  await publisher.publish(Array.from({ length: to - from }, (_, index) => textRecord(String(from + index))));
  await publisher.close();
}

const open: AbortController[] = [];
afterEach(() => {
  for (const stop of open.splice(0)) stop.abort();
});

function reading(topic: string, offset: number, more: { requestTimeoutMs?: number; maxBytes?: number; maxWaitMs?: number } = {}) {
  const stop = new AbortController();
  open.push(stop);
  const source = subscribe({ ...busOptions(server, more.requestTimeoutMs), ...more, topic, offset, signal: stop.signal });
  return { iterator: source[Symbol.asyncIterator](), stop };
}

/** Reads until a record of this text came; subscribes again, where it was, whenever Kafka is unavailable. */
async function readUntil(topic: string, last: string, requestTimeoutMs: number): Promise<string[]> {
  const texts: string[] = [];
  while (texts.at(-1) !== last) {
    const { iterator } = reading(topic, texts.length, { requestTimeoutMs });
    try {
      while (texts.at(-1) !== last) texts.push(...((await iterator.next()).value as RawRecord[]).map(text));
    } catch (error) {
      expectUnavailable(error);
    } finally {
      await iterator.return?.();
    }
  }
  return texts;
}

describe('a subscription', () => {
  it('lets timers and sockets have their turn between what one answer holds', async () => {
    const topic = await newTopic();
    for (let from = 0; from < 4_000; from += 1_000) await publishNumbers(topic, from, from + 1_000);
    const { iterator } = reading(topic, 0);
    let turns = 0;
    const turn = (): void => void ((turns += 1), (next = setImmediate(turn)));
    let next = setImmediate(turn);
    const seen: number[] = [];
    for (let left = 4_000; left > 0; seen.push(turns)) left -= ((await iterator.next()).value as RawRecord[]).length;
    clearImmediate(next);
    expect(seen.length).toBeGreaterThan(2);
    expect(seen).toEqual([...new Set(seen)]);
  });

  it('hands a large record out alone, however small it was compressed', async () => {
    const topic = await newTopic();
    const publisher = new Publisher({ ...busOptions(server, 60_000), topic });
    const large = [5, 3, 4].map((size) => ({ key: null, value: Buffer.alloc(size * MiB, "'"), headers: {} }));
    for (const record of large) await publisher.publish([record]);
    await publisher.publish([textRecord('small'), textRecord('small')]);
    await publisher.close();
    const { iterator } = reading(topic, 0);
    const found: number[][] = [];
    while (found.flat().length < 5) found.push(((await iterator.next()).value as RawRecord[]).map(({ value }) => value?.length ?? 0));
    expect(found).toEqual([[5 * MiB], [3 * MiB], [4 * MiB], [5, 5]]);
  });

  it('hands small batches out together', async () => {
    const topic = await newTopic();
    const publisher = new Publisher({ ...busOptions(server, 60_000), topic });
    for (let i = 0; i < 100; i++) await publisher.publish([textRecord(String(i))]);
    await publisher.close();
    const { iterator } = reading(topic, 0);
    expect(((await iterator.next()).value as RawRecord[]).map(text)).toEqual(Array.from({ length: 100 }, (_, i) => String(i)));
    const range = readRange({ ...busOptions(server), topic, from: 10, to: 20, signal: new AbortController().signal });
    expect((await collect(range)).map(text)).toEqual(Array.from({ length: 10 }, (_, i) => String(10 + i)));
  });

  it('begins where it is told and hands out every record once, in order', async () => {
    const topic = await numbers(500);
    await publishNumbers(topic, 500, 501);
    const { iterator } = reading(topic, 123);
    const texts: string[] = [];
    while (texts.length < 378) texts.push(...((await iterator.next()).value as RawRecord[]).map(text));
    await iterator.return?.();
    expect(texts).toEqual(Array.from({ length: 378 }, (_, index) => String(123 + index)));
  });

  it('hands out a record at once, however long a broker may hold an answer back', async () => {
    const topic = await numbers(1);
    const { iterator } = reading(topic, 1, { maxWaitMs: 10 * 60_000 });
    for (let number = 1; number < 20; number++) {
      const next = iterator.next();
      await publishNumbers(topic, number, number + 1);
      expect(((await next).value as RawRecord[]).map(text)).toEqual([String(number)]);
    }
    await iterator.return?.();
  });

  it.each([500, 90_000])(
    'loses nothing and doubles nothing while the broker is killed and started again (time-out %i)',
    async (requestTimeoutMs) => {
      const topic = await numbers(100);
      const texts = readUntil(topic, '399', requestTimeoutMs);
      for (let round = 1; round <= 3; round++) {
        await server.kill();
        await server.restart();
        await publishNumbers(topic, round * 100, (round + 1) * 100);
      }
      expect(await texts).toEqual(Array.from({ length: 400 }, (_, index) => String(index)));
    },
  );

  it('gives up on a frozen broker within a bound; the next one goes on', async () => {
    const topic = await numbers(10);
    const { iterator } = reading(topic, 0, { requestTimeoutMs: 1_000 });
    expect((await iterator.next()).value).toHaveLength(10);
    server.freeze();
    try {
      await expect(iterator.next()).rejects.toMatchObject({ code: 'KAFKA_UNAVAILABLE' });
    } finally {
      server.resume();
    }
    await publishNumbers(topic, 10, 12);
    expect((await readUntil(topic, '11', 60_000)).slice(10)).toEqual(['10', '11']);
  });

  it('says so when retention took what comes next', async () => {
    const topic = await numbers(10);
    await withAdmin(server, (client) => client.deleteRecords({ topics: [{ name: topic, partitions: [{ partition: 0, offset: 6n }] }] }));
    await expect(reading(topic, 5).iterator.next()).rejects.toMatchObject({
      code: 'LOG_START_LOST',
      details: { start: 6, end: 10, offset: 5 },
    });
    expect(((await reading(topic, 6).iterator.next()).value as RawRecord[]).map(text)).toEqual(['6', '7', '8', '9']);
  });

  it('says so when retention emptied the log, and waits at its end', async () => {
    const topic = await numbers(10);
    await withAdmin(server, (client) => client.deleteRecords({ topics: [{ name: topic, partitions: [{ partition: 0, offset: -1n }] }] }));
    expect(await admin.offsets(topic)).toEqual({ start: 10, end: 10 });
    await expect(reading(topic, 9).iterator.next()).rejects.toMatchObject({ code: 'LOG_START_LOST' });
    const next = reading(topic, 10).iterator.next();
    await publishNumbers(topic, 10, 11);
    expect(((await next).value as RawRecord[]).map(text)).toEqual(['10']);
  });

  it('says so when the log ends before its position', async () => {
    const topic = await numbers(10);
    await expect(reading(topic, 11).iterator.next()).rejects.toMatchObject({
      code: 'LOG_TRUNCATED',
      details: { start: 0, end: 10, offset: 11 },
    });
  });

  it('says so when the topic was never there, is deleted, or is created again', async () => {
    await expect(reading('nowhere', 0).iterator.next()).rejects.toMatchObject({ code: 'TOPIC_MISSING' });
    const [deleted, recreated] = [await numbers(3), await numbers(3)];
    const sources = [deleted, recreated].map((topic) => reading(topic, 0).iterator);
    for (const source of sources) expect((await source.next()).value).toHaveLength(3);
    const [gone, foreign] = sources.map((source) => source.next().catch((error: unknown) => error));
    await withAdmin(server, (client) => client.deleteTopics({ topics: [deleted] }));
    expect(await gone).toMatchObject({ code: 'TOPIC_MISSING' });
    await withAdmin(server, (client) => client.deleteTopics({ topics: [recreated] }));
    await admin.ensureTopic(recreated, settings);
    expect(await foreign).toMatchObject({ code: expect.stringMatching(/^(TOPIC_MISSING|LOG_FOREIGN)$/) }); // which one is a matter of time
  });

  it('ends while it waits', async () => {
    const { iterator, stop } = reading(await numbers(1), 1, { maxWaitMs: 60_000 });
    const next = iterator.next();
    stop.abort();
    await expect(next).rejects.toMatchObject({ code: 'ABORTED' });
    expect(await iterator.next()).toEqual({ value: undefined, done: true });
  });
});

describe('a slow reader', () => {
  const batches = 24;
  let topic: string;
  beforeAll(async () => {
    topic = await newTopic();
    const publisher = new Publisher({ ...busOptions(server, 60_000), topic, compression: 'none' });
    for (let batch = 0; batch < batches; batch++) await publisher.publish(noise(64, MiB / 64 - 100));
    await publisher.close();
  });

  it('is given no more than one fetch ahead', async () => {
    let fetches = 0;
    const fetchKey = 1;
    const count = (message: unknown): void => {
      if ((message as { apiKey?: number }).apiKey === fetchKey) fetches += 1;
    };
    listen('tracing:plt:kafka:connections:api:start', count);
    const { iterator } = reading(topic, 0, { maxBytes: MiB });
    await iterator.next();
    await expect.poll(() => fetches).toBe(2);
    for (let round = 0; round < 30; round++) await admin.offsets(topic); // the reader could have fetched all of it meanwhile
    expect(fetches).toBe(2);
    unlisten('tracing:plt:kafka:connections:api:start', count);
    await iterator.return?.();
  });

  it('holds a few fetches in memory, whatever the length of the log', async () => {
    setFlagsFromString('--expose-gc');
    const collectGarbage = runInNewContext('gc') as () => void;
    const held = (): number => {
      collectGarbage();
      const { arrayBuffers, heapUsed } = process.memoryUsage();
      return arrayBuffers + heapUsed;
    };
    const before = held();
    const { iterator } = reading(topic, 0, { maxBytes: MiB });
    let highest = 0;
    for (let read = 0; read < batches * 64;) {
      read += ((await iterator.next()).value as RawRecord[]).length;
      await admin.offsets(topic);
      highest = Math.max(highest, held() - before);
    }
    await iterator.return?.();
    expect(highest).toBeLessThan(6 * MiB);
  });
});

describe('readRange', () => {
  it('reads exactly its range and ends', async () => {
    const topic = await numbers(100);
    await publishNumbers(topic, 100, 200);
    const signal = new AbortController().signal;
    const range = async (from: number, to: number) =>
      (await collect(readRange({ ...busOptions(server), topic, from, to, signal }))).map(text);
    expect(await range(0, 200)).toHaveLength(200);
    expect(await range(95, 105)).toEqual(['95', '96', '97', '98', '99', '100', '101', '102', '103', '104']);
    expect(await range(7, 7)).toEqual([]);
  });

  it('does not end before its end', async () => {
    const topic = await numbers(3);
    const signal = new AbortController().signal;
    const source = readRange({ ...busOptions(server, 1_000), topic, from: 0, to: 4, signal });
    await expect(collect(source)).rejects.toMatchObject({ code: 'KAFKA_UNAVAILABLE' });
  });
});
