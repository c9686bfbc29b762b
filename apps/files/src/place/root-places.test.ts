import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Disk } from './disk.js';
import { a, b, call, file, remove, request, sha256, TestRoot } from './place.fixture.js';
import type { RootPlaces } from './root-places.js';

let root: TestRoot;
let places: RootPlaces;

beforeEach(async () => {
  root = new TestRoot();
  places = await root.open();
});

afterEach(async () => {
  await places.close();
  root.remove();
});

async function place(n: number, files: Record<string, string>, pipeline = a): ReturnType<RootPlaces['place']> {
  for (const bytes of Object.values(files)) root.stage(bytes);
  return await places.place(request({ n, pipeline, files: Object.entries(files).map(([path, bytes]) => file(path, bytes)) }));
}

test('files are placed with their time and mode, and told from others', async () => {
  const { placed, notStaged } = await place(1, { 'x/y/one': '1', two: '2' });
  expect(notStaged).toEqual([]);
  expect(root.files()).toEqual({ 'x/y/one': '1', two: '2' });
  const stats = statSync(join(root.path, 'x/y/one'), { bigint: true });
  expect(placed[0]).toMatchObject({
    path: 'x/y/one',
    size: 1,
    ino: String(stats.ino),
    mtimeNs: String(stats.mtimeNs),
    sha256: sha256('1'),
  });
  expect([stats.mtimeMs, stats.mode & 0o777n]).toEqual([1_700_000_000_000n, 0o644n]);
  expect(root.own('stage')).toEqual([]);
});

test('nothing is placed if one is not staged', async () => {
  root.stage('1');
  const answer = await places.place(request({ n: 1, files: [file('one', '1'), file('two', '2')] }));
  expect(answer).toEqual({ placed: [], notStaged: ['two'] });
  expect([root.files(), root.own('stage')]).toEqual([{}, [sha256('1')]]);
  expect(await places.fence(call(0))).toEqual({ open: [] });
});

test('what is taken back is as it was, and staged again', async () => {
  root.write('old', 'before');
  root.write('keep/other', 'other');
  await place(1, { old: 'after', 'keep/new': 'new', 'x/y/z': 'deep' });
  await places.unplace(call(1));
  expect(root.files()).toEqual({ old: 'before', 'keep/other': 'other' });
  expect(root.folders()).toEqual(['keep']);
  expect(root.ownBytes('stage')).toEqual(['after', 'deep', 'new']);
  expect([root.own('undo/' + a), root.own('trash')]).toEqual([[], []]);
});

test('what another one wrote since stays', async () => {
  root.write('old', 'before');
  await place(1, { old: 'after', gone: 'x' });
  root.write('old', 'of an application');
  await places.unplace(call(1));
  expect(root.files()).toEqual({ old: 'of an application' });
  expect(root.ownBytes('trash')).toEqual(['before']);
});

test('what was replaced goes to the trash by its hash when it is settled', async () => {
  root.write('old', 'before');
  await place(1, { old: 'after' });
  await place(2, { old: 'later' });
  expect(root.own('trash')).toEqual([]);
  await places.settle(call(2));
  expect(root.files()).toEqual({ old: 'later' });
  expect(root.own('trash')).toEqual([sha256('before'), sha256('after')].sort());
  expect(root.own('undo/' + a)).toEqual([]);
  expect(await places.fence(call(0))).toEqual({ open: [] });
});

test('bytes that are there already are not written again', async () => {
  root.write('one', '1');
  const before = statSync(join(root.path, 'one'));
  const { placed } = await places.place(request({ n: 1, files: [file('one', '1')] }));
  expect(statSync(join(root.path, 'one')).ino).toBe(before.ino);
  expect(placed[0]?.ino).toBe(String(before.ino));
  await places.unplace(call(1));
  expect(root.files()).toEqual({ one: '1' });
});

