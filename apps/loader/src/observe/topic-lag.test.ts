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

describe('the lag of a loader', () => {
  it('is not known before something was applied', () => {
    lag.read();
    at(100);
    expect(lag.ms()).toBeNull();
  });

  it('is the age of what was applied last, while heartbeats come', () => {
    lag.applied(start - 40);
    expect(lag.ms()).toBe(40);
    at(10);
    lag.applied(start + 10_000 - 3);
    at(19);
    expect(lag.ms()).toBe(3);
  });

  it('grows from the last record on when the topic falls silent: capture does not run', () => {
    lag.applied(start);
    at(14);
    expect(lag.ms()).toBe(0);
    at(16);
    expect(lag.ms()).toBe(16_000);
    at(600);
    expect(lag.ms()).toBe(600_000);
    lag.applied(start + 600_000);
    expect(lag.ms()).toBe(0);
  });

  it('grows while what was read is not committed', () => {
    lag.applied(start);
    lag.read();
    at(4);
    lag.read();
    expect(lag.ms()).toBe(4000);
    lag.applied(start + 3900);
    lag.resolved();
    expect(lag.ms()).toBe(100);
  });

  it('is nothing where the clock of the source is ahead', () => {
    lag.applied(start + 60_000);
    expect(lag.ms()).toBe(0);
  });
});
