import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { probeRoot } from './probe.js';
import { Root } from './root.js';

let [path, elsewhere] = ['', ''];
beforeEach(() => {
  [path, elsewhere] = [mkdtempSync(join(tmpdir(), 'lutra-probe-')), mkdtempSync('/dev/shm/lutra-probe-')];
});
afterEach(() => {
  for (const each of [path, elsewhere]) rmSync(each, { recursive: true });
});

it.each(['.lutra', '.lutra/stage', '.lutra/trash'])('%s on another file system than the root is refused by name', async (name) => {
  const root = new Root({ name: 'pics', path, maxBytes: null, mode: null, serveOnly: false });
  expect(await probeRoot(root)).toMatchObject({ folds: false });
  if (name === '.lutra') rmSync(join(path, name), { recursive: true });
  else mkdirSync(join(path, '.lutra'), { recursive: true });
  symlinkSync(elsewhere, join(path, name));
  const refused = { code: 'FILES_UNAVAILABLE', message: expect.stringContaining(`${name} is on another file system than the root`) };
  await expect(probeRoot(root)).rejects.toMatchObject(refused);
});
