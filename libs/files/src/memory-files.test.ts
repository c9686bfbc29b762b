import { expect, it } from 'vitest';
import { MemoryFiles } from './memory-files.fixture.js';
import type { PlaceRequest, StageRequest, WantedFile } from './protocol.js';

const pipeline = 'abcdefghjkmn' as PlaceRequest['pipeline'];
const of = { pipeline, root: 'pics', epoch: 1 };
const staged = (bytes: string, path: string) => ({
  root: 'pics',
  path,
  sha256: MemoryFiles.sha256(bytes),
  size: bytes.length,
  mtimeNs: '0',
});

async function stageAll(files: MemoryFiles, ...paths: readonly string[]): Promise<readonly string[]> {
  const wanted = paths.map((path, id) => ({ id, root: 'pics', path, hash: null }) as WantedFile);
  const request: StageRequest = { pipeline, sourceRegion: 'ca', files: wanted };
  const kinds: string[] = [];
  for await (const { kind } of files.stage(request, new AbortController().signal)) kinds.push(kind);
  return kinds;
}

it('the files of tests: staged is invisible, placed is there, taken back is as it was', async () => {
  const files = new MemoryFiles();
  files.write({ root: 'pics', path: 'a' }, 'old');
  files.source.set('pics/a', 'new').set('pics/b', 'other');
  files.gone.add('pics/c');
  expect(await stageAll(files, 'a', 'b', 'c', 'd')).toEqual(['staged', 'staged', 'superseded', 'missing']);
  expect(files.bytesAt({ root: 'pics', path: 'a' })).toBe('old');

  expect(await files.place({ ...of, n: 1, files: [staged('never', 'a')] })).toMatchObject({ notStaged: ['a'] });
  const { placed } = await files.place({ ...of, n: 1, files: [staged('new', 'a'), staged('other', 'b')] });
  expect(files.bytesAt({ root: 'pics', path: 'a' })).toBe('new');
  const [identity] = placed;
  const leaving = { ...of, path: 'a', placed: identity!, way: 'trash', mark: null } as const;
  expect(await files.delete(leaving)).toEqual({ outcome: 'busy' });

  await files.unplace({ ...of, n: 1 });
  expect(files.bytesAt({ root: 'pics', path: 'a' })).toBe('old');
  expect(files.bytesAt({ root: 'pics', path: 'b' })).toBeUndefined();
  const marked = await files.delete(leaving);
  const mark = marked.outcome === 'marked' ? marked.mark : null;
  expect(await files.delete({ ...leaving, mark })).toEqual({ outcome: 'changed' });
});

it('a lost answer leaves what was done, and a lower epoch is refused', async () => {
  const files = new MemoryFiles();
  files.source.set('pics/a', 'new');
  await stageAll(files, 'a');
  files.fail('place', 'after');
  await expect(files.place({ ...of, n: 7, files: [staged('new', 'a')] })).rejects.toMatchObject({ code: 'FILES_UNAVAILABLE' });
  expect(files.bytesAt({ root: 'pics', path: 'a' })).toBe('new');
  expect(await files.fence({ ...of, epoch: 2 })).toEqual({ open: [7] });
  await expect(files.settle({ ...of, n: 7 })).rejects.toMatchObject({ code: 'FENCED' });
  await files.settle({ ...of, epoch: 2, n: 7 });
  expect(files.open(pipeline)).toEqual([]);
});
