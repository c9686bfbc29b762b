/**
 * The files of a root in order, for what no row names: names by their bytes, a folder at the place of its name. It can be taken up behind
 * any path. Not `.lutra`, no links, nothing but regular files; folders are not locked, so what comes and goes meanwhile may be in it or not.
 * It holds the names of one folder at each level in memory.
 */
import * as fs from 'node:fs/promises';
import { Folder, identityOf, orNull } from './disk.js';

export interface WalkedFile {
  readonly path: string;
  readonly size: number;
  readonly mtimeNs: string;
}

/** Of the root at a path, from the first one behind `after` on; null: from the beginning. */
export async function* walkFiles(root: string, after: string | null): AsyncGenerator<WalkedFile> {
  const folder = await Folder.ofRoot(fs, root);
  try {
    yield* walk(folder, { prefix: '', after: after === null ? [] : after.split('/') });
  } finally {
    await folder.close();
  }
}

async function* walk(folder: Folder, { prefix, after }: { prefix: string; after: readonly string[] }): AsyncGenerator<WalkedFile> {
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
