import { SyncError } from '@lutra/model';
import { describe, expect, it } from 'vitest';
import { supervise, untilAbort } from './index.js';

const quick = { firstMs: 1, maxMs: 2 };

describe('supervision', () => {
  it('tries again after an error that passes', async () => {
    const stop = new AbortController();
    const told: string[] = [];
    let runs = 0;
    await supervise({
      signal: stop.signal,
      backoff: quick,
      run: async () => {
        runs += 1;
        if (runs < 3) throw new SyncError('SOURCE_UNAVAILABLE', 'down');
        stop.abort();
      },
      onFailure: (error, next) => told.push(`${error.code} ${next}`),
    });
    expect(told).toEqual(['SOURCE_UNAVAILABLE retry', 'SOURCE_UNAVAILABLE retry']);
  });

  it('waits for an operator after an error that does not pass, and ends with its signal', async () => {
    const stop = new AbortController();
    let runs = 0;
    const done = supervise({
      signal: stop.signal,
      backoff: quick,
      run: async () => {
        runs += 1;
        throw new TypeError('surprise');
      },
      onFailure: (error, next) => {
        expect([error.code, next]).toEqual(['INTERNAL', 'wait']);
        setImmediate(() => stop.abort());
      },
    });
    await done;
    expect(runs).toBe(1);
  });

  it('tries again by itself where it is told after how long', async () => {
    const stop = new AbortController();
    const told: string[] = [];
    let runs = 0;
    await supervise({
      signal: stop.signal,
      run: async () => {
        runs += 1;
        if (runs < 3) throw new SyncError('TABLE_MISSING', 'gone');
        stop.abort();
      },
      restartsIn: () => runs,
      onFailure: (error, next, delayMs) => told.push(`${error.code} ${next} ${delayMs}`),
    });
    expect(told).toEqual(['TABLE_MISSING restart 1', 'TABLE_MISSING restart 2']);
  });

  it('does not end because something inside says that it was aborted, and does not hide it', async () => {
    const stop = new AbortController();
    const told: string[] = [];
    await supervise({
      signal: stop.signal,
      backoff: quick,
      run: async () => {
        if (told.length > 0) return stop.abort();
        throw new SyncError('ABORTED', 'by whom?');
      },
      onFailure: (error, next) => told.push(`${error.code} ${next}`),
    });
    expect(told).toEqual(['ABORTED retry']);
  });

  it('tells nobody of an end that was asked for', async () => {
    const stop = new AbortController();
    const done = supervise({ signal: stop.signal, run: (signal) => untilAbort(signal), onFailure: () => expect.unreachable() });
    stop.abort();
    await done;
  });
});
