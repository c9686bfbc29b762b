import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteQueue } from './byte-queue.js';

/** As a writer does that may wait. */
async function put<T extends object | string | number>(queue: ByteQueue<T>, item: T, bytes: number): Promise<void> {
  queue.push(item, bytes);
  await queue.room();
}

describe('a byte queue', () => {
  it('gives what came in, in order, in pieces of about the size asked for', async () => {
    const queue = new ByteQueue<number>(1000);
    for (let i = 0; i < 10; i += 1) queue.push(i, 30);
    expect(await queue.take(100)).toEqual([0, 1, 2]);
    expect(await queue.take(1)).toEqual([3]);
    expect(queue.shift()).toBe(4);
    expect(await queue.take(1000)).toEqual([5, 6, 7, 8, 9]);
    expect([queue.bytes, queue.shift()]).toEqual([0, undefined]);
  });

  it('wakes a reader that waits, and counts the bytes that wait', async () => {
    const queue = new ByteQueue<string>(1000);
    const waiting = queue.wait();
    queue.push('ab', 2);
    queue.push('c', 1);
    expect(await waiting).toBe(true);
    expect(queue.bytes).toBe(3);
    expect([queue.shift(), queue.shift(), queue.shift()]).toEqual(['ab', 'c', undefined]);
    expect(queue.bytes).toBe(0);
  });

  it('never runs empty and keeps its order and its count', () => {
    const queue = new ByteQueue<{ readonly number: number }>(1);
    let given = 0;
    for (let i = 0; i < 50_000; i++) {
      queue.push({ number: 2 * i }, 3);
      queue.push({ number: 2 * i + 1 }, 4);
      expect(queue.shift()?.number).toBe(given++);
    }
    const left: number[] = [];
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) left.push(item.number);
    expect(left).toEqual(Array.from({ length: 50_000 }, (_, i) => given + i));
    expect(queue.bytes).toBe(0);
  });

  it('is a list of items and their sizes, whatever is called', async () => {
    const step = fc.oneof(fc.nat(40), fc.constant('shift' as const), fc.record({ take: fc.nat(100) }));
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 400 }), async (steps) => {
        const queue = new ByteQueue<number>(100);
        const model: { readonly item: number; readonly size: number }[] = [];
        for (const [item, step] of steps.entries()) {
          if (typeof step === 'number') {
            queue.push(item, step);
            model.push({ item, size: step });
          } else if (step === 'shift') {
            expect(queue.shift()).toBe(model.shift()?.item);
          } else if (model.length > 0) {
            let bytes = model[0]!.size;
            let count = 1;
            while (count < model.length && (bytes += model[count]!.size) <= step.take) count++;
            expect(await queue.take(step.take)).toEqual(model.splice(0, count).map(({ item }) => item));
          }
          const bytes = model.reduce((sum, { size }) => sum + size, 0);
          expect([queue.bytes, queue.isFull]).toEqual([bytes, bytes >= 100]);
        }
      }),
    );
  });

  it('makes the writer wait when it is full, until there is room', async () => {
    const queue = new ByteQueue<string>(100);
    await put(queue, 'a', 60);
    let went = false;
    const waiting = put(queue, 'b', 60).then(() => (went = true));
    await Promise.resolve();
    expect(went).toBe(false);
    expect(await queue.take(1)).toEqual(['a']);
    await waiting;
    expect(await queue.take(1)).toEqual(['b']);
  });

  it('lets the writer wait until so much is free as was asked for', async () => {
    const queue = new ByteQueue<string>(100, 50);
    let went = false;
    for (const item of ['a', 'b', 'c']) queue.push(item, 40);
    const waiting = queue.room().then(() => (went = true));
    for (const left of [80, 40]) {
      await Promise.resolve();
      expect(went).toBe(false);
      queue.shift();
      expect(queue.bytes).toBe(left);
    }
    await waiting;
  });

  it('lets an item through that is larger than its whole bound', async () => {
    const queue = new ByteQueue<string>(10);
    const pushed = put(queue, 'large', 500);
    expect(await queue.take(1)).toEqual(['large']);
    await pushed;
  });

  it('tells a failure to both sides at once, also to those that wait, and drops what waits', async () => {
    const queue = new ByteQueue<number>(10);
    const full = put(queue, 1, 50);
    queue.fail(new Error('broken'));
    queue.fail(new Error('second'));
    await expect(full).rejects.toThrow('broken');
    await expect(queue.take(1)).rejects.toThrow('broken');
    await expect(queue.room()).rejects.toThrow('broken');
    expect(() => queue.push(2, 1)).toThrow('broken');
    expect([queue.shift(), queue.bytes, queue.hasEnded]).toEqual([undefined, 0, true]);
    const empty = new ByteQueue<number>(10);
    const taking = empty.take(1);
    empty.fail(new Error('broken'));
    await expect(taking).rejects.toThrow('broken');
  });

  it('fails also who takes at the very moment', async () => {
    const queue = new ByteQueue<number>(10);
    queue.push(1, 1);
    const taking = queue.take(1);
    queue.fail(new Error('broken'));
    await expect(taking).rejects.toThrow('broken');
  });

  it('ends after what it still holds', async () => {
    const queue = new ByteQueue<number>(100);
    queue.push(1, 1);
    queue.close();
    expect(() => queue.push(2, 1)).toThrow('closed');
    expect(await queue.take(10)).toEqual([1]);
    expect(await queue.take(10)).toEqual([]);
    expect(await queue.wait()).toBe(false);
    const empty = new ByteQueue<number>(10);
    const waiting = empty.wait();
    empty.close();
    expect(await waiting).toBe(false);
  });

  it('gives out what came before it was closed with an error, then the error, and takes nothing after it', async () => {
    const queue = new ByteQueue<string>(100);
    queue.push('a', 1);
    queue.close(new Error('first'));
    queue.close(new Error('second'));
    expect(() => queue.push('b', 1)).toThrow('first');
    expect([await queue.wait(), queue.shift()]).toEqual([true, 'a']);
    await expect(queue.wait()).rejects.toThrow('first');
    const empty = new ByteQueue<string>(10);
    const waiting = empty.wait();
    empty.close(new Error('gone'));
    await expect(waiting).rejects.toThrow('gone');
  });

  it('fails also after it was closed: an abort is told before the end of the source', async () => {
    const queue = new ByteQueue<string>(100);
    queue.push('a', 1);
    queue.close(new Error('gone'));
    queue.fail(new Error('aborted'));
    expect(queue.shift()).toBeUndefined();
    await expect(queue.wait()).rejects.toThrow('aborted');
  });
});
