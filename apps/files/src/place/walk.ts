/**
 * The files of a root in order, for what no row names: names by their bytes, a folder at the place of its name. It can be taken up behind
 * any path. Not `.lutra`, no links, nothing but regular files. Folders are not locked, so what comes and goes meanwhile may be in it or
 * not. It holds the names of one folder at each level in memory.
 */
import type { BigIntStats } from 'node:fs';
import type { ListAnswer, ListedFile, ListRequest } from '@lutra/files';
import { pathProblem } from '@lutra/model';
import { type Folder, inFolder, orNull, split } from './disk.js';

/** Of the root, from the first one behind `after` on; null: from the beginning. */
export function walkFiles(root: Folder, after: string | null): AsyncGenerator<WalkedFile> {
  return walk(root, { prefix: '', after: after === null ? [] : after.split('/') });
}

interface WalkedFile {
  readonly path: string;
  readonly stats: BigIntStats;
}

/** A piece of it: those that stand still. */
export async function listFiles(root: Folder, { from, most, unchangedMs }: Omit<ListRequest, 'root'>): Promise<ListAnswer> {
  const files: ListedFile[] = [];
  let looked = 0;
  for await (const { path, stats } of typeof from === 'object' && from ? these(root, from) : walkFiles(root, from)) {
    looked += 1;
    // Nobody but the system sets it; the time of last change comes with the bytes from another region.
    if (Date.now() - Number(stats.ctimeMs) >= unchangedMs) files.push(listed(path, stats));
    if (looked >= most) return { files, looked, next: path };
  }
  return { files, looked, next: null };
}

function listed(path: string, { size, mtimeNs, dev, ino }: BigIntStats): ListedFile {
  return { path, size: Number(size), mtimeNs: String(mtimeNs), dev: String(dev), ino: String(ino) };
}

async function* these(root: Folder, paths: readonly string[]): AsyncGenerator<WalkedFile> {
  for (const path of paths) {
    if (pathProblem(path) !== null) continue; // never listed
    const [parent, name] = split(path);
    const found = inFolder(root, parent, async (folder) => (await folder?.stat(name)) ?? null);
    const stats = await orNull(found, 'ENOTDIR', 'ELOOP');
    if (stats?.isFile()) yield { path, stats };
  }
}

async function* walk(folder: Folder, { prefix, after }: { prefix: string; after: readonly string[] }): AsyncGenerator<WalkedFile> {
  const [first, ...rest] = after;
  for (const name of (await folder.names()).toSorted(byBytes)) {
    if (prefix === '' && name === '.lutra') continue;
    const order = first === undefined ? 1 : byBytes(name, first);
    if (order < 0 || (order === 0 && rest.length === 0)) continue;
    const stats = await folder.stat(name);
    if (stats?.isFile() && order > 0) yield { path: prefix + name, stats };
    if (!stats?.isDirectory()) continue;
    const inside = await orNull(folder.folder(name), 'ENOENT', 'ENOTDIR', 'ELOOP');
    try {
      if (inside) yield* walk(inside, { prefix: `${prefix}${name}/`, after: order === 0 ? rest : [] });
    } finally {
      await inside?.close();
    }
  }
}

function byBytes(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}