test('two paths with the same staged bytes do not share them', async () => {
  root.stage('same');
  const { placed } = await places.place(request({ n: 1, files: [file('one', 'same'), file('two', 'same')] }));
  expect(root.files()).toEqual({ one: 'same', two: 'same' });
  expect(new Set(placed.map(({ ino }) => ino)).size).toBe(2);
});

test('of a path that comes twice the last one counts, in each answer', async () => {
  root.stage('first');
  root.stage('last');
  const { placed } = await places.place(request({ n: 1, files: [file('one', 'first'), file('one', 'last')] }));
  expect(placed.map(({ sha256 }) => sha256)).toEqual([sha256('last'), sha256('last')]);
  expect(root.files()).toEqual({ one: 'last' });
});

test('the same placing again has the same answer; another one of its number takes it back', async () => {
  const first = await place(1, { one: '1', two: '2' });
  expect(await places.place(request({ n: 1, files: [file('one', '1'), file('two', '2')] }))).toEqual(first);
  await place(1, { one: '3' });
  expect(root.files()).toEqual({ one: '3' });
});

test('a placing that comes behind its own end is refused', async () => {
  await place(1, { one: '1' });
  await places.unplace(call(1));
  await expect(place(1, { one: '1' })).rejects.toMatchObject({ code: 'FENCED' });
  await place(2, { one: '1' });
  await places.settle(call(2));
  await expect(place(2, { one: '2' })).rejects.toMatchObject({ code: 'FENCED' });
  expect(root.files()).toEqual({ one: '1' });
});

test('nothing of a lower epoch happens behind a fence, also after a restart', async () => {
  const [placed] = (await place(1, { one: '1' })).placed;
  expect(await places.fence(call(0, a, 2))).toEqual({ open: [1] });
  await places.close();
  places = await root.open();
  await expect(place(2, { one: '2' })).rejects.toMatchObject({ code: 'FENCED' });
  await expect(places.unplace(call(1))).rejects.toMatchObject({ code: 'FENCED' });
  await expect(places.settle(call(1))).rejects.toMatchObject({ code: 'FENCED' });
  await expect(places.fence(call(0))).rejects.toMatchObject({ code: 'FENCED' });
  await expect(places.delete({ ...call(0), path: 'one', placed: placed!, way: 'remove', mark: null })).rejects.toMatchObject({
    code: 'FENCED',
  });
  expect(await places.fence(call(0, a, 2))).toEqual({ open: [1] });
  await places.unplace(call(1, a, 2));
  expect(root.files()).toEqual({});
});

test('a fence waits for what is under way, and of two the higher one stays', async () => {
  const under = place(1, { 'x/one': '1' });
  const [, low, high, late] = await Promise.allSettled([
    under,
    places.fence(call(0, a, 2)),
    places.fence(call(0, a, 3)),
    places.fence(call(0, a, 2)),
  ]);
  expect(low).toMatchObject({ value: { open: [1] } });
  expect(high).toMatchObject({ value: { open: [1] } });
  expect(late).toMatchObject({ reason: { code: 'FENCED' } });
});

test('a higher epoch is let in without a fence only where nothing is open', async () => {
  await place(1, { one: '1' });
  await expect(places.place(request({ n: 2, epoch: 2, files: [] }))).rejects.toMatchObject({ code: 'FENCED' });
  await places.settle(call(1));
  await places.place(request({ n: 2, epoch: 2, files: [file('one', '1')] }));
  await expect(place(3, { one: '1' })).rejects.toMatchObject({ code: 'FENCED' });
});

test('what another pipeline may take back is not relied on', async () => {
  root.write('p', 'old');
  await place(1, { p: 'new' }, a);
  await places.place(request({ n: 7, pipeline: b, files: [file('p', 'new')] }));
  await places.unplace(call(1, a));
  expect(root.files()).toEqual({ p: 'new' });
  await places.unplace(call(7, b));
  expect(root.files()).toEqual({ p: 'old' });
});

