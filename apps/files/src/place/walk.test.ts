import { statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Random } from '../../../../test/harness/random.js';
import * as fs from 'node:fs/promises';
import { Folder } from './disk.js';
import { TestRoot } from './placing.fixture.js';
import { listFiles, walkFiles } from './walk.js';

let root: TestRoot;
let folder: Folder;
beforeEach(async () => {
  root = new TestRoot();
  folder = await Folder.ofRoot(fs, root.path);
});
afterEach(async () => {
  await folder.close();
  root.remove();
});

async function walked(after: string | null = null): Promise<readonly string[]> {
  const paths: string[] = [];
  for await (const { path } of walkFiles(folder, after)) paths.push(path);
  return paths;
}

test('files come in order, and behind any path on', async () => {
  const random = new Random(1);
  const name = (): string => random.text('ab.-é😀', random.int(1, 2)).replaceAll(/^\.+$/g, 'a');
  const isFree = (path: string): boolean =>
    !Object.keys(root.files()).some((other) => `${other}/`.startsWith(`${path}/`) || path.startsWith(`${other}/`));
  for (let i = 0; i < 60; i += 1) {
    const path = Array.from({ length: random.int(1, 3) }, name).join('/');
    if (isFree(path)) root.write(path, 'x');
  }
  const all = await walked();
  expect([...all].sort()).toEqual(Object.keys(root.files()).sort());
  for (const [i, path] of all.entries()) expect(await walked(path)).toEqual(all.slice(i + 1));
  const gone = all[10]!;
  root.write(`${gone}.new`, 'x');
  expect(await walked(`${gone}.neu`)).toEqual((await walked()).slice((await walked()).indexOf(gone) + 1));
});

test('neither our own folder nor what links lead to is among them', async () => {
  root.stage('staged');
  root.write('a/.lutra', 'not ours');
  symlinkSync('/etc', join(root.path, 'etc'));
  symlinkSync('a/.lutra', join(root.path, 'link'));
  expect(await walked()).toEqual(['a/.lutra']);
});

test('a list comes in pieces', async () => {
  for (const path of ['a', 'b/c', 'd']) root.write(path, 'x');
  const first = await listFiles(folder, { from: null, most: 2, unchangedMs: 0 });
  expect([first.files.map(({ path }) => path), first.looked, first.next]).toEqual([['a', 'b/c'], 2, 'b/c']);
  const next = await listFiles(folder, { from: 'b/c', most: 2, unchangedMs: 0 });
  const { size, mtimeNs, dev, ino } = statSync(join(root.path, 'd'), { bigint: true });
  const d = { path: 'd', size: Number(size), mtimeNs: String(mtimeNs), dev: String(dev), ino: String(ino) };
  expect(next).toEqual({ files: [d], looked: 1, next: null });
});

test('what was put there a moment ago is not in a list, however old its bytes are', async () => {
  root.write('a', 'x');
  await fs.utimes(join(root.path, 'a'), 1, 1);
  expect(await listFiles(folder, { from: null, most: 2, unchangedMs: 60_000 })).toEqual({ files: [], looked: 1, next: null });
});

test('files are asked for by their paths', async () => {
  for (const path of ['a', 'b/c']) root.write(path, 'x');
  symlinkSync('b', join(root.path, 'link'));
  const from = ['b/c', 'a/c', 'link/c', '../x', 'none/c', 'b', '.lutra/lock'];
  expect((await listFiles(folder, { from, most: 10, unchangedMs: 0 })).files).toMatchObject([{ path: 'b/c', size: 1 }]);
});
