import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TopicLag } from './topic-lag.js';

const start = 1_800_000_000_000;
let lag: TopicLag;

beforeEach(() => {
  vi.useFakeTimers({ now: start, toFake: ['Date'] });
  lag = new TopicLag();
});
afterEach(() => void vi.useRealTimers());

const at = (seconds: number): void => void vi.setSystemTime(start + seconds * 1000);
/** A batch with whole transactions of one record each. */
function read(...seqs: readonly number[]): void {
  lag.batch();
  for (const seq of seqs) lag.read(seq, true, Date.now());
}

describe('the lag of a loader', () => {
  it('is not known before something was applied', () => {
    lag.batch();
    lag.read(1, true, start);
    at(100);
    expect(lag.ms()).toBeNull();
  });

  it('is the age of what was applied last, while heartbeats come', () => {
    lag.applied(0, start - 40);
    expect(lag.ms()).toBe(40);
    at(10);
    lag.applied(0, start + 10_000 - 3);
    at(19);
    expect(lag.ms()).toBe(3);
  });

  it('grows from the last record on when the topic falls silent: capture does not run', () => {
    lag.applied(0, start);
    at(14);
    expect(lag.ms()).toBe(0);
    at(16);
    expect(lag.ms()).toBe(16_000);
    at(600);
    expect(lag.ms()).toBe(600_000);
    lag.applied(0, start + 600_000);
    expect(lag.ms()).toBe(0);
  });

  it('grows while what was read is not committed', () => {
    lag.applied(0, start);
    read(1, 2);
    at(4);
    read(3);
    expect(lag.ms()).toBe(4000);
    lag.applied(3, start + 3900);
    expect(lag.ms()).toBe(100);
  });

  it('is that of the oldest batch that is not committed whole, however long the next rows have always been in hand', () => {
    lag.applied(0, start);
    read(1, 2);
    for (let n = 1; n <= 600; n += 1) {
      at(n);
      read(2 * n + 1, 2 * n + 2);
      lag.applied(2 * n, start + n * 1000);
      expect(lag.ms()).toBe(0);
    }
    at(602);
    lag.applied(1201, start + 600_000);
    expect(lag.ms()).toBe(2000);
    expect(lag.isPending).toBe(true);
    lag.applied(1202, start + 602_000);
    expect(lag.ms()).toBe(0);
    expect(lag.isPending).toBe(false);
  });

  it('grows on in a backlog, whether something is read and not committed or nothing comes', () => {
    at(600);
    lag.applied(0, start);
    lag.batch();
    lag.read(1, true, start + 1000);
    expect(lag.ms()).toBe(600_000);
    at(700);
    expect(lag.ms()).toBe(699_000);
    lag.applied(1, start + 1000);
    at(730);
    expect(lag.ms()).toBe(729_000);
  });

  it('does not wait for a transaction that is void, and does for those before it', () => {
    lag.applied(0, start);
    read(1, 2);
    lag.read(3, false, start);
    at(1);
    lag.batch();
    lag.read(4, false, start + 1000);
    lag.discarded();
    at(5);
    expect(lag.ms()).toBe(5000);
    lag.applied(2, start + 5000);
    expect(lag.isPending).toBe(false);
    lag.batch();
    lag.read(5, false, start + 5000);
    lag.discarded();
    at(9);
    expect(lag.ms()).toBe(0);
  });

  it('errs to the longer side where very many batches wait', () => {
    lag.applied(0, start);
    for (let n = 1; n <= 1000; n += 1) {
      at(n);
      read(n);
    }
    lag.applied(999, start + 1_000_000);
    expect(lag.ms()).toBeGreaterThanOrEqual(0);
    expect(lag.isPending).toBe(true);
    at(1001);
    expect(lag.ms()).toBe((1001 - 256) * 1000);
    lag.applied(1000, start + 1_001_000);
    expect(lag.ms()).toBe(0);
  });

  it('is nothing where the clock of the source is ahead', () => {
    lag.applied(0, start + 60_000);
    expect(lag.ms()).toBe(0);
  });
});
