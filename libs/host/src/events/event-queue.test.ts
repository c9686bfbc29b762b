import { eventSchema, SyncError, withoutRows } from '@lutra/model';
import type { ConflictEvent } from '@lutra/model';
import { describe, expect, it, vi } from 'vitest';
import { event } from './event.fixture.js';
import { EventQueue } from './event-queue.js';
import type { EventTransport, OutEvent } from './event-queue.js';
import { recordOf } from './event-record.js';

const record = (id: string, changes: Partial<ConflictEvent> = {}): OutEvent => recordOf(event(id, changes));
const length = JSON.stringify(event('e0')).length;
const idOf = ({ value }: OutEvent): string => (JSON.parse(value) as { id: string }).id;

/** A topic that only remembers; it takes what comes, refuses it, or says nothing. */
class Topic implements EventTransport {
  behaves: 'takes' | 'refuses' | 'hangs' | SyncError = 'takes';
  readonly batches: (readonly string[])[] = [];
  readonly events: unknown[] = [];
  attempts = 0;
  closed = false;
  #end: (error: Error) => void = () => undefined;

  async send(events: readonly OutEvent[]): Promise<void> {
    this.attempts += 1;
    if (this.behaves === 'hangs') await new Promise((_, reject) => (this.#end = reject));
    if (this.behaves instanceof SyncError) throw this.behaves;
    if (this.behaves === 'refuses') throw new SyncError('KAFKA_UNAVAILABLE', 'no broker');
    this.batches.push(events.map(idOf));
    this.events.push(...events.map(({ value }): unknown => JSON.parse(value)));
  }

  async close(): Promise<void> {
    this.closed = true;
    this.#end(new SyncError('ABORTED', 'closed'));
  }

  get ids(): readonly string[] {
    return this.batches.flat();
  }
}

function queueOf(topic: Topic, events = { waiting: 1000, batch: 10 }) {
  const told: string[] = [];
  let dropped = 0;
  const queue = new EventQueue({
    what: 'events',
    transport: topic,
    logger: {
      warn: (facts: { code: string }) => void told.push(facts.code),
      info: (facts: { dropped: number }) => void told.push(`again, ${facts.dropped} dropped`),
    } as never,
    onDropped: () => void (dropped += 1),
    limits: { waiting: events.waiting * length, batch: events.batch * length, firstPauseMs: 1, maxPauseMs: 2, flushMs: 50 },
  });
  const offer = (from: number, to: number): void => {
    for (let n = from; n < to; n += 1) queue.offer(record(`e${n}`));
  };
  return { queue, told, offer, dropped: () => dropped };
}

const ids = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, n) => `e${from + n}`);

