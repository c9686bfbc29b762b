/** Files that no row names any more. */
import { mkdirSync, symlinkSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { b, call, file, remove, request, type TestRoot, useRoot } from './placing.fixture.js';
import type { RootPlaces } from './root-places.js';

let root: TestRoot;
let places: RootPlaces;

const place = useRoot(
  (made) => void ({ root, places } = made),
  () => ({ root, places }),
);

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
