/** Placing in processes that are killed, on file systems that are full or cannot be written to. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Random } from '../../../../test/harness/random.js';
import { a, call, sha256, TestRoot } from './placing.fixture.js';

let root: TestRoot;
beforeEach(() => void (root = new TestRoot(tmpdir())));
afterEach(() => root.remove());

const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

async function killedAfter(ms: number, parameters: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, ['--import', 'tsx', script('placing-process.fixture.ts'), ...parameters], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  await once(child.stdout, 'data');
  await sleep(ms);
  child.kill('SIGKILL');
  await ended;
}

test('a process that is killed at random moments leaves what its next owner puts right', async () => {
  const random = new Random(7);
  const log = join(root.path, '.lutra/committed');
  writeFileSync(log, '');
  const committed = (): number => Number(readFileSync(log, 'utf8').trim().split('\n').at(-1));
  let first = 1;
  // How far one comes before it is killed is the machine's: further rounds, until two were committed.
  for (let round = 1; round <= 8 || committed() <= 1; round += 1) {
    await killedAfter(random.int(0, 150), [root.path, log, String(first), String(round * 2)]);
    const places = await root.open();
    const epoch = round * 2 + 1;
    const { open } = await places.fence(call(0, a, epoch));
    for (const n of open.filter((n) => n > committed()).toReversed()) await places.unplace(call(n, a, epoch));
    await places.settle(call(committed(), a, epoch));
    await places.close();
    const expected = Array.from({ length: 12 }, (_, i) => [`f${i % 4}/${i}`, `version ${committed()} of ${i}`]);
    expect(root.files()).toEqual(committed() === 0 ? {} : Object.fromEntries(expected));
    expect(root.own(`undo/${a}`)).toEqual([]);
    for (const name of root.own('trash')) expect(sha256(readFileSync(join(root.path, '.lutra/trash', name), 'utf8'))).toBe(name);
    first = committed() + 1000 * round;
  }
});

/** In a namespace of its own, where anybody may mount. */
async function mounted(mount: string, what: string): Promise<string> {
  mkdirSync(join(root.path, 'mnt'));
  const commands = `mount -t tmpfs -o size=128k tmpfs "$0" && ${mount} && exec "$@"`;
  const node = [process.execPath, '--import', 'tsx', script('small-disk.fixture.ts'), join(root.path, 'mnt'), what];
  const { stdout } = await promisify(execFile)('unshare', ['-Urm', 'sh', '-c', commands, join(root.path, 'mnt'), ...node]);
  return stdout.trim();
}

test('a full disk is told, and nothing is placed on it; with room it goes on', async () => {
  expect(await mounted('true', 'full')).toBe('FILES_DISK_FULL, nothing there, nothing open, then 20 placed');
});

test('a disk that cannot be written to is told', async () => {
  expect(await mounted('mkdir -p "$0/.lutra/stage" && mount -o remount,ro "$0"', 'read-only')).toBe('FILES_DISK_FULL');
});
