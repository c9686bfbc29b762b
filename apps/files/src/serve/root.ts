/**
 * A named tree of files. Opens what a path names within it and nothing else: no link is followed out of the root, or into its `.lutra`, and
 * only regular files are opened. What is opened is asked where it lies, so there is no moment between looking and opening.
 */
import { constants } from 'node:fs';
import { open, readlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { pathProblem, SyncError } from '@lutra/model';
import type { Stamp } from '@lutra/files';
import type { RootSettings } from '../environment.js';

/** Neither following a link at its end, nor waiting for the writer of a pipe. */
const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

export interface OpenFile {
  readonly handle: FileHandle;
  readonly stat: FileStat;
}

export interface FileStat {
  readonly size: number;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  /** Tells this version of this very file from any other. */
  readonly stamp: Stamp;
}

/** Where what was replaced or deleted is kept, by its hash. */
const trash = '.lutra/trash';

/** Of a path in a message. */
const mostShown = 300;

export class Root {
  readonly settings: RootSettings;

  constructor(settings: RootSettings) {
    this.settings = settings;
  }

  get name(): string {
    return this.settings.name;
  }

  /** Of the tree, without symbolic links. */
  get path(): string {
    return this.settings.path;
  }

  /** Null: there is none. Who gets one closes it. @throws SyncError FILE_PATH_INVALID, FILES_UNAVAILABLE */
  async open(path: string): Promise<OpenFile | null> {
    const problem = pathProblem(path);
    if (problem !== null) throw this.#invalid(path, problem);
    return this.#open(path, (real) => !real.startsWith(`${this.path}/.lutra/`));
  }

  /** A file that was replaced or deleted and had these bytes; null: it is not kept. */
  openTrash(sha256: string): Promise<OpenFile | null> {
    if (!/^[0-9a-f]{64}$/.test(sha256)) return Promise.resolve(null);
    return this.#open(`${trash}/${sha256}`, (real) => real === `${this.path}/${trash}/${sha256}`);
  }

  async #open(path: string, isAllowed: (real: string) => boolean): Promise<OpenFile | null> {
    const handle = await open(`${this.path}/${path}`, flags).catch((error: unknown) => this.#missing(error, path));
    if (!handle) return null;
    try {
      const real = await readlink(`/proc/self/fd/${handle.fd}`);
      if (!real.startsWith(`${this.path}/`) || !isAllowed(real)) throw this.#invalid(path, 'a symbolic link leads out of the root');
      const found = await handle.stat({ bigint: true });
      if (!found.isFile()) throw this.#invalid(path, 'it is not a regular file');
      return { handle, stat: statOf(found) };
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  #missing(error: unknown, path: string): null {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    if (code === 'ELOOP') throw this.#invalid(path, 'it is a symbolic link');
    if (code === 'ENXIO' || code === 'ENODEV') throw this.#invalid(path, 'it is not a regular file');
    if (code === 'ENAMETOOLONG') throw this.#invalid(path, 'it is too long for its file system');
    throw new SyncError('FILES_UNAVAILABLE', `root ${this.name}: ${path} cannot be read: ${code}`, {
      cause: error,
      details: { root: this.name, path },
    });
  }

  #invalid(path: string, why: string): SyncError {
    const shown = JSON.stringify(path.length > mostShown ? `${path.slice(0, mostShown)}…` : path);
    return new SyncError('FILE_PATH_INVALID', `root ${this.name}: ${shown} is not followed: ${why}`, {
      details: { root: this.name, path },
    });
  }
}

interface Found {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly size: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
}

export function statOf({ dev, ino, size, mtimeNs, ctimeNs }: Found): FileStat {
  return { size: Number(size), mtimeNs, ctimeNs, stamp: [`${dev}`, `${ino}`, `${size}`, `${mtimeNs}`, `${ctimeNs}`] };
}

export async function stampOf(handle: FileHandle): Promise<Stamp> {
  return statOf(await handle.stat({ bigint: true })).stamp;
}

export function sameStamp(one: Stamp, other: Stamp): boolean {
  return one.every((part, index) => part === other[index]);
}
