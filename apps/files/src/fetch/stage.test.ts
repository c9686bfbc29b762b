/** Each wanted file is answered, once, and what is said to be staged is there with these bytes. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
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
    expect(bed.downloads.orders.length).toBeLessThan(4);
    expect(bed.source.asked[0]).toBe('manifest 4');
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

  it('is here by the hash of its row, though its source has it no more', async () => {
    bed = await FetchBed.make();
    await bed.put(`.lutra/trash/${sha256('let go')}`, 'let go');
    await bed.put(`.lutra/trash/${sha256('damaged')}`, 'other bytes');
    await bed.put('there', 'there');
    bed.source.write('other', 'newer');
    const asked = [
      { path: 'gone', hash: sha256('let go') },
      { path: 'other', hash: sha256('let go') },
      { path: 'there', hash: sha256('there') },
      { path: 'gone', hash: sha256('damaged') },
    ];
    const copied = { way: 'copied', sha256: sha256('let go'), size: 6 };
    expect(await bed.answers(asked)).toMatchObject([
      copied,
      copied,
      { way: 'same' },
      { kind: expect.stringMatching(/missing|superseded/) },
    ]);
    expect(await bed.staged(sha256('let go'))).toEqual(Buffer.from('let go'));
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
    bed.source.before = (what) => {
      if (what === 'get') bed.source.write('p', `v${++version}`);
    };
    expect(await bed.answers([{ path: 'p' }])).toMatchObject([{ kind: 'unstable' }]);
  });

  it('does not keep the others of its pack', async () => {
    bed = await FetchBed.make();
    const paths = Array.from({ length: 40 }, (_, index) => `p${index}`);
    for (const path of paths) bed.source.write(path, path);
    let version = 0;
    bed.source.before = (what) => {
      if (what === 'get') bed.source.write('p7', `v${++version}`);
    };
    const answers = await bed.answers(paths.map((path) => ({ path })));
    expect(answers.filter(({ kind }) => kind !== 'staged')).toMatchObject([{ kind: 'unstable', id: 7 }]);
  });
});
