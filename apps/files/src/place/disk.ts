/**
 * The file system as placing uses it: through open folders, never by a whole path, so that nobody who swaps a folder for a link leads us
 * elsewhere (Node has no renameat; /proc/self/fd stands for it). No symbolic link is followed beneath a root.
 */
import { constants, type BigIntStats } from 'node:fs';
import * as fs from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import type { FileIdentity } from '@lutra/files';
import { SyncError, type ErrorCode } from '@lutra/model';
import { hashOfFile } from '../hash-of-file.js';

/** Tests stop it at each call. */
export type Disk = Pick<
  typeof fs,
  'open' | 'lstat' | 'mkdir' | 'rename' | 'link' | 'unlink' | 'rmdir' | 'readdir' | 'copyFile' | 'readFile' | 'writeFile'
>;

/** Of the bytes of an open file, in hex; null: it was written to meanwhile. */
export type HashFile = (file: FileHandle) => Promise<string | null>;

const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK } = constants;
const folderFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;
const fileFlags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK;

/** An open folder; what it holds is named through it. */
export class Folder {
  readonly #disk: Disk;
  readonly #handle: FileHandle;

  private constructor(disk: Disk, handle: FileHandle) {
    this.#disk = disk;
    this.#handle = handle;
  }

  /** The path of a root may lead over links: its operator chose it. */
  static async ofRoot(disk: Disk, path: string): Promise<Folder> {
    return new Folder(disk, await disk.open(path, O_RDONLY | O_DIRECTORY));
  }

  at(name: string): string {
    return `/proc/self/fd/${this.#handle.fd}/${name}`;
  }

  /** @throws as open(2): ENOENT; ENOTDIR and ELOOP for what is no folder */
  async folder(name: string): Promise<Folder> {
    return new Folder(this.#disk, await this.#disk.open(this.at(name), folderFlags));
  }

  /** Makes it if it is not there. Not durable before `sync`. */
  async ownFolder(name: string): Promise<Folder> {
    await ignoring(this.#disk.mkdir(this.at(name), 0o700), 'EEXIST');
    return await this.folder(name);
  }

  async stat(name: string): Promise<BigIntStats | null> {
    return await orNull(this.#disk.lstat(this.at(name), { bigint: true }), 'ENOENT');
  }

  async names(): Promise<string[]> {
    return await this.#disk.readdir(this.at('.'));
  }

  /** Runs with the file open, which is a regular one. */
  async withFile<T>(name: string, work: (file: FileHandle) => Promise<T>): Promise<T> {
    const file = await this.#disk.open(this.at(name), fileFlags);
    try {
      if (!(await file.stat()).isFile()) throw Object.assign(new Error('no regular file'), { code: 'EISDIR', syscall: 'open' });
      return await work(file);
    } finally {
      await file.close();
    }
  }

  /** To a name in this folder, or to a whole name of another one's. */
  async rename(name: string, to: string): Promise<void> {
    await this.#disk.rename(this.at(name), to.includes('/') ? to : this.at(to));
  }

  async link(name: string, to: string): Promise<void> {
    await this.#disk.link(this.at(name), to);
  }

  /** A copy of its own, by the file system's own means where it has them. */
  async copy(name: string, to: string): Promise<void> {
    const flags = constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE;
    await this.withFile(name, async ({ fd }) => await this.#disk.copyFile(`/proc/self/fd/${fd}`, to, flags));
  }

  async unlink(name: string): Promise<void> {
    await this.#disk.unlink(this.at(name));
  }

  async makeFolder(name: string, mode: number): Promise<void> {
    await this.#disk.mkdir(this.at(name), mode);
  }

  async removeFolder(name: string): Promise<void> {
    await this.#disk.rmdir(this.at(name));
  }

  /** The file is there as a whole, durably, once the folder is synced. */
  async write(name: string, text: string): Promise<void> {
    await this.#disk.writeFile(this.at(`${name}.new`), text, { mode: 0o600, flush: true });
    await this.#disk.rename(this.at(`${name}.new`), this.at(name));
  }

  async sync(): Promise<void> {
    await this.#handle.sync();
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

/** Runs in the folder `path` beneath `root` ('' is the root), null if there is none. */
export async function inFolder<T>(root: Folder, path: string, work: (folder: Folder | null) => Promise<T>): Promise<T> {
  let folder: Folder | null = root;
  try {
    for (const name of path === '' ? [] : path.split('/')) {
      const parent: Folder = folder;
      folder = await orNull(parent.folder(name), 'ENOENT');
      if (parent !== root) await parent.close();
      if (folder === null) break;
    }
    return await work(folder);
  } finally {
    if (folder !== root) await folder?.close();
  }
}

/** `a/b/c` → `a/b`, `c`; `c` → '', `c`. */
export function split(path: string): readonly [folder: string, name: string] {
  const at = path.lastIndexOf('/');
  return [path.slice(0, Math.max(at, 0)), path.slice(at + 1)];
}

/** By folder, so that each is opened and synced once. */
export function byFolder<T extends { readonly path: string }>(files: readonly T[]): readonly (readonly [string, readonly T[]])[] {
  return [...Map.groupBy(files, ({ path }) => split(path)[0])];
}

export function identityOf(stats: BigIntStats): FileIdentity {
  return { size: Number(stats.size), mtimeNs: String(stats.mtimeNs), dev: String(stats.dev), ino: String(stats.ino) };
}

export function isSame(one: FileIdentity | null, other: FileIdentity | null): boolean {
  if (!one || !other) return one === other;
  return one.ino === other.ino && one.dev === other.dev && one.size === other.size && one.mtimeNs === other.mtimeNs;
}

export const hashFile: HashFile = async (file) => hashOfFile(file, (await file.stat()).size);

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | null)?.code;
}

export async function orNull<T>(done: Promise<T>, ...codes: readonly string[]): Promise<T | null> {
  return await done.catch((error: unknown) => {
    if (codes.includes(codeOf(error) ?? '')) return null;
    throw error;
  });
}

export async function ignoring(done: Promise<unknown>, ...codes: readonly string[]): Promise<void> {
  await orNull(done, ...codes);
}

/** What a path cannot be: a folder or a link on its way, another file system beneath the root. */
const ofPath = ['ELOOP', 'ENOTDIR', 'EISDIR', 'ENAMETOOLONG', 'EXDEV', 'EEXIST', 'ENOTEMPTY'];

/** An error of the file system as one of ours; /proc/self/fd stays out of its text. */
export function ofDisk(error: unknown, about: { readonly root: string; readonly path?: string }): unknown {
  const { code, syscall } = (error ?? {}) as NodeJS.ErrnoException;
  if (error instanceof SyncError || code === undefined || syscall === undefined) return error;
  const ours: ErrorCode = ofPath.includes(code) ? 'FILE_PATH_INVALID' : 'FILES_DISK_FULL';
  const what = ours === 'FILE_PATH_INVALID' ? 'is not reached by folders of the root alone, or is no regular file' : 'was not written';
  const subject = about.path === undefined ? `root ${about.root}` : `${about.path} in root ${about.root}`;
  return new SyncError(ours, `${subject} ${what}: ${code} from ${syscall}`, { cause: error, details: { ...about, errno: code } });
}
