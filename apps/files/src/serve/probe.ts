/** What the file system of a root does, tried out where nobody looks: in its `.lutra`. */
import { constants } from 'node:fs';
import { chmod, copyFile, mkdir, open, rename, rm, stat, statfs } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { SyncError } from '@lutra/model';
import type { Root } from './root.js';

export interface RootFacts {
  /** It takes names that differ in case, or in how an accent is written, for one. */
  readonly folds: boolean;
  /** A copy shares its blocks until one of both is written to. */
  readonly reflinks: boolean;
  readonly freeBytes: number;
}

/** File systems that several machines may share, by f_type: statfs(2). Only processes of one machine see each other's lock. */
const shared = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB2'],
  [0x00c36400, 'CephFS'],
  [0x01161970, 'GFS2'],
  [0x7461636f, 'OCFS2'],
  [0x5346414f, 'AFS'],
  [0x0bd00bd0, 'Lustre'],
  [0x47504653, 'GPFS'],
]);

/** @throws SyncError FILES_UNAVAILABLE: nothing can be placed there */
export async function probeRoot(root: Root): Promise<RootFacts> {
  const own = `${root.path}/.lutra`;
  const folder = `${own}/probe-${randomUUID()}`;
  try {
    const { type, bavail, bsize } = await statfs(root.path);
    const sharedBy = shared.get(type);
    if (sharedBy !== undefined)
      throw unusable(root, `it is on ${sharedBy}, where files are served and not placed: add ?serve in LUTRA_ROOTS`);
    await mkdir(own, { recursive: true, mode: 0o700 });
    await chmod(own, 0o700);
    await requireOneFileSystem(root, own);
    await mkdir(folder, { mode: 0o700 });
    await writeDurably(`${folder}/draft`);
    await rename(`${folder}/draft`, `${folder}/é-a`);
    await sync(folder);
    const folds = (await isThere(`${folder}/é-A`)) || (await isThere(`${folder}/e\u0301-a`));
    const reflinks = await copyFile(`${folder}/é-a`, `${folder}/copy`, constants.COPYFILE_FICLONE_FORCE).then(
      () => true,
      () => false, // it has none: copies are written
    );
    return { folds, reflinks, freeBytes: bavail * bsize };
  } catch (error) {
    if (error instanceof SyncError) throw error;
    throw unusable(root, (error as NodeJS.ErrnoException).code ?? String(error), error);
  } finally {
    await rm(folder, { recursive: true, force: true }).catch(() => undefined); // it is in the way of nobody
  }
}

/** Files are renamed from there to their places, which no file system does into another one. */
async function requireOneFileSystem(root: Root, own: string): Promise<void> {
  const { dev } = await stat(root.path, { bigint: true });
  for (const path of [own, ...['stage', 'undo', 'trash'].map((name) => `${own}/${name}`)]) {
    const found = await stat(path, { bigint: true }).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null; // it will be made
      throw error;
    });
    if (found && found.dev !== dev) throw unusable(root, `${path} is on another file system than the root`);
  }
}

async function writeDurably(path: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile('Lutra tries out this file system.');
    await file.sync();
  } finally {
    await file.close();
  }
}

async function sync(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false, // whatever the reason: it is not found by this name
  );
}

function unusable(root: Root, why: string, cause?: unknown): SyncError {
  return new SyncError('FILES_UNAVAILABLE', `root ${root.name}: no file can be placed in ${root.path}: ${why}`, {
    cause,
    details: { root: root.name },
  });
}
