/**
 * `.lutra/trash/<sha256>`: what was replaced or deleted, for seven days. A file's ctime says since when: a rename sets it. `in-<id>` is on
 * its way there.
 */
import { randomUUID } from 'node:crypto';
import type { FileIdentity, StagedFile } from '@lutra/files';
import { eachOf } from '../each-of.js';
import { type Folder, identityOf, ignoring, inFolder, isSame, orNull, split } from './disk.js';
import type { Tree } from './tree.js';
import type { Kept } from './undo.js';

const keptMs = 7 * 24 * 3600 * 1000;

/** Of a placing that is done with. */
export async function sweepOne(tree: Tree, { folder, name, kind, entry }: Kept): Promise<void> {
  await tree.about(entry.path, async () => {
    if (kind === 'back') await toStage(tree, folder, { name, entry });
    else if (!(await isAtPath(tree, folder, { name, path: entry.path }))) await toTrash(tree, folder, name);
  });
}

/** It was never replaced. */
async function isAtPath(tree: Tree, folder: Folder, { name, path }: { name: string; path: string }): Promise<boolean> {
  const kept = await folder.stat(name);
  const [parent, last] = split(path);
  const there = await orNull(
    inFolder(tree.folder, parent, async (users) => (await users?.stat(last)) ?? null),
    'ENOTDIR',
    'ELOOP',
  );
  return kept !== null && kept.ino === there?.ino && kept.dev === there.dev;
}

/** What was taken back can be placed again: it need not be sent again. */
async function toStage(
  tree: Tree,
  folder: Folder,
  { name, entry }: { name: string; entry: FileIdentity & Pick<StagedFile, 'sha256'> },
): Promise<void> {
  const stats = await folder.stat(name);
  if (!stats || stats.nlink !== 1n || !isSame(identityOf(stats), entry)) return;
  const sha256 = await folder.withFile(name, tree.hash);
  if (sha256 === entry.sha256) await folder.rename(name, tree.stage.at(sha256));
}

async function toTrash(tree: Tree, folder: Folder, name: string): Promise<void> {
  const sha256 = await orNull(folder.withFile(name, tree.hash), 'ENOENT');
  if (sha256 === null && name.startsWith('in-')) return; // purge tries again
  await ignoring(folder.rename(name, tree.trash.at(sha256 ?? `in-${randomUUID()}`)), 'ENOENT');
}

/**
 * Takes the file away that was placed, and no other one: to `in-<id>` of the trash; durable.
 * @returns the name; or why nothing was taken
 */
export async function takeAway(tree: Tree, path: string, placed: FileIdentity): Promise<{ readonly name: string } | 'gone' | 'changed'> {
  const [parent, last] = split(path);
  const name = `in-${randomUUID()}`;
  const taken = await orNull(
    inFolder(tree.folder, parent, async (folder) => {
      const stats = (await folder?.stat(last)) ?? null;
      if (!folder || !stats) return 'gone';
      if (!stats.isFile() || !isSame(identityOf(stats), placed)) return 'changed';
      await folder.rename(last, tree.trash.at(name));
      const moved = await tree.trash.stat(name);
      if (!isSame(moved && identityOf(moved), placed)) {
        await ignoring(tree.trash.link(name, folder.at(last)), 'EEXIST'); // somebody else's, of this very moment
        return 'changed';
      }
      await folder.sync();
      return { name };
    }),
    'ENOTDIR',
    'ELOOP',
  );
  return taken ?? 'changed';
}

export async function finishAway(tree: Tree, name: string, way: 'trash' | 'remove'): Promise<void> {
  if (way === 'remove') await ignoring(tree.trash.unlink(name), 'ENOENT');
  else await toTrash(tree, tree.trash, name);
}

/** Removes what is old, and names what a crash left unnamed. */
export async function purge(tree: Tree, now: number): Promise<void> {
  await eachOf(await tree.trash.names(), async (name) => {
    const stats = await tree.trash.stat(name);
    if (!stats) return;
    if (now - Number(stats.ctimeMs) > keptMs) await ignoring(tree.trash.unlink(name), 'ENOENT');
    else if (name.startsWith('in-')) await toTrash(tree, tree.trash, name);
  });
}
