import { SyncError } from '@lutra/model';
import { expect, it } from 'vitest';
import { LiveWork, supervise, untilAbort } from './index.js';

const stopped = new SyncError('BINLOG_UNSUPPORTED', 'no');
const later = () => new Promise((resolve) => setImmediate(resolve));

it('gives a run the newest, and says that there is another one', async () => {
  const work = new LiveWork(1);
  const { signal } = new AbortController();
  await work.untaken(signal);
  expect(work.take()).toBe(1);
  const untaken = work.untaken(signal);
  work.offer(2);
  work.offer(3);
  await untaken;
  expect([work.newest, work.isTaken]).toEqual([3, false]);
});

it('lets a run that has failed for good try again by another configuration, also by one that came while it failed', async () => {
  const stop = new AbortController();
  const work = new LiveWork('a');
  const runs: string[] = [];
  const failures: string[] = [];
  const done = supervise({
    signal: stop.signal,
    backoff: { firstMs: 1e9, maxMs: 1e9 },
    changed: (signal) => work.untaken(signal),
    run: async (signal) => {
      runs.push(work.take());
      if (runs.length === 1) work.offer('b');
      if (runs.length === 3) throw new SyncError('SOURCE_UNAVAILABLE', 'away');
      if (runs.length < 4) throw stopped;
      await untilAbort(signal);
    },
    onFailure: (error) => void failures.push(error.code),
  });
  while (runs.length < 2) await later();
  await later();
  expect(runs).toEqual(['a', 'b']);
  work.offer('c');
  while (runs.length < 3) await later();
  await later();
  expect(failures).toEqual(['BINLOG_UNSUPPORTED', 'BINLOG_UNSUPPORTED', 'SOURCE_UNAVAILABLE']);
  work.offer('d');
  while (runs.length < 4) await later();
  stop.abort();
  await done;
  expect(runs).toEqual(['a', 'b', 'c', 'd']);
});