test('whoever takes back first, nothing is left of two placings', async () => {
  for (const order of [
    [a, b],
    [b, a],
  ]) {
    await place(order[0] === a ? 1 : 2, { p: 'of a' }, a);
    await place(order[0] === a ? 1 : 2, { p: 'of b' }, b);
    for (const pipeline of order) await places.unplace(call(order[0] === a ? 1 : 2, pipeline));
    expect(root.files()).toEqual({});
  }
});

test('a file is deleted that is the one that was placed, and is named by nothing open', async () => {
  const [placed] = (await place(1, { 'x/one': '1' })).placed;
  const asked = { ...call(0), path: 'x/one', placed: placed!, way: 'trash' as const };
  expect(await remove(places, asked)).toBe('busy');
  await places.settle(call(1));
  expect(await remove(places, { ...asked, placed: { ...placed!, ino: '1' } })).toBe('changed');
  await places.place(request({ n: 4, pipeline: b, files: [file('x/one', '1')] }));
  expect(await remove(places, asked)).toBe('busy');
  await places.unplace(call(4, b));
  expect(await remove(places, asked)).toBe('deleted');
  expect([root.files(), root.folders(), root.ownBytes('trash')]).toEqual([{}, ['x'], ['1']]);
  expect(await remove(places, asked)).toBe('gone');
});

test('nothing is deleted beside the root or in our own folder', async () => {
  const [placed] = (await place(1, { one: '1' })).placed;
  for (const path of ['../one', '.lutra/stage/one', '/one', '']) {
    const asked = { ...call(0), path, placed: placed!, way: 'remove' as const, mark: null };
    await expect(places.delete(asked), path).rejects.toMatchObject({ code: 'FILE_PATH_INVALID' });
  }
});

test('what a next owner took back can be placed by it with the same number', async () => {
  await place(1, { one: '1' });
  await places.fence(call(0, a, 2));
  await places.unplace(call(1, a, 2));
  const { placed } = await places.place(request({ n: 1, epoch: 2, files: [file('one', '1')] }));
  expect([placed.length, root.files()]).toEqual([1, { one: '1' }]);
});

test('a mark is void once anybody places the path, if only by finding it there, and after a restart', async () => {
  const [placed] = (await place(1, { one: '1' })).placed;
  await places.settle(call(1));
  const asked = { ...call(0), path: 'one', placed: placed!, way: 'remove' as const };
  const marked = async (): Promise<string> => {
    const answer = await places.delete({ ...asked, mark: null });
    return answer.outcome === 'marked' ? answer.mark : '';
  };
  const early = await marked();
  await places.place(request({ n: 2, files: [file('one', '1')] }));
  await places.settle(call(2));
  expect(await places.delete({ ...asked, mark: early })).toEqual({ outcome: 'busy' });
  const before = await marked();
  await places.close();
  places = await root.open();
  expect(await places.delete({ ...asked, mark: before })).toEqual({ outcome: 'busy' });
  expect(root.files()).toEqual({ one: '1' });
  const mark = await marked();
  expect(await places.delete({ ...asked, mark })).toEqual({ outcome: 'deleted' });
  expect(await places.delete({ ...asked, mark })).toEqual({ outcome: 'busy' });
});

test('neither a folder nor through a link is anything deleted', async () => {
  const [placed] = (await place(1, { one: '1' })).placed;
  await places.settle(call(1));
  mkdirSync(join(root.path, 'folder'));
  symlinkSync('.', join(root.path, 'here'));
  const outcome = async (path: string) => await remove(places, { ...call(0), path, placed: placed!, way: 'remove' });
  expect(await outcome('folder')).toBe('changed');
  expect(await outcome('here/one')).toBe('changed');
  expect(await outcome('one')).toBe('deleted');
  expect(root.own('trash')).toEqual([]);
});

test('the trash is kept for seven days', async () => {
  root.write('old', 'before');
  utimesSync(join(root.path, 'old'), 1, 1);
  await place(1, { old: 'after' });
  await places.settle(call(1));
  const day = 24 * 3600 * 1000;
  await places.purge(Date.now() + 6 * day);
  expect(root.ownBytes('trash')).toEqual(['before']);
  await places.purge(Date.now() + 8 * day);
  expect(root.ownBytes('trash')).toEqual([]);
});

