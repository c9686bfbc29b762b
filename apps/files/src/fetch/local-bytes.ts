/**
 * What need not travel: the file is at its place with these bytes, or they are staged, or elsewhere on the disks of this process. A copy is
 * the file's own (a clone where the file system has them), never a hard link: an application that writes in place would change both.
 */
import { constants } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Slots } from '@lutra/files';
import type { FileName } from '@lutra/model';
import { orAborted, throwIfAborted } from '@lutra/runtime';
import { hashOfFile } from '../hash-of-file.js';
import type { OpenFile } from '../serve/root.js';
import { lookBeside } from '../serve/small-files.js';
import { Batches } from './batches.js';
import type { KnownCopies } from './known-copies.js';
import { readOwn } from './own-files.js';
import type { OwnParts } from './own-files.js';
import type { Space } from './space.js';
import type { StageFolder, StagedAs } from './stage-folder.js';

/** From here on a file is large: it is read, copied and fetched apart, so that small ones do not wait behind it. */
export const largeBytes = 8 * 1024 * 1024;

export interface LocalParts extends OwnParts {
  readonly copies: KnownCopies;
  readonly space: Space;
  /** Ends all. */
  readonly signal: AbortSignal;
  stage(root: string): StageFolder;
}

export interface LocalFile extends FileName, StagedAs {
  readonly size: number;
}

export interface KeptFile extends LocalFile {
  readonly way: 'same' | 'copied';
}

export class LocalBytes {
  readonly #parts: LocalParts;
  readonly #small = new Slots(16);
  readonly #large = new Slots(2);
  readonly #looks: Batches<LocalFile, boolean>;

  constructor(parts: LocalParts) {
    this.#parts = parts;
    this.#looks = new Batches({ most: 500, atOnce: 2, send: (files) => this.#areNowhere(files), signal: parts.signal });
  }

  /** Null: it is to be fetched. @throws SyncError FILE_PATH_INVALID, ABORTED */
  async find(file: LocalFile, signal: AbortSignal): Promise<'same' | 'copied' | null> {
    this.#parts.roots.get(file.root)?.requirePath(file.path);
    const key = `${file.root} ${file.sha256} ${file.path}`;
    if (!this.#parts.copies.find(file.sha256) && (await orAborted(this.#looks.ask(key, file, signal), signal))) return null;
    return (file.size < largeBytes ? this.#small : this.#large).run(() => this.#find(file, signal), signal);
  }

  /** Most of what is wanted is new. Nothing is at its path, and it is not staged: that is looked at for many at once. */
  async #areNowhere(files: readonly LocalFile[]): Promise<readonly boolean[]> {
    const places = files.map(({ root: name, path, sha256 }) => {
      const root = this.#parts.roots.get(name)?.path;
      return root === undefined ? [] : [path, join('.lutra', 'stage', sha256)].map((at) => ({ root, path: at }));
    });
    const looks = (await lookBeside(places.flat())).values();
    return places.map((each) => each.map(() => looks.next().value === 'ENOENT').every(Boolean) && each.length > 0);
  }

  async #find(file: LocalFile, signal: AbortSignal): Promise<'same' | 'copied' | null> {
    const { copies, stage } = this.#parts;
    const own = await readOwn(this.#parts, file, signal);
    if (typeof own === 'object' && own.sha256 === file.sha256) {
      copies.note(file.sha256, file);
      return 'same';
    }
    if (await stage(file.root).has(file.sha256, file.size)) return 'copied';
    const other = file.size > 0 ? copies.find(file.sha256) : undefined;
    if (!other) return null;
    if (await this.#copy(other, file, signal)) return 'copied';
    copies.forget(file.sha256);
    return null;
  }

  /** With the hash that a row carries: at its place, or in the trash, whatever its source has. @throws SyncError as find() */
  kept({ sha256, ...name }: FileName & { readonly sha256: string; readonly mode: number }, signal: AbortSignal): Promise<KeptFile | null> {
    return this.#large.run(async () => {
      const root = this.#parts.roots.get(name.root);
      const own = await readOwn(this.#parts, name, signal);
      const isSame = typeof own === 'object' && own.sha256 === sha256;
      const source = await (isSame ? root?.open(name.path) : root?.openTrash(sha256));
      if (!source) return null;
      const { size, mtimeNs } = source.stat;
      const file = { ...name, sha256, size, mtimeNs: String(mtimeNs) };
      if (!isSame) return (await this.#copyOf(source, file, signal)) ? { ...file, way: 'copied' } : null;
      await source.handle.close();
      return { ...file, way: 'same' };
    }, signal);
  }

  /** False: it has other bytes by now, or cannot be copied. */
  async #copy(from: FileName, file: LocalFile, signal: AbortSignal): Promise<boolean> {
    const source = await this.#parts.roots.get(from.root)?.open(from.path);
    return source ? this.#copyOf(source, file, signal) : false;
  }

  async #copyOf(source: OpenFile, file: LocalFile, signal: AbortSignal): Promise<boolean> {
    const { space, stage } = this.#parts;
    try {
      if (source.stat.size !== file.size) return false;
      const claim = await space.claim(file.root, file.size);
      try {
        await stage(file.root).add(file, async (to) => {
          await copyFile(`/proc/self/fd/${source.handle.fd}`, `/proc/self/fd/${to.fd}`, constants.COPYFILE_FICLONE);
          if ((await hashOfFile(to, file.size, () => !signal.aborted)) !== file.sha256) throw new Error('other bytes');
        });
      } finally {
        claim.release();
      }
      return true;
    } catch {
      throwIfAborted(signal);
      return false; // whatever it is, fetching says it better
    } finally {
      await source.handle.close();
    }
  }
}
