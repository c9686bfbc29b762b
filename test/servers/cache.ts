/**
 * `${XDG_CACHE_HOME:-~/.cache}/lutra/`: what is downloaded or initialised once per user. An entry appears whole (built in a
 * draft folder, then renamed) or not at all, and is never changed afterwards; the work is done once, however many processes ask.
 */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { withLock } from './lock.js';

export function cacheFolder(): string {
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'lutra');
}

/** Resolves to the entry's folder; `build` fills the draft when there is no entry yet. */
export async function cached(name: string, build: (draft: string) => Promise<void>): Promise<string> {
  const entry = join(cacheFolder(), name);
  if (existsSync(entry)) return entry;
  await mkdir(cacheFolder(), { recursive: true });
  return withLock(`${entry}.lock`, async () => {
    if (!existsSync(entry)) await make(entry, build);
    return entry;
  });
}

async function make(entry: string, build: (draft: string) => Promise<void>): Promise<void> {
  await removeDrafts(entry);
  const draft = await mkdtemp(`${entry}.draft-`);
  try {
    await build(draft);
    await rename(draft, entry);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    throw error;
  }
}

/** We hold the lock: a draft that is there belongs to a process that died. */
async function removeDrafts(entry: string): Promise<void> {
  const folder = cacheFolder();
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    if (path.startsWith(`${entry}.draft-`)) await rm(path, { recursive: true, force: true });
  }
}