test('no path leads out of the root, into .lutra, or over a link or a folder', async () => {
  const outside = new TestRoot();
  outside.write('secret', 'secret');
  symlinkSync(outside.path, join(root.path, 'out'));
  symlinkSync(join(outside.path, 'secret'), join(root.path, 'link'));
  mkdirSync(join(root.path, 'folder'));
  root.write('plain', 'plain');
  const paths = [
    '../x',
    '/etc/x',
    'x/../../y',
    '.lutra/stage/x',
    'out/x',
    'link',
    'folder',
    'plain/x',
    'a//b',
    `${'n'.repeat(256)}`,
    'nul\0',
  ];
  for (const path of paths) await expect(place(1, { [path]: 'bytes' }), path).rejects.toMatchObject({ code: 'FILE_PATH_INVALID' });
  await expect(place(1, { x: 'file', 'x/y': 'in it' })).rejects.toMatchObject({ code: 'FILE_PATH_INVALID' });
  expect(root.files()).toEqual({ link: 'secret', 'out/secret': 'secret', plain: 'plain' });
  expect(readFileSync(join(outside.path, 'secret'), 'utf8')).toBe('secret');
  expect(existsSync(join(outside.path, 'x'))).toBe(false);
  expect(await places.fence(call(0))).toEqual({ open: [] });
  outside.remove();
});

test('staged bytes that go while they are placed are not staged, and nothing is placed', async () => {
  const goes = (when: string): Disk =>
    new Proxy(fs as Disk, {
      get:
        (target, name: keyof Disk) =>
        async (...args: unknown[]) => {
          const isIt = when === 'opened' ? name === 'open' : name === 'rename';
          if (isIt && String(args[0]).endsWith(`/${sha256('1')}`)) rmSync(join(root.path, '.lutra/stage', sha256('1')));
          return (await Reflect.apply(target[name], target, args)) as unknown;
        },
    });
  for (const when of ['opened', 'moved']) {
    await places.close();
    places = await root.open({ disk: goes(when) });
    expect(await place(1, { one: '1', 'x/two': '2' }), when).toEqual({ placed: [], notStaged: ['one'] });
    expect([root.files(), root.folders()]).toEqual([{}, []]);
    expect(await places.fence(call(0))).toEqual({ open: [] });
  }
  await places.close();
  places = await root.open();
});

test('a hash is no path', async () => {
  const bad = { ...file('one', '1'), sha256: '../../../etc/passwd' };
  await expect(places.place(request({ n: 1, files: [bad] }))).rejects.toMatchObject({ code: 'FILE_PATH_INVALID' });
});

test('staged bytes that a link names are not taken', async () => {
  root.stage('1');
  linkSync(join(root.path, '.lutra/stage', sha256('1')), join(root.path, 'elsewhere'));
  expect(await places.place(request({ n: 1, files: [file('one', '1')] }))).toMatchObject({ notStaged: ['one'] });
});

test('our own folder is ours alone', () => {
  for (const name of ['.lutra', '.lutra/undo', '.lutra/trash', '.lutra/fence']) {
    expect(lstatSync(join(root.path, name)).mode & 0o077 & (name === '.lutra' ? 0 : 0o777), name).toBe(0);
  }
});

test('what is left of an unfinished placing is gone after a start', async () => {
  const folder = join(root.path, '.lutra/undo', a, '9');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'old-0'), 'x');
  chmodSync(folder, 0o700);
  await places.close();
  places = await root.open();
  expect(root.own(`undo/${a}`)).toEqual([]);
});

test('whoever comes when it is closed is sent away', async () => {
  const last = place(1, { one: '1' });
  await Promise.resolve(); // it is under way
  const closed = places.close();
  await expect(place(2, { two: '2' })).rejects.toMatchObject({ code: 'FILES_UNAVAILABLE' });
  await Promise.all([closed, last]);
  expect(root.files()).toEqual({ one: '1' });
  places = await root.open();
});
