import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { acquireLock } from './lock.js';
import { TestRoot } from './place.fixture.js';

let root: TestRoot;
beforeEach(() => void (root = new TestRoot()));
afterEach(() => root.remove());

const never = new AbortController().signal;

test('of many who want a root at once one has it at a time', async () => {
  let holders = 0;
  let most = 0;
  const one = async (): Promise<void> => {
    const lock = await acquireLock(root.path, { signal: never });
    most = Math.max(most, (holders += 1));
    await new Promise((resolve) => setImmediate(resolve));
    holders -= 1;
    await lock.release();
  };
  await Promise.all(Array.from({ length: 8 }, one));
  expect(most).toBe(1);
  expect(root.own('lock')).toEqual([]);
});

test('who waits is told once, and stops when it is to stop', async () => {
  const lock = await acquireLock(root.path, { signal: never });
  const stopping = new AbortController();
  const waits = Promise.withResolvers<void>();
  const second = acquireLock(root.path, { signal: stopping.signal, onWait: waits.resolve });
  await waits.promise;
  stopping.abort(new Error('stopped'));
  await expect(second).rejects.toThrow('stopped');
  await lock.release();
});

/** Listens as a holder does. */
const holder = `require('node:net').createServer().listen(process.argv[1], () => console.log('holds'))`;

test('a holder that stands still has it; one that was killed has not', async () => {
  await (await acquireLock(root.path, { signal: never })).release();
  const child = spawn(process.execPath, ['-e', holder, `${root.path}/.lutra/lock/other`], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  child.kill('SIGSTOP');
  const waits = Promise.withResolvers<void>();
  const lock = acquireLock(root.path, { signal: never, onWait: waits.resolve });
  expect(await Promise.race([lock.then(() => 'ours'), waits.promise.then(() => 'waits')])).toBe('waits');
  expect(root.own('lock')).toContain('other');
  child.kill('SIGKILL');
  await once(child, 'exit');
  await (await lock).release();
  expect(root.own('lock')).toEqual([]);
});
