import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SourceLag } from './source-lag.js';

const start = 1_800_000_000_000;
let lag: SourceLag;

beforeEach(() => {
  vi.useFakeTimers({ now: start, toFake: ['Date'] });
  lag = new SourceLag();
});
afterEach(() => void vi.useRealTimers());

const at = (seconds: number): number =>
  vi
    .setSystemTime(start + seconds * 1000)
    .getMockedSystemTime()!
    .getTime();
/** The source is asked, and says that its binlog ends there. */
const look = (seconds: number, pos: number, file = 'b.000001'): void => lag.looked({ file, pos, at: at(seconds) });
const read = (pos: number, seq: number, file = 'b.000001'): void => lag.read({ file, pos }, seq);

describe('the lag of capture', () => {
  it('is not known before something is proven', () => {
    look(0, 100);
    at(60);
    expect(lag.ms()).toBeNull();
  });

  it('grows while the source has what was not read, although nothing comes but heartbeats', () => {
    look(0, 100);
    read(100, 7);
    lag.acknowledged(7);
    expect(lag.ms()).toBe(0);
    for (const seconds of [3, 6, 9, 70]) {
      look(seconds, 200);
      read(100, 7);
      lag.idle();
      expect(lag.ms()).toBe((seconds - 3) * 1000);
    }
    read(200, 7);
    expect(lag.ms()).toBe(0);
  });

  it('grows while what was read is not acknowledged', () => {
    look(0, 100);
    read(100, 7);
    lag.acknowledged(6);
    look(3, 100);
    lag.handled(5);
    at(30);
    expect(lag.ms()).toBe(30_000);
    lag.acknowledged(7);
    look(31, 100);
    expect(lag.ms()).toBe(0);
  });

  it('goes by files, also when one ends and another begins', () => {
    look(0, 900, 'b.000009');
    read(1000, 7, 'b.000008');
    lag.handled(0);
    at(5);
    expect(lag.ms()).toBe(5000);
    read(4, 7, 'b.000010');
    lag.acknowledged(7);
    expect(lag.ms()).toBe(0);
  });

  it('is what the looks prove, whatever the clock of the source says', () => {
    look(0, 100);
    read(100, 1);
    lag.acknowledged(1);
    at(1);
    lag.handled(3_600_000);
    expect(lag.ms()).toBe(1000);
    look(2, 200);
    at(9);
    lag.handled(-3_600_000);
    expect(lag.ms()).toBe(7000);
  });

  it('is that of the oldest look that is not acknowledged, however long the next rows have always been in hand', () => {
    look(0, 100);
    for (let n = 1; n <= 600; n += 1) {
      read(n * 100, n);
      look(n, n * 100 + 100);
      lag.acknowledged(n - 1);
      lag.handled(3);
    }
    expect(lag.ms()).toBe(1000);
    at(603);
    expect(lag.ms()).toBe(4000);
  });

  it('is the age of what is handled while there is a backlog', () => {
    look(0, 100_000);
    lag.handled(600_000);
    expect(lag.ms()).toBe(600_000);
  });

  it('grows on in a backlog while nothing is acknowledged', () => {
    look(0, 100_000);
    lag.handled(600_000);
    at(100);
    expect(lag.ms()).toBe(700_000);
    look(100, 100_000);
    lag.handled(10);
    expect(lag.ms()).toBe(100_000);
  });

  it('grows when the source can be asked no more and nothing comes, and does not while transactions do', () => {
    look(0, 100);
    read(100, 1);
    lag.acknowledged(1);
    at(10);
    expect(lag.ms()).toBe(0);
    at(60);
    expect(lag.ms()).toBe(60_000);
    lag.handled(20);
    expect(lag.ms()).toBe(20);
    at(90);
    expect(lag.ms()).toBe(30_000);
  });

  it('keeps few marks, and errs to the longer lag', () => {
    look(0, 1);
    read(1, 1);
    lag.acknowledged(1);
    for (let n = 1; n <= 3000; n += 1) look(n, n * 10);
    expect(lag.ms()).toBe(2999_000);
    read(15_000, 1);
    expect(lag.ms()).toBeGreaterThanOrEqual(1499_000);
    read(30_000, 1);
    expect(lag.ms()).toBe(0);
  });
});
