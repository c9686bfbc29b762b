import type { PositionBackup } from '@lutra/registry';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Acknowledged } from '../stream/log-writer.js';
import { PositionBackupWriter } from './position-backup-writer.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function heartbeat(seq: number): Acknowledged {
  const position = { file: 'binlog.000001', pos: seq, gtidSet: null };
  const control = { kind: 'heartbeat', endpoint: 'a', position, seen: {}, resolutions: 0, publishedThrough: null, tsMs: 0 } as const;
  return { header: { log: 'l', epoch: 1, seq } as Acknowledged['header'], offset: seq, bytes: 1, count: 1, row: null, control };
}

/** What is written, by seq. */
function writer(signal: AbortSignal) {
  const written: number[] = [];
  const logs = {
    read: async () => null,
    write: async (_: string, { seq }: PositionBackup) => written.push(seq),
    remove: async () => undefined,
  };
  const of = new PositionBackupWriter({
    endpoint: 'a',
    logs,
    version: 0,
    server: 'uuid',
    firstSeq: 0,
    routes: { tables: {}, revision: 1, pipelines: {} } as never,
    logger: { warn: () => undefined },
    onLost: () => expect.unreachable(),
    signal,
  });
  return { of, written };
}

it('the last heartbeat is written, also one that comes a moment after another one and is followed by none', async () => {
  const { of, written } = writer(new AbortController().signal);
  of.acknowledged([heartbeat(1)]);
  await vi.advanceTimersByTimeAsync(500);
  of.acknowledged([heartbeat(2)]);
  of.acknowledged([heartbeat(3)]);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(written).toEqual([1]);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(written).toEqual([1, 3]);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(written).toEqual([1, 3]);
});

it('writes nothing when its leadership has ended', async () => {
  const end = new AbortController();
  const { of, written } = writer(end.signal);
  of.acknowledged([heartbeat(1)]);
  await vi.advanceTimersByTimeAsync(0);
  of.acknowledged([heartbeat(2)]);
  end.abort();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(written).toEqual([1]);
});
