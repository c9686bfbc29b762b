import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { StageFolder } from './stage-folder.js';

it('begins without what a process that was killed has left, but for what can be gone on with', async () => {
  const root = await mkdtemp(join(tmpdir(), 'lutra-stage-'));
  onTestFinished(() => rm(root, { recursive: true }));
  const stage = new StageFolder(root);
  await mkdir(stage.path, { recursive: true });
  const useful = ['a'.repeat(64), 'b.part', 'b.part.aria2'];
  for (const name of [...useful, 'c.tmp', 'd.pack', 'd.pack.aria2']) await writeFile(stage.file(name), '');
  await stage.make();
  expect(new Set(await readdir(stage.path))).toEqual(new Set(useful));
  await writeFile(stage.file('mine.tmp'), '');
  await stage.make();
  expect(await readdir(stage.path)).toContain('mine.tmp');
});
