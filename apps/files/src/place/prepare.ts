/**
 * The first half of a placing: whether all of its files are there to be placed, and what it takes to take them back, durable. Nothing of
 * the users' files is touched.
 */
import type { BigIntStats } from 'node:fs';
import type { PlaceRequest, StagedFile } from '@lutra/files';
import { eachOf } from '../each-of.js';
import { byFolder, type Folder, identityOf, inFolder, isSame, orNull, split } from './disk.js';
import { isAbout, makeEntries, type Found } from './entries.js';
import type { Tree } from './tree.js';
import type { Placing } from './undo.js';

export type Prepared = { readonly placing: Placing } | { readonly notStaged: readonly string[] };

export async function prepare(tree: Tree, request: PlaceRequest, isOpenElsewhere: (path: string) => boolean): Promise<Prepared> {
  const files = [...new Map(request.files.map((file) => [file.path, file])).values()];
  const { there, made } = await look(tree, files);
  const found = await sources(tree, { files, there, isOpenElsewhere });
  const notStaged = files.map(({ path }) => path).filter((path) => !found.has(path));
  if (notStaged.length > 0) return { notStaged };
  await tree.undo.begin(request);
  try {
    const entries = await tree.undo.of(request, async (folder) => await makeEntries(tree, folder, [...found.values()]));
    const placing: Placing = { pipeline: request.pipeline, n: request.n, epoch: request.epoch, entries, made };
    await tree.undo.write(placing);
    return { placing };
  } catch (error) {
    await tree.undo.done(request).catch(() => undefined); // the next one of this number finds it
    throw error;
  }
}

interface Seen {
  readonly there: ReadonlyMap<string, BigIntStats>;
  /** Folders that are not there. */
  readonly made: readonly string[];
}

async function look(tree: Tree, files: readonly StagedFile[]): Promise<Seen> {
  const there = new Map<string, BigIntStats>();
  const missing = new Set<string>();
  for (const { path, sha256 } of files) {
    tree.checkPath(path);
    if (!/^[0-9a-f]{64}$/.test(sha256)) throw tree.refuse('FILE_PATH_INVALID', path, 'its hash is no SHA-256');
  }
  await eachOf(byFolder(files), async ([parent, inside]) => {
    await tree.about(inside[0]?.path ?? parent, async () => {
      const isThere = await inFolder(tree.folder, parent, async (folder) => {
        if (folder) await eachOf(inside, async ({ path }) => await lookAt(tree, folder, path, there));
        return folder !== null;
      });
      if (!isThere) for (const folder of await missingOf(tree.folder, parent)) missing.add(folder);
    });
  });
  const both = files.find(({ path }) => missing.has(path));
  if (both) throw tree.refuse('FILE_PATH_INVALID', both.path, 'it is to be a file and a folder at once');
  return { there, made: [...missing].toSorted((one, other) => one.split('/').length - other.split('/').length) };
}

async function lookAt(tree: Tree, folder: Folder, path: string, there: Map<string, BigIntStats>): Promise<void> {
  const stats = await folder.stat(split(path)[1]);
  if (stats && !stats.isFile()) throw tree.refuse('FILE_PATH_INVALID', path, 'no regular file is there');
  if (stats) there.set(path, stats);
}

/** Of a folder that is not there, and those that it is in. */
async function missingOf(root: Folder, path: string): Promise<readonly string[]> {
  const missing: string[] = [];
  for (let at = path; at !== ''; at = split(at)[0]) {
    if (await inFolder(root, at, async (folder) => folder !== null)) break;
    missing.push(at);
  }
  return missing;
}

interface Sought {
  readonly files: readonly StagedFile[];
  readonly there: ReadonlyMap<string, BigIntStats>;
  readonly isOpenElsewhere: (path: string) => boolean;
}

/** Where the bytes of each come from, in the order of the request. Without those whose bytes are nowhere. */
async function sources(tree: Tree, { files, there, isOpenElsewhere }: Sought): Promise<ReadonlyMap<string, Found>> {
  const staged = new Map<string, BigIntStats>();
  await eachOf([...new Set(files.map(({ sha256 }) => sha256))], async (sha256) => {
    const stats = await tree.stage.stat(sha256);
    if (stats?.isFile() && stats.nlink === 1n) staged.set(sha256, stats);
  });
  const sourceOf = async (file: StagedFile): Promise<Found['bytes'] | null> => {
    const stats = there.get(file.path);
    const isStaged = staged.get(file.sha256)?.size === BigInt(file.size);
    // What looks otherwise is not read where there is something to place.
    const mayBeSame = stats?.size === BigInt(file.size) && (!isStaged || isAbout(stats.mtimeNs, file.mtimeNs));
    const isHere = mayBeSame && (await hasBytes(tree, file, stats));
    if (isHere && !isOpenElsewhere(file.path)) return 'same';
    return isStaged ? 'stage' : isHere ? 'path' : null;
  };
  const found = new Map<string, Found['bytes'] | null>();
  await eachOf(files, async (file) => void found.set(file.path, await tree.about(file.path, async () => await sourceOf(file))));
  return new Map(
    files.flatMap((file) => {
      const bytes = found.get(file.path);
      const stats = there.get(file.path);
      return bytes
        ? [[file.path, { ...file, bytes, there: stats ? identityOf(stats) : null, staged: staged.get(file.sha256) ?? null }] as const]
        : [];
    }),
  );
}

/** What somebody else put there need not be durable yet: it is before the row. */
async function hasBytes(tree: Tree, file: StagedFile, stats: BigIntStats): Promise<boolean> {
  const [parent, name] = split(file.path);
  return await inFolder(tree.folder, parent, async (folder) => {
    if (!folder) return false;
    const read = folder.withFile(name, async (open) => {
      const isEqual = (await tree.hash(open)) === file.sha256;
      const now = await open.stat({ bigint: true });
      if (!isEqual || !isSame(identityOf(now), identityOf(stats))) return false;
      if (tree.isKnownDurable(now)) return true;
      await open.sync();
      await folder.sync();
      tree.knowDurable(now);
      return true;
    });
    return (await orNull(read, 'ENOENT')) ?? false;
  });
}
