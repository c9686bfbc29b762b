import { mkdtempDisposable, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cpuOf } from './file-tools.js';
import { differencesOf, makeTree, shapeOf } from './file-trees.js';

test('what is made is found again, and what is changed or lost is told', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'lutra-trees-'));
  const files = await makeTree(folder.path, 'small', 0.001);
  expect(files).toHaveLength(20);
  expect(new Set(files.map(({ sha256 }) => sha256)).size).toBe(20);
  expect(await differencesOf(folder.path, files)).toEqual([]);
  await writeFile(join(folder.path, 'small/0/3.bin'), 'x');
  await rm(join(folder.path, 'small/0/7.bin'));
  expect(await differencesOf(folder.path, files)).toEqual(['small/0/3.bin: has other bytes', 'small/0/7.bin: missing']);
});

test('at full scale: 20,000 of 75 KB in the mean or of 4 KiB, four of 1 GiB', () => {
  expect(shapeOf('smallFar', 1)).toEqual({ files: 20_000, sigma: 1, meanBytes: 75_000 });
  expect(shapeOf('tiny', 1)).toEqual({ files: 20_000, sigma: 0, meanBytes: 4_096 });
  expect(shapeOf('large', 1)).toEqual({ files: 4, sigma: 0, meanBytes: 2 ** 30 });
});

test('of what a shell tells of CPU time, that of its children counts', () => {
  expect(cpuOf('0m0.010000s 0m0.020000s\n1m2.500000s 0m1.250000s\n')).toBe(63_750_000);
});
