/** The files of a placing as they will be at their paths, and those that they replace, each kept in the folder of the placing. */
import type { BigIntStats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import type { FileIdentity, StagedFile } from '@lutra/files';
import { eachOf } from '../each-of.js';
import { type Folder, identityOf, inFolder, isSame, orNull, split } from './disk.js';
import type { Tree } from './tree.js';
import { NotStaged, type Entry } from './undo.js';

/** A file of a request whose bytes were found. */
export interface Found extends StagedFile {
  /** What is at its path. */
  readonly there: FileIdentity | null;
  /** same: they are at its path, and it is left alone · path: they are there, and it gets a copy of its own · stage */
  readonly bytes: 'same' | 'path' | 'stage';
  /** What is staged. */
  readonly staged: BigIntStats | null;
}

type Numbered = Found & { readonly i: number };

/** Of several files with the same staged bytes the last one takes them, the others get copies. */
export async function makeEntries(tree: Tree, undo: Folder, found: readonly Found[]): Promise<readonly Entry[]> {
  const takers = new Map(found.filter(({ bytes }) => bytes === 'stage').map(({ sha256, path }) => [sha256, path]));
  const entries: Entry[] = [];
  const numbered: Numbered[] = found.map((file, i) => ({ ...file, i }));
  await eachOf(numbered, async (file) => {
    const isTaker = file.bytes === 'stage' && takers.get(file.sha256) === file.path;
    entries[file.i] = await tree.about(file.path, async () => await entryOf(tree, undo, { file, isTaker }));
  });
  return entries;
}

async function entryOf(tree: Tree, undo: Folder, { file, isTaker }: { file: Numbered; isTaker: boolean }): Promise<Entry> {
  const { i, path, sha256, there } = file;
  if (file.bytes === 'same') return { i, path, sha256, from: 'same', had: there, ...(there as FileIdentity) };
  if (there) await keep(tree, undo, { i, path, there });
  if (isTaker) {
    const { staged, mtimeNs } = file;
    const dressed = async (): Promise<FileIdentity> => await tree.stage.withFile(sha256, async (open) => await dress(tree, open, mtimeNs));
    const identity = staged && isDressed(tree, staged, mtimeNs) ? identityOf(staged) : await orNull(dressed(), 'ENOENT');
    if (!identity) throw new NotStaged(path);
    return { i, path, sha256, from: 'staged', had: there, ...identity };
  }
  return { i, path, sha256, from: 'copy', had: there, ...(await copy(tree, undo, file)) };
}

async function copy(tree: Tree, undo: Folder, { i, path, sha256, bytes, mtimeNs }: Numbered): Promise<FileIdentity> {
  const name = `new-${i}`;
  const isCopied =
    bytes === 'stage'
      ? await orNull(
          tree.stage.copy(sha256, undo.at(name)).then(() => true),
          'ENOENT',
        )
      : null;
  if (bytes === 'stage' && !isCopied) throw new NotStaged(path);
  if (bytes === 'path') await copyOfPath(tree, path, undo.at(name));
  return await undo.withFile(name, async (open) => {
    if ((await tree.hash(open)) !== sha256) throw tree.refuse('FILE_UNSTABLE', path, 'it was written to while it was copied');
    return await dress(tree, open, mtimeNs, true);
  });
}

/** Mode and time, durable; what is staged may have them already. */
async function dress(tree: Tree, file: FileHandle, mtimeNs: string, isNew = false): Promise<FileIdentity> {
  const stats = await file.stat({ bigint: true });
  if (!isNew && isDressed(tree, stats, mtimeNs)) return identityOf(stats);
  await file.chmod(tree.mode);
  return await stamp(file, mtimeNs);
}

function isDressed(tree: Tree, stats: BigIntStats, mtimeNs: string): boolean {
  return isAbout(stats.mtimeNs, mtimeNs) && Number(stats.mode & 0o7777n) === tree.mode;
}

async function stamp(file: FileHandle, mtimeNs: string): Promise<FileIdentity> {
  await file.utimes(new Date(), Number(mtimeNs) / 1e9);
  await file.sync();
  return identityOf(await file.stat({ bigint: true }));
}

/** Node sets times as doubles of seconds: to a quarter of a microsecond. */
export function isAbout(mtimeNs: bigint, wanted: string): boolean {
  const apart = mtimeNs - BigInt(wanted);
  return apart > -1000n && apart < 1000n;
}

/** A link to a file of somebody else cannot always be made (fs.protected_hardlinks): a copy then. */
const noLinks = ['EPERM', 'EMLINK', 'ENOTSUP', 'EOPNOTSUPP'];

/** What is replaced. */
async function keep(tree: Tree, undo: Folder, { i, path, there }: { i: number; path: string; there: FileIdentity }): Promise<void> {
  const [parent, name] = split(path);
  const old = `old-${i}`;
  const link = async (folder: Folder | null): Promise<true | undefined> => await folder?.link(name, undo.at(old)).then(() => true);
  const isLinked = await inFolder(tree.folder, parent, async (folder) => await orNull(link(folder), ...noLinks));
  if (!isLinked) {
    await copyOfPath(tree, path, undo.at(old));
    await undo.withFile(old, async (open) => await stamp(open, there.mtimeNs));
    return;
  }
  const stats = await undo.stat(old);
  if (!isSame(stats && identityOf(stats), there)) throw tree.refuse('FILE_UNSTABLE', path, 'it was written to while it was placed');
}

async function copyOfPath(tree: Tree, path: string, to: string): Promise<void> {
  const [parent, name] = split(path);
  await inFolder(tree.folder, parent, async (folder) => await folder?.copy(name, to));
}
