import { describe, expect, it } from 'vitest';
import { EventQueue } from './event-queue.js';

describe('the queue of events', () => {
  it('gives out in order and counts the bytes that wait', async () => {
    const queue = new EventQueue();
    const waiting = queue.wait();
    queue.push(Buffer.from('ab'));
    queue.push(Buffer.from('c'));
    await waiting;
    expect(queue.bytes).toBe(3);
    expect([queue.shift(), queue.shift(), queue.shift()].map(String)).toEqual(['ab', 'c', 'undefined']);
    expect(queue.bytes).toBe(0);
  });

  it('never runs empty and keeps its order and its count', () => {
    const queue = new EventQueue();
    let given = 0;
    for (let i = 0; i < 50_000; i++) {
      queue.push(Buffer.from(`${2 * i}`));
      queue.push(Buffer.from(`${2 * i + 1}`));
      expect(String(queue.shift())).toBe(`${given++}`);
    }
    const left: string[] = [];
    for (let event = queue.shift(); event !== undefined; event = queue.shift()) left.push(String(event));
    expect(left).toEqual(Array.from({ length: 50_000 }, (_, i) => `${given + i}`));
    expect(queue.bytes).toBe(0);
  });

  it('gives out what came before an error, then the error, and takes nothing after it', async () => {
    const queue = new EventQueue();
    queue.push(Buffer.from('a'));
    queue.fail(new Error('first'));
    queue.fail(new Error('second'));
    queue.push(Buffer.from('b'));
    await queue.wait();
    expect(String(queue.shift())).toBe('a');
    await expect(queue.wait()).rejects.toThrow('first');
  });

  it('wakes who waits when it fails or is aborted', async () => {
    const queue = new EventQueue();
    const waiting = queue.wait();
    queue.fail(new Error('gone'));
    await expect(waiting).rejects.toThrow('gone');
    const other = new EventQueue();
    other.push(Buffer.from('a'));
    other.abort(new Error('aborted'));
    expect(other.shift()).toBeUndefined();
    await expect(other.wait()).rejects.toThrow('aborted');
  });
});
