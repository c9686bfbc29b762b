import { describe, expect, it } from 'vitest';
import { ByteQueue } from './index.js';

describe('a byte queue', () => {
  it('gives what came in, in order, in pieces of about the size asked for', async () => {
    const queue = new ByteQueue<number>(1000);
    for (let i = 0; i < 10; i += 1) void queue.push(i, 30);
    expect(await queue.take(100)).toEqual([0, 1, 2]);
    expect(await queue.take(1)).toEqual([3]);
    expect(await queue.take(1000)).toEqual([4, 5, 6, 7, 8, 9]);
    expect(queue.bytes).toBe(0);
  });

  it('makes the writer wait when it is full, until there is room', async () => {
    const queue = new ByteQueue<string>(100);
    expect(queue.push('a', 60)).toBeUndefined();
    let went = false;
    const waiting = Promise.resolve(queue.push('b', 60)).then(() => (went = true));
    await Promise.resolve();
    expect(went).toBe(false);
    expect(await queue.take(1)).toEqual(['a']);
    await waiting;
    expect(await queue.take(1)).toEqual(['b']);
  });

  it('lets an item through that is larger than its whole bound', async () => {
    const queue = new ByteQueue<string>(10);
    const pushed = queue.push('large', 500);
    expect(await queue.take(1)).toEqual(['large']);
    await pushed;
  });

  it('tells a failure to both sides, also to those that wait', async () => {
    const queue = new ByteQueue<number>(10);
    const full = Promise.resolve(queue.push(1, 50));
    queue.fail(new Error('broken'));
    await expect(full).rejects.toThrow('broken');
    await expect(queue.take(1)).rejects.toThrow('broken');
    expect(() => queue.push(2, 1)).toThrow('broken');
    const empty = new ByteQueue<number>(10);
    const taking = empty.take(1);
    empty.fail(new Error('broken'));
    await expect(taking).rejects.toThrow('broken');
  });

  it('ends after what it still holds', async () => {
    const queue = new ByteQueue<number>(100);
    void queue.push(1, 1);
    queue.close();
    expect(await queue.take(10)).toEqual([1]);
    expect(await queue.take(10)).toEqual([]);
  });
});
