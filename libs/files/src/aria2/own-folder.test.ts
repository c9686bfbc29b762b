import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { OwnFolder } from './own-folder.js';

it('what a killed process has left goes with the next start; folders of the living stay, and such as nobody listens in', async () => {
  const [killed, strange] = await Promise.all([1, 2].map(() => mkdtemp(join(tmpdir(), 'lutra-aria2-'))));
  await writeFile(join(killed!, 'aria2.conf'), 'rpc-secret=x');
  const listens = `require('net').createServer().listen(${JSON.stringify(join(killed!, 'alive'))}, () => console.log('listens'))`;
  const child = spawn(process.execPath, ['-e', listens]);
  const ended = once(child, 'exit');
  await once(child.stdout, 'data');
  const first = await OwnFolder.make();
  expect([killed!, strange!, first.path].map(existsSync)).toEqual([true, true, true]);
  child.kill('SIGKILL');
  await ended;
  const next = await OwnFolder.make();
  expect([killed!, strange!, first.path, next.path].map(existsSync)).toEqual([false, true, true, true]);
  await Promise.all([first.remove(), next.remove()]);
  expect(existsSync(next.path)).toBe(false);
  await rm(strange!, { recursive: true });
});
