import { statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { a, call, file, request, sha256, type TestRoot, useRoot } from './placing.fixture.js';
import type { RootPlaces } from './root-places.js';

let root: TestRoot;
let places: RootPlaces;

const place = useRoot(
  (made) => void ({ root, places } = made),
  () => ({ root, places }),
);

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
