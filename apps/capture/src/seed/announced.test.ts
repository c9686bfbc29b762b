/** When capture looks after orders, held against the records that the log has ahead of the place where it reads. */
import { SyncError } from '@lutra/model';
import { describe, expect, it } from 'vitest';
import type { CaptureRun } from '../capture-run.js';
import type { Boundary } from '../stream/output.js';
import type { Verified } from '../verify/verify.js';
import { Seeding } from './seeding.js';

const boundary = (pos: number, publishedThrough: string | null): Boundary => ({
  kind: 'boundary',
  end: { file: 'binlog.000001', pos, gtidSet: '' },
  seen: {},
  commitTimeUs: null,
  marked: false,
  skipped: false,
  rows: 0,
  publishedThrough,
});

function seedingOf(read: (uid: string) => Promise<null>, uids: readonly string[] = ['u']): { seeding: Seeding; looks: string[] } {
  const looks: string[] = [];
  const seeds = {
    names: async () => uids,
    read: (uid: string) => {
      looks.push(uid);
      return read(uid);
    },
  };
  const run = {
    deps: { registry: { seeds, status: { list: async () => [] } }, level: { current: 2 } },
    endpoint: { name: 'a', region: 'r' },
    signal: new AbortController().signal,
    source: {},
    work: { pipelines: Object.fromEntries(uids.map((uid) => [uid, {}])) },
  } as unknown as CaptureRun;
  const verified = { state: {}, claim: { log: 'l' } } as unknown as Verified;
  return { seeding: new Seeding(run, verified, { writer: {}, routing: { now: {} }, lagMs: () => 0 } as never), looks };
}

describe('orders at routes that were announced', () => {
  it('are looked after before a change comes, if nothing of what follows is in the log', async () => {
    const { seeding, looks } = seedingOf(async () => null);
    await seeding.announced(boundary(4, null), { publishedThrough: null, resolutions: 0 });
    expect(looks).toEqual(['u']);
  });

  it('are looked after at the first place behind what the log has already, before the next change', async () => {
    const { seeding, looks } = seedingOf(async () => null);
    await seeding.announced(boundary(4, 'g:2'), { publishedThrough: 'g:2', resolutions: 0 });
    await seeding.reached(boundary(8, 'g:2'), 0);
    expect(looks).toEqual([]);
    await seeding.reached(boundary(12, null), 0);
    expect(looks).toEqual(['u']);
    await seeding.reached(boundary(16, null), 0);
    expect(looks).toEqual(['u']);
  });

  it('hold up the reader if one of them cannot be read now, whatever is wrong with another one', async () => {
    const failures: Record<string, SyncError> = {
      refused: new SyncError('SEED_REFUSED', 'too many tables'),
      waits: new SyncError('ZOOKEEPER_UNAVAILABLE', 'away'),
    };
    for (const uids of [
      ['refused', 'waits'],
      ['waits', 'refused'],
    ]) {
      const { seeding } = seedingOf((uid) => Promise.reject(failures[uid]), uids);
      await expect(seeding.announced(boundary(4, null), { publishedThrough: null, resolutions: 0 })).rejects.toThrow('away');
    }
  });
});
