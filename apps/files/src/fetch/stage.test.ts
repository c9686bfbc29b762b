/** Each wanted file is answered, once, and what is said to be staged is there with these bytes. */
import { stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { DownloadFailure } from '@lutra/files';
import { SyncError } from '@lutra/model';
import { afterEach, describe, expect, it } from 'vitest';
import { FetchBed, sha256 } from './fetch.fixture.js';

const large = (letter: string): Buffer => Buffer.alloc(9 * 1024 * 1024, letter);

let bed: FetchBed;
afterEach(() => bed.end());

const sent = { kind: 'staged', way: 'sent' };

describe('a file that the source region has', () => {
  it('is fetched: small ones in a pack, a large one by itself, an empty one not at all', async () => {
    bed = await FetchBed.make();
    const files = { 'a/1.jpg': 'one', 'a/2.jpg': 'two', 'big.mp4': large('x'), empty: '' };
    for (const [path, bytes] of Object.entries(files)) bed.source.write(path, bytes);
    const answers = await bed.answers(Object.keys(files).map((path) => ({ path })));
    expect(answers).toMatchObject([sent, sent, sent, sent]);
    for (const bytes of Object.values(files)) expect(sha256(await bed.staged(sha256(bytes)))).toBe(sha256(bytes));
    expect(bed.downloads.orders.map(({ sha256: known }) => known)).toEqual(expect.arrayContaining([null, sha256(large('x'))]));
    expect(bed.downloads.orders).toHaveLength(2);
    expect(bed.source.asked).toEqual(['manifest 4', 'pack 2']);
    expect((await bed.stageNames()).toSorted()).toEqual(
      Object.values(files)
        .map((bytes) => sha256(bytes))
        .toSorted(),
    );
  });

  it('has the time and the permissions of its place already', async () => {
    bed = await FetchBed.make();
    bed.source.write('p', 'bytes');
    await bed.answers([{ path: 'p' }]);
    const { mtimeMs, mode } = await stat(join(bed.folder, '.lutra/stage', sha256('bytes')));
    expect([mtimeMs, mode & 0o777]).toEqual([1_700_000_000_000, 0o644]);
  });

  it('does not travel where its bytes are at its place, in the stage, or elsewhere on the disk', async () => {
    bed = await FetchBed.make();
    for (const path of ['there', 'elsewhere', 'other']) bed.source.write(path, path === 'there' ? 'there' : 'copied');
    bed.source.write('late', 'staged');
    await bed.put('there', 'there');
    await bed.put('elsewhere', 'copied');
    expect(await bed.answers([{ path: 'there' }, { path: 'elsewhere' }])).toMatchObject([{ way: 'same' }, { way: 'same' }]);
    expect(await bed.answers([{ path: 'other' }])).toMatchObject([{ way: 'copied', sha256: sha256('copied') }]);
    expect(await bed.staged(sha256('copied'))).toEqual(Buffer.from('copied'));
    expect(await bed.answers([{ path: 'late' }])).toMatchObject([{ way: 'sent' }]);
    bed.restart();
    expect(await bed.answers([{ path: 'late' }])).toMatchObject([{ way: 'copied' }]);
    expect(bed.downloads.orders).toHaveLength(1);
  });

  it('travels where what was elsewhere on the disk has other bytes by now', async () => {
    bed = await FetchBed.make();
    bed.source.write('one', 'bytes');
    bed.source.write('two', 'bytes');
    await bed.put('one', 'bytes');
    expect(await bed.answers([{ path: 'one' }])).toMatchObject([{ way: 'same' }]);
    await bed.put('one', 'BYTES');
    expect(await bed.answers([{ path: 'two' }])).toMatchObject([{ way: 'sent' }]);
    expect(await bed.staged(sha256('bytes'))).toEqual(Buffer.from('bytes'));
  });

  it('travels once for several rows, and goes to all of them', async () => {
    bed = await FetchBed.make();
    for (const path of ['a', 'b', 'c']) bed.source.write(path, large('s'));
    const answers = await bed.answers([{ path: 'a' }, { path: 'b' }, { path: 'c' }, { path: 'a' }]);
    expect(answers.map((answer) => answer.kind)).toEqual(['staged', 'staged', 'staged', 'staged']);
    expect(bed.downloads.orders).toHaveLength(1);
  });
});

describe('an ask', () => {
  it('is not shared with a row that was read after it was sent', async () => {
    bed = await FetchBed.make();
    bed.source.write('p', 'old');
    const asked = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    bed.source.before = async (what) => {
      if (what !== 'manifest') return;
      asked.resolve();
      await goOn.promise;
    };
    const first = bed.answers([{ path: 'p' }]);
    await asked.promise;
    bed.source.before = () => undefined;
    bed.source.write('p', 'new');
    expect(await bed.answers([{ path: 'p' }])).toMatchObject([{ sha256: sha256('new') }]);
    goOn.resolve();
    await first;
  });

  it('goes on until the source region has read the file', async () => {
    bed = await FetchBed.make();
    bed.source.write('p', 'bytes');
    bed.source.answers.set('pics p', [{ kind: 'hashing', size: 5, done: 2 }]);
    const lines: string[] = [];
    for await (const line of bed.lines([{ path: 'p' }])) lines.push(line.kind === 'progress' ? line.phase : line.kind);
    expect(lines.at(-1)).toBe('staged');
    expect(bed.source.asked).toEqual(['manifest 1', 'manifest 1']);
  });
});

describe('a file that cannot be brought', () => {
  it('is missing while its row names it, else superseded', async () => {
    bed = await FetchBed.make();
    bed.source.unnamed.add('moved');
    expect(await bed.answers([{ path: 'gone' }, { path: 'moved' }])).toMatchObject([{ kind: 'missing' }, { kind: 'superseded' }]);
  });

  it('is refused where the row carries another hash and still names the file, else superseded', async () => {
    bed = await FetchBed.make();
    bed.source.write('p', 'bytes');
    bed.source.unnamed.add(sha256('older'));
    const answers = await bed.answers([
      { path: 'p', hash: sha256('other') },
      { path: 'p', hash: sha256('older') },
      { path: 'p', hash: sha256('bytes') },
    ]);
    expect(answers).toMatchObject([{ code: 'FILE_HASH_MISMATCH' }, { kind: 'superseded' }, sent]);
  });

  it('is refused by name: too big, another root, a path that is not followed', async () => {
    bed = await FetchBed.make({ maxBytes: 3 });
    bed.source.write('p', 'bytes');
    bed.source.write('../p', 'abc');
    const answers = await bed.answers([{ path: 'p' }, { path: 'p', root: 'docs' }, { path: '../p' }]);
    expect(answers).toMatchObject([{ code: 'FILE_TOO_BIG' }, { code: 'FILE_ROOT_UNKNOWN' }, { code: 'FILE_PATH_INVALID' }]);
  });

  it('is refused where its bytes arrive thrice as others, and nothing of them is kept', async () => {
    bed = await FetchBed.make();
    bed.source.write('small', 'bytes');
    bed.source.write('other', 'more');
    bed.source.write('large', large('l'));
    bed.downloads.fate = () => 'flipped';
    const answers = await bed.answers([{ path: 'small' }, { path: 'large' }]);
    expect(answers).toMatchObject([{ code: 'FILE_HASH_MISMATCH' }, { code: 'FILE_HASH_MISMATCH' }]);
    expect(bed.downloads.orders).toHaveLength(6);
    expect(await bed.stageNames()).toEqual([]);
  });

  it('is unstable where it changed whenever it was fetched', async () => {
    bed = await FetchBed.make();
    let version = 0;
    bed.source.write('p', 'v0');
    bed.source.before = (what) => what === 'get' && bed.source.write('p', `v${++version}`);
    expect(await bed.answers([{ path: 'p' }])).toMatchObject([{ kind: 'unstable' }]);
  });

  it('does not keep the others of its pack', async () => {
    bed = await FetchBed.make();
    const paths = Array.from({ length: 40 }, (_, index) => `p${index}`);
    for (const path of paths) bed.source.write(path, path);
    let version = 0;
    bed.source.before = (what) => what === 'get' && bed.source.write('p7', `v${++version}`);
    const answers = await bed.answers(paths.map((path) => ({ path })));
    expect(answers.filter(({ kind }) => kind !== 'staged')).toMatchObject([{ kind: 'unstable', id: 7 }]);
  });
});

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

  it('is tried again, and told after a while', async () => {
    bed = await FetchBed.make();
    bed.source.write('p', 'bytes');
    let failures = 2;
    const fails = (): void => {
      failures -= 1;
      if (failures >= 0) throw away;
    };
    bed.source.before = (what) => (what === 'manifest' ? fails() : undefined);
    expect(await bed.answers([{ path: 'p' }])).toMatchObject([sent]);
    failures = Infinity;
    expect(await bed.answers([{ path: 'q' }])).toMatchObject([{ code: 'FILES_UNAVAILABLE' }]);
  });

  it.each(['network', 'aria2', 'expired'] as const)('a download that ends with %s goes on from where it was', async (kind) => {
    bed = await FetchBed.make();
    bed.source.write('p', large('p'));
    bed.source.write('s', 'small');
    bed.source.write('t', 'other');
    let failures = 4;
    bed.downloads.fate = () => (--failures >= 0 ? kind : null);
    expect(await bed.answers([{ path: 'p' }, { path: 's' }, { path: 't' }])).toMatchObject([sent, sent, sent]);
    expect(new Set(bed.downloads.orders.map(({ out }) => out)).size).toBe(2);
    bed.downloads.fate = () => kind;
    bed.source.write('q', large('q'));
    expect(await bed.answers([{ path: 'q' }])).toMatchObject([{ code: 'FILES_UNAVAILABLE' }]);
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
});
