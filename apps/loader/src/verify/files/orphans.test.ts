import { MemoryFiles } from '../../../../../libs/files/src/memory-files.fixture.js';
import type { PipelineUid } from '@lutra/model';
import type { LastPlaced } from '@lutra/mysql';
import { beforeEach, expect, it } from 'vitest';
import { findOrphans } from './orphans.js';
import type { FoundOrphans } from './orphans.js';

const root = 'pics';
const [pipeline, epoch] = ['uid' as PipelineUid, 1];
let files: MemoryFiles;
/** What rows name. */
let rows: Set<string>;
let placed: Map<string, LastPlaced>;
/** Takes place before the calls with these numbers. */
let before: { readonly named: Map<number, () => unknown>; readonly list: Map<number, () => unknown>; readonly end: (() => unknown)[] };
beforeEach(() => {
  files = new MemoryFiles();
  [rows, placed] = [new Set(), new Map()];
  before = { named: new Map(), list: new Map(), end: [] };
  for (const path of ['a', 'b/1', 'b/2', 'c']) files.write({ root, path }, `bytes of ${path}`);
  for (const path of ['a', 'b/1']) rows.add(path);
});

function find(most?: number): Promise<FoundOrphans> {
  let [walks, lists] = [0, 0];
  return findOrphans({
    async *named() {
      await before.named.get((walks += 1))?.();
      for (const path of rows) yield [path];
      yield ['of no file'];
      if (walks === 2) for (const happens of before.end) await happens();
    },
    list: async (request) => {
      await before.list.get((lists += 1))?.();
      return files.list({ root, ...request });
    },
    placed: async (paths) => new Map([...placed].filter(([path]) => paths.includes(path))),
    between: async () => undefined,
    ...(most !== undefined && { most }),
  });
}

const orphansOf = async (): Promise<readonly string[]> => [...(await find()).orphans.keys()];

/** A loader places what is there already, for a row that it has not committed. */
async function place(path: string): Promise<void> {
  const bytes = `bytes of ${path}`;
  await files.place({ pipeline, epoch, root, n: 1, files: [{ root, path, sha256: MemoryFiles.sha256(bytes), size: 1, mtimeNs: '0' }] });
}

it('finds files that no row names, with their bytes', async () => {
  expect(await find()).toEqual({
    orphans: new Map([
      ['b/2', 12],
      ['c', 10],
    ]),
    files: 4,
    isWhole: true,
  });
});

it('the rows are read before the files: a row that has gone meanwhile counts', async () => {
  before.list.set(1, () => rows.clear());
  expect(await orphansOf()).toEqual(['b/2', 'c']);
});

it('a row that comes while the files are listed keeps its file', async () => {
  before.list.set(1, () => rows.add('c'));
  expect(await orphansOf()).toEqual(['b/2']);
});

it('an open placing keeps its file, though nothing is written', async () => {
  before.end.push(() => place('c'));
  expect(await orphansOf()).toEqual(['b/2']);
});

it('so does one that is not open any more behind the second look at the rows', async () => {
  placed.set('c', { by: 'uid 0', isLeaving: false });
  before.end.push(async () => {
    await place('c');
    placed.set('c', { by: 'uid 1', isLeaving: false });
    await files.unplace({ pipeline, epoch, root, n: 1 });
  });
  expect(await orphansOf()).toEqual(['b/2']);
});

it('a file that its pipeline is about to take away is none, and neither is one that has gone', async () => {
  placed.set('c', { by: 'uid 1', isLeaving: true });
  before.end.push(() => files.tree.delete(`${root}/b/2`));
  expect(await orphansOf()).toEqual([]);
});

it('keeps a bounded number, and says that there are more', async () => {
  for (let i = 0; i < 20; i += 1) files.write({ root, path: `d/${i}` }, 'x');
  const found = await find(5);
  expect([found.orphans.size, found.isWhole]).toEqual([5, false]);
});
