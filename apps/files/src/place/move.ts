/** The second half of a placing, and the way back. Each may end anywhere and be done again. */
import { eachOf } from '../each-of.js';
import { byFolder, type Folder, identityOf, ignoring, inFolder, isSame, orNull, split } from './disk.js';
import type { Tree } from './tree.js';
import { NotStaged, type Entry, type Placing } from './undo.js';

/** Moves what is not at its path yet; durable. @throws SyncError FILE_UNSTABLE: somebody else wrote one of them meanwhile */
export async function moveIn(tree: Tree, placing: Placing): Promise<void> {
  await makeFolders(tree, placing.made);
  const entries = placing.entries.filter(({ from }) => from !== 'same');
  await tree.undo.of(placing, async (undo) => {
    await eachOf(byFolder(entries), async ([parent, inside]) => {
      await tree.about(inside[0]?.path ?? parent, async () => {
        await inFolder(tree.folder, parent, async (folder) => {
          if (!folder) throw tree.refuse('FILE_UNSTABLE', parent, 'the folder was removed while a file was placed in it');
          await eachOf(inside, async (entry) => await moveOne(tree, { undo, folder, entry }));
          await folder.sync();
        });
      });
    });
  });
}

interface Move {
  readonly undo: Folder;
  readonly folder: Folder;
  readonly entry: Entry;
}

async function moveOne(tree: Tree, { undo, folder, entry }: Move): Promise<void> {
  const name = split(entry.path)[1];
  const stats = await folder.stat(name);
  const there = stats && identityOf(stats);
  if (isSame(there, entry)) return;
  if (!isSame(there, entry.had)) throw tree.refuse('FILE_UNSTABLE', entry.path, 'it was written to while it was placed');
  if (entry.from === 'staged') {
    const moved = tree.stage.rename(entry.sha256, folder.at(name)).then(() => true);
    if ((await orNull(moved, 'ENOENT')) === null) throw new NotStaged(entry.path);
  } else await undo.rename(`new-${entry.i}`, folder.at(name));
}

/** Each is durable before the next one is made in it. */
async function makeFolders(tree: Tree, paths: readonly string[]): Promise<void> {
  for (const [, level] of Map.groupBy(paths, (path) => path.split('/').length)) {
    const folders = byFolder(level.map((path) => ({ path })));
    await eachOf(folders, async ([parent, inside]) => {
      await tree.about(parent, async () => {
        await inFolder(tree.folder, parent, async (folder) => {
          for (const { path } of inside) await ignoring(folder?.makeFolder(split(path)[1], tree.folderMode) ?? Promise.resolve(), 'EEXIST');
          await folder?.sync();
        });
      });
    });
  }
}

/** Where the path of a later placing keeps what this one had placed. */
export type KeptBy = (entry: Entry) => readonly { readonly placing: Placing; readonly entry: Entry }[];

/** Where a path still holds what was placed, it holds again what was there before; durable. */
export async function moveOut(tree: Tree, placing: Placing, keptBy: KeptBy): Promise<void> {
  const entries = placing.entries.filter(({ from }) => from !== 'same');
  await tree.undo.of(placing, async (undo) => {
    await eachOf(byFolder(entries), async ([parent, inside]) => {
      await orNull(
        inFolder(tree.folder, parent, async (folder) => {
          for (const entry of inside) await moveOneOut(tree, { undo, folder, entry }, keptBy);
          await folder?.sync();
        }),
        'ENOTDIR',
        'ELOOP',
      );
    });
  });
  for (const path of placing.made.toReversed()) await removeIfEmpty(tree, path);
}

async function moveOneOut(
  tree: Tree,
  { undo, folder, entry }: Omit<Move, 'folder'> & { folder: Folder | null },
  keptBy: KeptBy,
): Promise<void> {
  const name = split(entry.path)[1];
  const stats = (await folder?.stat(name)) ?? null;
  const hasOld = (await undo.stat(`old-${entry.i}`)) !== null;
  if (!folder || !isSame(stats && identityOf(stats), entry)) {
    await leaveOut(tree, { undo, entry, hasOld }, keptBy);
    return;
  }
  const back = `back-${entry.i}`;
  await ignoring(undo.unlink(back), 'ENOENT');
  if (hasOld) {
    await ignoring(folder.link(name, undo.at(back)), 'ENOSPC', 'EDQUOT', 'EMLINK'); // then it is sent again
    await undo.rename(`old-${entry.i}`, folder.at(name));
    return;
  }
  await folder.rename(name, undo.at(back));
  const moved = await undo.stat(back);
  if (isSame(moved && identityOf(moved), entry)) return;
  await ignoring(undo.link(back, folder.at(name)), 'EEXIST'); // somebody else's, of this very moment
}

/** It is not there any more. If a later placing replaced it, that one takes back what was there before this one. */
async function leaveOut(
  tree: Tree,
  { undo, entry, hasOld }: { undo: Folder; entry: Entry; hasOld: boolean },
  keptBy: KeptBy,
): Promise<void> {
  for (const { placing, entry: later } of keptBy(entry)) {
    await tree.undo.of(placing, async (its) => {
      const kept = await its.stat(`old-${later.i}`);
      if (!isSame(kept && identityOf(kept), entry)) return;
      if (hasOld) await undo.rename(`old-${entry.i}`, its.at(`old-${later.i}`));
      else await its.unlink(`old-${later.i}`);
      await its.sync();
    });
  }
}

async function removeIfEmpty(tree: Tree, path: string): Promise<void> {
  const [parent, name] = split(path);
  await orNull(
    inFolder(tree.folder, parent, async (folder) => {
      await folder?.removeFolder(name);
      await folder?.sync();
    }),
    'ENOENT',
    'ENOTEMPTY',
    'EEXIST',
    'ENOTDIR',
    'ELOOP',
    'EBUSY',
  );
}
