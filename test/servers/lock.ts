/**
 * A lock between processes, as a folder. Two processes that both find a dead owner must not both win: "remove the stale
 * lock, then make mine" lets the second remove the lock that the first has just made. Here the lock folder holds one file
 * with the owner's unique name, and taking the lock is one rename of a ready-made folder, which the kernel refuses while
 * the target is not empty. Breaking a stale lock unlinks the dead owner's file by its name and nothing else.
 */
import { mkdir, readdir, readFile, rename, rm, rmdir, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const pollMs = 100;
const patienceMs = 15 * 60_000; // a slow download of another process

export async function withLock<T>(folder: string, work: () => Promise<T>): Promise<T> {
  const owner = `${process.pid}.${await startTime(process.pid)}.${crypto.randomUUID()}`;
  await acquire(folder, owner);
  try {
    return await work();
  } finally {
    await unlink(join(folder, owner)).catch(() => undefined);
    await rmdir(folder).catch(() => undefined); // fails when the next owner is in already
  }
}

async function acquire(folder: string, owner: string): Promise<void> {
  const ready = `${folder}.${owner}`;
  await mkdir(ready);
  await writeFile(join(ready, owner), '');
  const deadline = Date.now() + patienceMs;
  while (!(await taken(ready, folder))) {
    await breakStale(folder);
    if (Date.now() > deadline) {
      await rm(ready, { recursive: true, force: true });
      throw new Error(`gave up waiting for the lock ${folder}; its owner is alive: ${(await owners(folder)).join(' ')}`);
    }
    await sleep(pollMs);
  }
}

async function taken(ready: string, folder: string): Promise<boolean> {
  try {
    await rename(ready, folder);
    return true;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOTEMPTY' || code === 'EEXIST') return false;
    throw error;
  }
}

async function breakStale(folder: string): Promise<void> {
  for (const owner of await owners(folder)) {
    const [pid, started] = owner.split('.');
    if ((await startTime(Number(pid))) !== started) await unlink(join(folder, owner)).catch(() => undefined);
  }
}

async function owners(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}

/** When a process started, in clock ticks since boot: tells a living owner from another process with a recycled pid. */
async function startTime(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
  // The second field is the command in parentheses and may itself hold blanks and parentheses.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[19] ?? 'gone';
}
