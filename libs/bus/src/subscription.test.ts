/** What a reader does with answers that a healthy broker cannot be made to give. */
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { ScriptedBrokers } from '../test/scripted-brokers.js';
import type { Script } from '../test/scripted-brokers.js';
import { frameBatch, packRecords } from './record-batch.js';
import { readRange, subscribe } from './subscription.js';

const logger = pino({ level: 'silent' });
const cleanUps: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

async function setUp(script: Partial<Script>, count = 1) {
  const brokers = new ScriptedBrokers(script);
  const addresses = await brokers.start(count);
  cleanUps.push(() => brokers.stop());
  const stop = new AbortController();
  const options = { brokers: addresses, clientId: 'test', logger, topic: 'rows', requestTimeoutMs: 5_000, signal: stop.signal };
  return { brokers, options, stop };
}

async function batch(firstOffset: number, count: number): Promise<Buffer> {
  const records = Array.from({ length: count }, (_, index) => ({
    key: null,
    value: Buffer.from(String(firstOffset + index)),
    headers: {},
  }));
  const bytes = frameBatch(await packRecords(records, 'none'), { producerId: -1n, producerEpoch: -1, sequence: -1 });
  bytes.writeBigInt64BE(BigInt(firstOffset), 0);
  return bytes;
}

async function offsetsOf(source: AsyncIterable<readonly { offset: number }[]>): Promise<number[]> {
  const offsets: number[] = [];
  for await (const records of source) offsets.push(...records.map((record) => record.offset));
  return offsets;
}

describe('a reader', () => {
  it.each([
    'NOT_LEADER_OR_FOLLOWER',
    'FENCED_LEADER_EPOCH',
    'UNKNOWN_LEADER_EPOCH',
    'KAFKA_STORAGE_ERROR',
    'UNKNOWN_TOPIC_ID',
    'REPLICA_NOT_AVAILABLE',
  ])('keeps its position over %s', async (error) => {
    const read = { bytes: await batch(3, 2) };
    const { options } = await setUp({ fetch: [read, { error }, read, { bytes: await batch(5, 2) }] });
    expect(await offsetsOf(readRange({ ...options, from: 3, to: 7 }))).toEqual([3, 4, 5, 6]);
  });

  it('does not read on in a log that was cut off before its position and is longer again', async () => {
    const { options } = await setUp({
      fetch: [{ bytes: await batch(3, 2) }, { error: 'NOT_LEADER_OR_FOLLOWER' }, { bytes: await batch(4, 3) }],
    });
    const source = subscribe({ ...options, offset: 3 })[Symbol.asyncIterator]();
    expect((await source.next()).value).toHaveLength(2);
    await expect(source.next()).rejects.toMatchObject({ code: 'LOG_TRUNCATED', details: { offset: 4 } });
  });

  it('asks again for the last batch until a new leader shows it', async () => {
    const read = { bytes: await batch(3, 2) };
    const nothing = { bytes: Buffer.alloc(0) };
    const { options } = await setUp({
      // Each time what comes next is asked for too: it might be out of range.
      fetch: [read, { error: 'NOT_LEADER_OR_FOLLOWER' }, nothing, nothing, nothing, nothing, read, { bytes: await batch(5, 2) }],
    });
    expect(await offsetsOf(readRange({ ...options, from: 3, to: 7 }))).toEqual([3, 4, 5, 6]);
  });

  it('reads no more than it was asked for', async () => {
    const { options } = await setUp({ fetch: [{ bytes: await batch(0, 10) }] });
    expect(await offsetsOf(readRange({ ...options, from: 4, to: 6 }))).toEqual([4, 5]);
    expect(await offsetsOf(readRange({ ...options, from: 4, to: 4 }))).toEqual([]);
  });

  it('gives what came before a gap, and names the gap', async () => {
    const { options } = await setUp({ fetch: [{ bytes: await batch(0, 2) }, { bytes: await batch(3, 1) }] });
    const source = subscribe({ ...options, offset: 0 })[Symbol.asyncIterator]();
    expect((await source.next()).value).toHaveLength(2);
    await expect(source.next()).rejects.toMatchObject({ code: 'LOG_GAP' });
  });

  it('does not read on in a topic that was created again', async () => {
    const { brokers, options } = await setUp({ fetch: [{ bytes: await batch(0, 1) }] });
    const source = subscribe({ ...options, offset: 0 })[Symbol.asyncIterator]();
    expect((await source.next()).value).toHaveLength(1);
    brokers.script.topicId = 'ffffffff-89ab-cdef-0123-456789abcdef';
    brokers.script.fetch.push({ error: 'UNKNOWN_TOPIC_ID' }, { bytes: await batch(1, 1) });
    await expect(source.next()).rejects.toMatchObject({ code: 'LOG_FOREIGN' });
  });

  it('says so when the topic does not exist', async () => {
    const { options } = await setUp({ missing: 1000 });
    await expect(offsetsOf(subscribe({ ...options, offset: 0 }))).rejects.toMatchObject({ code: 'TOPIC_MISSING' });
  });

  it('says so when no authority lets it read', async () => {
    const { options } = await setUp({ fetch: [{ error: 'TOPIC_AUTHORIZATION_FAILED' }] });
    await expect(offsetsOf(subscribe({ ...options, offset: 0 }))).rejects.toMatchObject({ code: 'KAFKA_DENIED' });
  });

  it('ends at once when its signal aborts, also while it waits', async () => {
    const { options, stop } = await setUp({});
    const reading = offsetsOf(subscribe({ ...options, offset: 0 }));
    stop.abort();
    await expect(reading).rejects.toMatchObject({ code: 'ABORTED' });
    await expect(offsetsOf(subscribe({ ...options, offset: 0 }))).rejects.toMatchObject({ code: 'ABORTED' });
  });

  it('does not wait for ever for the end of a range', async () => {
    const { options } = await setUp({ fetch: [{ bytes: await batch(0, 2) }] });
    await expect(offsetsOf(readRange({ ...options, requestTimeoutMs: 300, from: 0, to: 5 }))).rejects.toMatchObject({
      code: 'KAFKA_UNAVAILABLE',
    });
  });

  it('gives up on a broker that is down', async () => {
    const { brokers, options } = await setUp({});
    await brokers.stop();
    await expect(offsetsOf(subscribe({ ...options, requestTimeoutMs: 300, offset: 0 }))).rejects.toMatchObject({
      code: 'KAFKA_UNAVAILABLE',
    });
  });
});
