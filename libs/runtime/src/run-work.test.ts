import { SyncError } from '@lutra/model';
import type { WorkState, WorkStatus } from '@lutra/model';
import { expect, it, vi } from 'vitest';
import { untilAbort } from './abort.js';
import { runWork } from './run-work.js';

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };

it('work that waits for something outside gives its lease back meanwhile, says why, and contends again when it has come', async () => {
  const stop = new AbortController();
  const come = Promise.withResolvers<void>();
  const log: string[] = [];
  const states: WorkState[] = [];
  const lease = async () => {
    log.push('acquired');
    return { number: 1, lost: new AbortController().signal, release: async () => void log.push('released') };
  };
  let runs = 0;
  const done = runWork({
    app: 'loader',
    name: 'a',
    instance: 'b',
    acquire: lease,
    run: async () => {
      log.push('run');
      runs += 1;
      if (runs === 1) throw new SyncError('CONFIG_REGRESSED', 'another tree');
      stop.abort();
    },
    changed: () => new Promise(() => undefined),
    until: ({ code }) => (code === 'CONFIG_REGRESSED' ? come.promise : null),
    sink: { publish: () => undefined, clear: async () => undefined },
    metrics: { report: ({ state }) => states.push(state), countError: () => undefined, discard: () => undefined },
    logger: quiet,
    signal: stop.signal,
  });
  await vi.waitFor(() => expect(log).toEqual(['acquired', 'run', 'released']), { interval: 1 });
  await vi.waitFor(() => expect(states.at(-1)).toBe('failed'), { interval: 1, timeout: 10_000 });
  come.resolve();
  await done;
  expect(log).toEqual(['acquired', 'run', 'released', 'acquired', 'run', 'released']);
});

it('work that this process must not do is reported as failed with the reason, and no lease is asked for', async () => {
  const published: WorkStatus[] = [];
  const ending = new AbortController();
  let asked = 0;
  const counted: string[] = [];
  const done = runWork({
    app: 'loader',
    name: 'c.p',
    instance: 'host:1',
    acquire: () => {
      asked += 1;
      return Promise.reject(new Error('nobody may ask'));
    },
    run: () => Promise.reject(new Error('nobody may run')),
    changed: () => new Promise(() => undefined),
    refused: new SyncError('LEVEL_TOO_NEW', 'the cluster is at level 2; this build knows levels 1 to 1'),
    sink: { publish: (status) => void published.push(status), clear: async () => undefined },
    metrics: { report: () => undefined, countError: (_, code) => counted.push(code), discard: () => undefined },
    logger: quiet,
    signal: ending.signal,
  });
  await vi.waitUntil(() => published.some(({ state }) => state === 'failed'), { timeout: 10_000 });
  expect(published.at(-1)).toMatchObject({ state: 'failed', epoch: null, lastError: { code: 'LEVEL_TOO_NEW' } });
  ending.abort();
  await done;
  expect({ asked, counted }).toEqual({ asked: 0, counted: ['LEVEL_TOO_NEW'] });
});

it.each([
  [
    'is to be tried again by itself',
    ['TABLE_MISSING'] as const,
    'waiting',
    /^an automatic restart at 20.* \(1 of 3 within an hour\), or a retry: TABLE_MISSING$/,
    1,
  ],
  ['is not', [] as const, 'failed', /^a retry, or another configuration: TABLE_MISSING$/, 0],
] as const)('a stop that %s says so, and keeps the lease', async (_, listed, state, waitingFor, tries) => {
  const published: WorkStatus[] = [];
  const ending = new AbortController();
  let leases = 0;
  const done = runWork({
    app: 'loader',
    name: 'c.p',
    instance: 'host:1',
    acquire: async () => ({ number: (leases += 1), lost: new AbortController().signal, release: async () => undefined }),
    run: () => Promise.reject(new SyncError('TABLE_MISSING', 'shop.t is missing')),
    changed: (signal) => untilAbort(signal),
    restartsAt: () => listed,
    sink: { publish: (status) => void published.push(status), clear: async () => undefined },
    metrics: { report: () => undefined, countError: () => undefined, discard: () => undefined },
    logger: quiet,
    signal: ending.signal,
  });
  await vi.waitUntil(() => published.some((one) => one.state === state), { timeout: 10_000 });
  expect(published.at(-1)?.waitingFor).toMatch(waitingFor);
  expect(published.at(-1)?.restarts?.length ?? 0).toBe(tries);
  ending.abort();
  await done;
  expect(leases).toBe(1);
});