describe('a queue of events', () => {
  it('sends them in order, in batches, and again whenever there are some', async () => {
    const topic = new Topic();
    const { offer } = queueOf(topic, { waiting: 1000, batch: 3 });
    offer(0, 8);
    await vi.waitUntil(() => topic.ids.length === 8);
    offer(8, 9);
    await vi.waitUntil(() => topic.ids.length === 9);
    expect(topic.ids).toEqual(ids(0, 9));
    expect(Math.max(...topic.batches.map((batch) => batch.length))).toBe(3);
  });

  it('sends what is offered at the moment when the last one has arrived', async () => {
    const topic = new Topic();
    const { queue } = queueOf(topic);
    const send = topic.send.bind(topic);
    topic.send = async (events) => {
      await send(events);
      const n = topic.ids.length;
      // Between the answer and the queue's next look, and right after it.
      if (n < 20) void Promise.resolve().then(() => queue.offer(record(`e${n}`)));
    };
    queue.offer(record('e0'));
    await vi.waitUntil(() => topic.ids.length === 20);
    expect(topic.ids).toEqual(ids(0, 20));
  });

  it('tries again in the background, and says so once', async () => {
    const topic = new Topic();
    topic.behaves = 'refuses';
    const { offer, told, dropped } = queueOf(topic);
    offer(0, 5);
    await vi.waitUntil(() => topic.attempts > 3);
    expect(told).toEqual(['KAFKA_UNAVAILABLE']);
    topic.behaves = 'takes';
    await vi.waitUntil(() => told.length > 1);
    expect(topic.ids).toEqual(ids(0, 5));
    expect(told).toEqual(['KAFKA_UNAVAILABLE', 'again, 0 dropped']);
    expect(dropped()).toBe(0);
  });

  it('drops the oldest beyond its bound, and counts them', async () => {
    const topic = new Topic();
    topic.behaves = 'refuses';
    const { offer, told, dropped } = queueOf(topic, { waiting: 10, batch: 4 });
    offer(0, 10);
    await vi.waitUntil(() => topic.attempts > 1);
    for (let n = 10; n < 100; n += 10) offer(n, n + 10);
    topic.behaves = 'takes';
    await vi.waitUntil(() => told.length > 1);
    await vi.waitUntil(() => topic.ids.at(-1) === 'e99');
    expect(topic.ids.length).toBeLessThanOrEqual(14);
    expect(topic.ids).toEqual(ids(0, 100).slice(-topic.ids.length));
    expect(dropped()).toBe(100 - topic.ids.length);
  });

  it('passes over what Kafka will never take', async () => {
    const topic = new Topic();
    topic.behaves = new SyncError('RECORD_TOO_LARGE', 'too large');
    const { offer, dropped } = queueOf(topic);
    offer(0, 1);
    await vi.waitUntil(() => dropped() === 1);
    topic.behaves = 'takes';
    offer(1, 2);
    await vi.waitUntil(() => topic.ids.length === 1);
    expect(topic.ids).toEqual(['e1']);
  });

  it('sends an event with large rows without them', async () => {
    const topic = new Topic();
    const { queue, offer } = queueOf(topic);
    queue.offer(record('large', { after: { v: 'x'.repeat(200_000) } }));
    offer(0, 1);
    await vi.waitUntil(() => topic.ids.length === 2);
    const [large, small] = topic.events.map((one) => eventSchema.parse(one));
    expect(large).toEqual(withoutRows(event('large')));
    expect(small).toEqual(event('e0'));
  });

  it('drops an event that is larger than all that may wait, and sends the next', async () => {
    const topic = new Topic();
    const { queue, offer, dropped } = queueOf(topic, { waiting: 2, batch: 1 });
    queue.offer(record('large', { key: { v: 'x'.repeat(3 * length) } }));
    expect(dropped()).toBe(1);
    offer(0, 1);
    await vi.waitUntil(() => topic.ids.length === 1);
    expect(topic.ids).toEqual(['e0']);
  });
});

describe('a queue that is closed', () => {
  it('sends what waits first, and then takes nothing any more', async () => {
    const topic = new Topic();
    const { queue, offer, dropped } = queueOf(topic, { waiting: 1000, batch: 2 });
    offer(0, 9);
    await queue.close();
    expect(topic.ids).toEqual(ids(0, 9));
    expect(topic.closed).toBe(true);
    offer(9, 10);
    expect(topic.ids).toEqual(ids(0, 9));
    expect(dropped()).toBe(1);
  });

  it('tries once more what was refused before', async () => {
    const topic = new Topic();
    topic.behaves = 'refuses';
    const { queue, offer, told, dropped } = queueOf(topic);
    offer(0, 3);
    await vi.waitUntil(() => told.length === 1);
    topic.behaves = 'takes';
    await queue.close();
    expect(topic.ids).toEqual(ids(0, 3));
    expect(dropped()).toBe(0);
  });

  it.each(['refuses', 'hangs'] as const)('gives up soon on a topic that %s', async (behaves) => {
    const topic = new Topic();
    topic.behaves = behaves;
    const { queue, offer, dropped } = queueOf(topic);
    offer(0, 3);
    await queue.close();
    expect(topic.closed).toBe(true);
    await vi.waitUntil(() => dropped() === 3);
  });

  it('has opened nothing if there never was an event', async () => {
    const topic = new Topic();
    await queueOf(topic).queue.close();
    expect(topic.attempts).toBe(0);
  });
});
