import { SyncError } from '@lutra/model';
import type { WorkStatus } from '@lutra/model';
import { expect, it, vi } from 'vitest';
import { runWork } from './run-work.js';

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
    refused: new SyncError('LEVEL_TOO_NEW', 'the cluster is at level 2; this build knows levels 1 to 1'),
    sink: { publish: async (status) => void published.push(status), clear: async () => undefined },
    metrics: { report: () => undefined, countError: (_, code) => counted.push(code), discard: () => undefined },
    logger: { info: () => undefined, warn: () => undefined, error: () => undefined },
    signal: ending.signal,
  });
  await vi.waitUntil(() => published.some(({ state }) => state === 'failed'), { timeout: 10_000 });
  expect(published.at(-1)).toMatchObject({ state: 'failed', epoch: null, lastError: { code: 'LEVEL_TOO_NEW' } });
  ending.abort();
  await done;
  expect({ asked, counted }).toEqual({ asked: 0, counted: ['LEVEL_TOO_NEW'] });
});
