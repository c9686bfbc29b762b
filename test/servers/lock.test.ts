/** The lock between processes; several callers in one process take it just the same. */
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { withLock } from './lock.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lutra-lock-'));
});
afterEach(() => rm(folder, { recursive: true }));

test('two holders never overlap, and nothing stays behind', async () => {
  let inside = 0;
  const work = async (): Promise<number> => {
    inside += 1;
    await sleep(5);
    return inside--;
  };
  const seen = await Promise.all(Array.from({ length: 8 }, () => withLock(join(folder, 'x.lock'), work)));
  expect(seen).toEqual(Array(8).fill(1));
  expect(await readdir(folder)).toEqual([]);
});

test.each(['2147483646.1.dead', `${process.pid}.1.recycled-pid`])('a lock whose owner is gone (%s) is taken over', async (owner) => {
  await mkdir(join(folder, 'x.lock'));
  await writeFile(join(folder, 'x.lock', owner), '');
  expect(await withLock(join(folder, 'x.lock'), async () => 'done')).toBe('done');
});

test('a failure inside frees the lock', async () => {
  const failing = withLock(join(folder, 'x.lock'), () => Promise.reject(new Error('inside')));
  await expect(failing).rejects.toThrow('inside');
  expect(await withLock(join(folder, 'x.lock'), async () => 'done')).toBe('done');
});
