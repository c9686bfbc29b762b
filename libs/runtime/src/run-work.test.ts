import { SyncError } from '@lutra/model';
import type { WorkState } from '@lutra/model';
import { expect, it, vi } from 'vitest';
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
