/**
 * The files of a root in order, for what no row names: names by their bytes, a folder at the place of its name. It can be taken up behind
 * any path. Not `.lutra`, no links, nothing but regular files. Folders are not locked, so what comes and goes meanwhile may be in it or
 * not. It holds the names of one folder at each level in memory.
 */
import * as fs from 'node:fs/promises';
import type { ListAnswer, ListedFile, ListRequest } from '@lutra/files';
import { Folder, identityOf, orNull } from './disk.js';

/** Of the root at a path, from the first one behind `after` on; null: from the beginning. */
export async function* walkFiles(root: string, after: string | null): AsyncGenerator<ListedFile> {
  const folder = await Folder.ofRoot(fs, root);
  try {
    yield* walk(folder, { prefix: '', after: after === null ? [] : after.split('/') });
  } finally {
    await folder.close();
  }
}

/** A piece of it. */
export async function listFiles(root: string, { after, most }: Pick<ListRequest, 'after' | 'most'>): Promise<ListAnswer> {
  const files: ListedFile[] = [];
  for await (const file of walkFiles(root, after)) {
    files.push(file);
    if (files.length >= most) return { files, isEnd: false };
  }
  return { files, isEnd: true };
}

async function* walk(folder: Folder, { prefix, after }: { prefix: string; after: readonly string[] }): AsyncGenerator<ListedFile> {
  const [first, ...rest] = after;
  for (const name of (await folder.names()).toSorted(byBytes)) {
    if (prefix === '' && name === '.lutra') continue;
    const order = first === undefined ? 1 : byBytes(name, first);
    if (order < 0 || (order === 0 && rest.length === 0)) continue;
    const stats = await folder.stat(name);
    if (stats?.isFile() && order > 0) {
      const { size, mtimeNs } = identityOf(stats);
      yield { path: prefix + name, size, mtimeNs };
    }
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
