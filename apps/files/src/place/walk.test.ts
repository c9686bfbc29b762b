import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Random } from '../../../../test/harness/random.js';
import { TestRoot } from './place.fixture.js';
import { walkFiles } from './walk.js';

let root: TestRoot;
beforeEach(() => void (root = new TestRoot()));
afterEach(() => root.remove());

async function walked(after: string | null = null): Promise<readonly string[]> {
  const paths: string[] = [];
  for await (const { path } of walkFiles(root.path, after)) paths.push(path);
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
