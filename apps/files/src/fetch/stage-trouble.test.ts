/** What happens to wanted files where something fails, ends, or is slow. */
import { stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { DownloadFailure } from '@lutra/files';
import { SyncError } from '@lutra/model';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { FetchBed, sha256 } from './fetch.fixture.js';

const large = (letter: string): Buffer => Buffer.alloc(9 * 1024 * 1024, letter);

let bed: FetchBed;
afterEach(() => bed.end());

const sent = { kind: 'staged', way: 'sent' };

describe('a disk that is full', () => {
  it('is asked before something is fetched, with what is on its way', async () => {
    const gigabyte = 1024 ** 3;
    const diskSize = () => Promise.resolve({ freeBytes: gigabyte + 5 * gigabyte + 15 * 1024 * 1024, totalBytes: 100 * gigabyte });
    bed = await FetchBed.make({ diskSize });
    bed.source.write('one', large('1'));
    bed.source.write('two', large('2'));
    const over = Promise.withResolvers<null>();
    bed.downloads.fate = () => over.promise;
    const first = bed.answers([{ path: 'one' }]);
    await expect.poll(() => bed.downloads.running).toBe(1);
    expect(await bed.answers([{ path: 'two' }])).toMatchObject([{ code: 'FILES_DISK_FULL' }]);
    over.resolve(null);
    expect(await first).toMatchObject([sent]);
  });

  it('is told where aria2 finds it so', async () => {
    bed = await FetchBed.make();
    bed.source.write('p', 'bytes');
    bed.downloads.fate = () => 'disk-full';
    expect(await bed.answers([{ path: 'p' }])).toMatchObject([{ code: 'FILES_DISK_FULL' }]);
  });
});

describe('a source region or an aria2 that is away', () => {
  const away = new SyncError('FILES_UNAVAILABLE', 'no files app answers');

  it('is tried again', async () => {
    bed = await FetchBed.make();
    bed.source.write('p', 'bytes');
    let failures = 2;
    bed.source.before = (what) => {
      if (what === 'manifest' && --failures >= 0) throw away;
    };
    expect(await bed.answers([{ path: 'p' }])).toMatchObject([sent]);
  });

  it.each(['network', 'aria2', 'expired'] as const)('a download that ends with %s goes on from where it was', async (kind) => {
    bed = await FetchBed.make();
    bed.source.write('p', large('p'));
    bed.source.write('s', 'small');
    bed.source.write('t', 'other');
    let failures = 4;
    bed.downloads.fate = () => (--failures >= 0 ? kind : null);
    expect(await bed.answers([{ path: 'p' }, { path: 's' }, { path: 't' }])).toMatchObject([sent, sent, sent]);
    const films = bed.downloads.orders.filter(({ size }) => size > 10);
    expect(new Set(films.map(({ gid, out }) => `${gid} ${out}`)).size).toBe(1);
  });

  it('is told after a while', async () => {
    bed = await FetchBed.make({ patience: { patienceMs: 20, firstPauseMs: 1 } });
    bed.source.write('p', large('p'));
    bed.source.write('s', 'small');
    bed.downloads.fate = () => 'network';
    expect(await bed.answers([{ path: 'p' }, { path: 's' }])).toMatchObject([{ code: 'FILES_UNAVAILABLE' }, { code: 'FILES_UNAVAILABLE' }]);
    bed.source.before = () => {
      throw away;
    };
    expect(await bed.answers([{ path: 'p' }])).toMatchObject([{ code: 'FILES_UNAVAILABLE' }]);
  });
});

describe('a client that is gone', () => {
  it('wants nothing more: what nobody else wants ends, and is begun anew for the next one', async () => {
    bed = await FetchBed.make();
    bed.source.write('p', large('p'));
    const held = Promise.withResolvers<never>();
    bed.downloads.fate = ({ signal }) => {
      signal.addEventListener('abort', () => held.reject(new DownloadFailure('network', 'given up')));
      return held.promise;
    };
    const [one, other] = [new AbortController(), new AbortController()];
    const ends = [one, other].map(({ signal }) => bed.answers([{ path: 'p' }], signal));
    await expect.poll(() => bed.downloads.running).toBe(1);
    one.abort();
    await expect(ends[0]).rejects.toMatchObject({ code: 'ABORTED' });
    expect(bed.downloads.running).toBe(1);
    other.abort();
    await expect(ends[1]).rejects.toMatchObject({ code: 'ABORTED' });
    await expect.poll(() => bed.downloads.running).toBe(0);
    bed.downloads.fate = () => null;
    expect(await bed.answers([{ path: 'p' }])).toMatchObject([sent]);
  });
});

describe('what is under way', () => {
  it('is told each second, of the first that wait', async () => {
    bed = await FetchBed.make();
    bed.source.write('p', large('p'));
    const over = Promise.withResolvers<null>();
    bed.downloads.fate = async ({ size, onProgress }) => {
      onProgress(size / 2, 1000);
      return await over.promise;
    };
    const told: unknown[] = [];
    for await (const line of bed.lines([{ path: 'p' }])) {
      told.push(line);
      if (line.kind === 'progress' && line.phase === 'sending') over.resolve(null);
    }
    expect(told).toContainEqual({
      kind: 'progress',
      id: 0,
      phase: 'sending',
      size: large('p').length,
      done: large('p').length / 2,
      bytesPerSecond: 1000,
    });
  });
});

describe('tiny files', () => {
  it('do not wait behind large ones', async () => {
    bed = await FetchBed.make();
    const films = Array.from({ length: 12 }, (_, index) => `film ${index}`);
    for (const film of films) bed.source.write(film, Buffer.alloc(9 * 1024 * 1024, film));
    bed.source.write('tiny', 'tiny');
    const over = Promise.withResolvers<null>();
    bed.downloads.fate = ({ size }) => (size > 1000 ? over.promise : null);
    const slow = bed.answers(films.map((path) => ({ path })));
    await expect.poll(() => bed.downloads.running).toBe(4);
    expect(await bed.answers([{ path: 'tiny' }])).toMatchObject([sent]);
    over.resolve(null);
    expect(await slow).toMatchObject(films.map(() => sent));
    expect(bed.downloads.mostRunning).toBe(5);
  });
});

describe('a limit', () => {
  it('is shared by what comes from the region, and changes while it runs', async () => {
    bed = await FetchBed.make();
    for (const letter of ['p', 'q']) bed.source.write(letter, large(letter));
    const over = Promise.withResolvers<null>();
    bed.downloads.fate = () => over.promise;
    bed.fetching.limits.set({ a: 1_000_000 });
    const end = bed.answers([{ path: 'p' }, { path: 'q' }]);
    await expect.poll(() => bed.downloads.running).toBe(2);
    expect([...bed.downloads.limits.values()]).toEqual([500_000, 500_000]);
    bed.fetching.limits.set({ a: 200_000 });
    expect([...bed.downloads.limits.values()]).toEqual([100_000, 100_000]);
    bed.fetching.limits.set({});
    expect([...bed.downloads.limits.values()]).toEqual([null, null]);
    over.resolve(null);
    await end;
  });
});

describe('the stage', () => {
  it('loses what nobody wanted, and not what is written to', async () => {
    bed = await FetchBed.make();
    bed.source.write('p', 'bytes');
    bed.source.write('q', large('q'));
    const over = Promise.withResolvers<null>();
    bed.downloads.fate = ({ size }) => (size > 1000 ? over.promise : null);
    await bed.answers([{ path: 'p' }]);
    const slow = bed.answers([{ path: 'q' }]);
    await expect.poll(() => bed.downloads.running).toBe(1);
    const [order] = bed.downloads.orders.slice(-1);
    await bed.put(`.lutra/stage/${order?.out}`, 'part');
    await bed.put(`.lutra/stage/${order?.out}.aria2`, 'control');
    await bed.put('.lutra/stage/left.part', 'part');
    await utimes(join(bed.folder, '.lutra/stage/left.part'), 1, 1);
    const staged = (await stat(join(bed.folder, '.lutra/stage', sha256('bytes')))).ctimeMs;
    await bed.fetching.tidy(staged);
    expect(await bed.stageNames()).toHaveLength(4);
    await bed.fetching.tidy(Date.now() + 1000);
    expect((await bed.stageNames()).toSorted()).toEqual([order?.out, `${order?.out}.aria2`]);
    over.resolve(null);
    expect(await slow).toMatchObject([sent]);
  });

  it('loses it also when nothing is wanted any more', async () => {
    bed = await FetchBed.make();
    bed.source.write('p', 'bytes');
    await bed.answers([{ path: 'p' }]);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 5_400_000 });
    try {
      await bed.fetching.tidy(Date.now() - 3_600_000);
    } finally {
      vi.useRealTimers();
    }
    expect(await bed.stageNames()).toEqual([]);
  });
});
