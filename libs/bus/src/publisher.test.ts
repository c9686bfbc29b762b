/** What a Publisher does with answers that a healthy broker cannot be made to give. */
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { ScriptedBrokers } from '../test/scripted-brokers.js';
import type { Script } from '../test/scripted-brokers.js';
import type { OutRecord } from './options.js';
import { Publisher } from './publisher.js';
import type { PublisherOptions } from './publisher.js';

const logger = pino({ level: 'silent' });
const baseSequence = (batch: Buffer | undefined): number | undefined => batch?.readInt32BE(53);
const record: OutRecord = { key: null, value: Buffer.from('value'), headers: { n: '1' } };

const failureOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

const cleanUps: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

async function setUp(script: Partial<Script>, options: Partial<PublisherOptions> & { count?: number } = {}) {
  const brokers = new ScriptedBrokers(script);
  const addresses = await brokers.start(options.count);
  const publisher = new Publisher({ brokers: addresses, clientId: 'test', logger, topic: 'rows', requestTimeoutMs: 5_000, ...options });
  cleanUps.push(
    () => publisher.close(),
    () => brokers.stop(),
  );
  return { brokers, publisher };
}

describe('a publisher', () => {
  it.each([13, 12])('numbers its records without a gap (Produce %i)', async (produceVersion) => {
    const { brokers, publisher } = await setUp({ produce: [{ ok: 10 }, { ok: 12 }, { ok: 20 }], produceVersion });
    const results = await Promise.all([publisher.publish([record, record]), publisher.publish([record]), publisher.publish([record])]);
    expect(results).toEqual([
      { firstOffset: 10, nextOffset: 12 },
      { firstOffset: 12, nextOffset: 13 },
      { firstOffset: 20, nextOffset: 21 },
    ]);
    expect(brokers.sent.map(({ bytes }) => baseSequence(bytes))).toEqual([0, 2, 3]);
    expect(brokers.sent.map(({ version }) => version)).toEqual([produceVersion, produceVersion, produceVersion]);
    expect(brokers.producerIds).toHaveLength(1);
  });

  it.each([
    { error: 'NOT_LEADER_OR_FOLLOWER' },
    { error: 'NOT_ENOUGH_REPLICAS_AFTER_APPEND' },
    { error: 'REQUEST_TIMED_OUT' },
    'cut' as const,
  ])('sends the very same bytes again after %o', async (answer) => {
    const { brokers, publisher } = await setUp({ produce: [answer, { ok: 5 }, { ok: 6 }] });
    expect(await publisher.publish([record])).toEqual({ firstOffset: 5, nextOffset: 6 });
    await publisher.publish([record]);
    const [first, again, next] = brokers.sent.map(({ bytes }) => bytes);
    expect(again?.equals(first ?? Buffer.alloc(0))).toBe(true);
    expect(baseSequence(next)).toBe(1);
    expect(brokers.producerIds).toHaveLength(1);
  });

  it('follows the leader to another broker with the same bytes', async () => {
    const { brokers, publisher } = await setUp({ produce: [{ ok: 0 }, { error: 'NOT_LEADER_OR_FOLLOWER' }, { ok: 1 }] }, { count: 2 });
    await publisher.publish([record]);
    brokers.script.leader = 1;
    await publisher.publish([record]);
    expect(brokers.sent.map(({ node }) => node)).toEqual([0, 0, 1]);
    expect(brokers.sent[2]?.bytes.equals(brokers.sent[1]?.bytes ?? Buffer.alloc(0))).toBe(true);
  });

  it.each(['UNKNOWN_PRODUCER_ID', 'OUT_OF_ORDER_SEQUENCE_NUMBER', 'DUPLICATE_SEQUENCE_NUMBER', 'INVALID_PRODUCER_EPOCH'])(
    'ends at %s and sends nothing more',
    async (refusal) => {
      const { brokers, publisher } = await setUp({ produce: [{ ok: 0 }, { error: refusal }, { ok: 1 }] });
      await publisher.publish([record]);
      const [failure, same] = await Promise.all([failureOf(publisher.publish([record])), failureOf(publisher.publish([record]))]);
      expect(failure).toMatchObject({ code: 'KAFKA_UNAVAILABLE', details: { kafka: refusal, topic: 'rows' } });
      expect(same).toBe(failure);
      await expect(publisher.publish([record])).rejects.toBe(failure);
      expect(brokers.sent).toHaveLength(2);
      expect(brokers.producerIds).toHaveLength(1);
    },
  );

  it('gives up on a broker that is silent, and stays dead', async () => {
    const { brokers, publisher } = await setUp({ produce: ['silent', 'silent', 'silent'] }, { requestTimeoutMs: 300 });
    const failure = await failureOf(publisher.publish([record]));
    expect(failure).toMatchObject({ code: 'KAFKA_UNAVAILABLE' });
    const sent = brokers.sent.length;
    await expect(publisher.publish([record])).rejects.toBe(failure);
    expect(brokers.sent).toHaveLength(sent);
  });

  it('does not believe a single word that the topic is gone', async () => {
    const { publisher } = await setUp({ produce: [{ error: 'UNKNOWN_TOPIC_ID' }, { ok: 0 }], missing: 3 });
    expect(await publisher.publish([record])).toEqual({ firstOffset: 0, nextOffset: 1 });
  });

  it('says so when the topic is gone', async () => {
    const { publisher } = await setUp({ missing: 1000 });
    await expect(publisher.publish([record])).rejects.toMatchObject({ code: 'TOPIC_MISSING', details: { topic: 'rows' } });
  });

  it('refuses to write into a topic that was created again', async () => {
    const { brokers, publisher } = await setUp({ produce: [{ ok: 0 }, { error: 'UNKNOWN_TOPIC_ID' }, { ok: 0 }] });
    await publisher.publish([record]);
    brokers.script.topicId = 'ffffffff-89ab-cdef-0123-456789abcdef';
    await expect(publisher.publish([record])).rejects.toMatchObject({ code: 'LOG_RECREATED' });
    expect(brokers.sent).toHaveLength(2);
  });

  it('notices that what was acknowledged is gone when an offset comes again', async () => {
    const { publisher } = await setUp({ produce: [{ ok: 7 }, { ok: 7 }] });
    await publisher.publish([record]);
    await expect(publisher.publish([record])).rejects.toMatchObject({ code: 'LOG_TRUNCATED', details: { offset: 7 } });
  });

  it('refuses what is too large before it is sent, and names what the broker refuses', async () => {
    const big = { ...record, value: Buffer.alloc(2000, 'x') };
    const before = await setUp({ produce: [{ ok: 0 }] }, { maxBatchBytes: 1000, compression: 'none' });
    await expect(before.publisher.publish([big])).rejects.toMatchObject({
      code: 'RECORD_TOO_LARGE',
      details: { bytes: expect.any(Number), limit: '1000', setting: 'topic.maxMessageBytes' },
    });
    expect(before.brokers.sent).toHaveLength(0);
    const request = await setUp({ produce: [{ ok: 0 }] }, { maxBatchBytes: 10_000, compression: 'none' });
    request.publisher.limitRequests(3000);
    await expect(request.publisher.publish([big])).rejects.toMatchObject({
      code: 'RECORD_TOO_LARGE',
      message: expect.stringContaining('socket.request.max.bytes of the broker (3000)'),
    });
    expect(request.brokers.sent).toHaveLength(0);
    const after = await setUp({ produce: [{ error: 'MESSAGE_TOO_LARGE' }] });
    await expect(after.publisher.publish([big])).rejects.toMatchObject({ code: 'RECORD_TOO_LARGE' });
  });

  it('rejects what waits when it is closed', async () => {
    const { brokers, publisher } = await setUp({ produce: ['silent'] });
    const waiting = [failureOf(publisher.publish([record])), failureOf(publisher.publish([record]))];
    await expect.poll(() => brokers.sent.length).toBe(1);
    await publisher.close();
    for (const failure of waiting) expect(await failure).toMatchObject({ code: 'ABORTED' });
  });

  it('needs a broker that speaks Produce 9', async () => {
    const { publisher } = await setUp({ produceVersion: 8 });
    await expect(publisher.publish([record])).rejects.toMatchObject({ code: 'KAFKA_REFUSED' });
  });
});
