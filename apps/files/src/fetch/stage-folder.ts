/**
 * `<root>/.lutra/stage`: a file is there by its SHA-256 once its bytes are verified and on the disk; placing renames it away. Beside it
 * is what is under way: `<hash>.part` of a download and `<hash>.pack` of many small files (each with aria2's `.aria2`), `<uuid>.tmp` of
 * our own. All of it may vanish at any time but while it is written: it is fetched again.
 */
import { randomUUID } from 'node:crypto';
import { fsync } from 'node:fs';
import { chmod, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { errnoOf } from './disk-errors.js';
import { endBeside, writeBeside } from './small-writes.js';
import type { SmallPart } from './small-writes.js';

export interface StagedAs {
  readonly sha256: string;
  readonly mtimeNs: string;
  readonly mode: number;
}

/** A file of a pack. */
export interface StagedPart {
  readonly file: StagedAs & { readonly size: number };
  /** Where it begins in the pack. */
  readonly offset: number;
}

const flush = promisify(fsync);

export class StageFolder {
  readonly path: string;
  /** Names that are written to. */
  readonly #busy = new Set<string>();
  #made: Promise<unknown> | null = null;

  constructor(root: string) {
    this.path = join(root, '.lutra', 'stage');
  }

  /** Before anything is written. What a process before has left and nobody can go on with is removed then. */
  make(): Promise<unknown> {
    this.#made ??= this.#begin().catch((error: unknown) => {
      this.#made = null;
      throw error;
    });
    return this.#made;
  }

  async #begin(): Promise<void> {
    await mkdir(this.path, { recursive: true, mode: 0o700 });
    for (const name of await this.#names()) if (/\.(tmp|pack|pack\.aria2)$/.test(name)) await rm(this.file(name), { force: true });
  }

  file(name: string): string {
    return join(this.path, name);
  }

  /** Also: it is wanted, and stays for another while. */
  async has(sha256: string, size: number): Promise<boolean> {
    try {
      const found = await stat(this.file(sha256));
      if (!found.isFile() || found.size !== size) return false;
      await chmod(this.file(sha256), found.mode & 0o7777); // its ctime is now
      return true;
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return false;
      throw error;
    }
  }

  /**
   * Writes a file under another name, and removes it if that fails.
   * @param write verifies the bytes
   */
  async add(file: StagedAs, write: (to: FileHandle) => Promise<void>): Promise<void> {
    await this.make();
    const name = `${randomUUID()}.tmp`;
    this.#busy.add(name);
    try {
      const to = await open(this.file(name), 'wx+', 0o600);
      try {
        await write(to);
        await finish(to, file);
      } finally {
        await to.close();
      }
      await rename(this.file(name), this.file(file.sha256));
    } catch (error) {
      await rm(this.file(name), { force: true });
      throw error;
    } finally {
      this.#busy.delete(name);
    }
  }

  /** As add(), of small files that are parts of a pack here. @returns of each whether its bytes are those that were stated */
  async addParts(pack: string, parts: readonly StagedPart[]): Promise<readonly boolean[]> {
    await this.make();
    const names = parts.map(() => `${randomUUID()}.tmp`);
    for (const name of names) this.#busy.add(name);
    try {
      const small = parts.map(({ file, offset }, i) => ({ ...smallOf(file), offset, to: this.file(names[i] ?? '') }));
      const written = await writeBeside(this.file(pack), small);
      const open = written.flatMap((fd, i) =>
        fd === null ? [] : [{ fd, name: this.file(names[i] ?? ''), sha256: small[i]?.sha256 ?? '' }],
      );
      const flushed = await Promise.allSettled(open.map(({ fd }) => flush(fd)));
      const failed = flushed.find(({ status }) => status === 'rejected');
      await endBeside(open.map(({ fd, name, sha256 }) => ({ fd, name, as: failed ? null : this.file(sha256) })));
      if (failed?.status === 'rejected') throw failed.reason;
      return written.map((fd) => fd !== null);
    } finally {
      for (const name of names) this.#busy.delete(name);
    }
  }

  /** What is verified. */
  async keep(name: string, file: StagedAs): Promise<void> {
    const whole = await open(this.file(name), 'r+');
    try {
      await finish(whole, file);
    } finally {
      await whole.close();
    }
    await rename(this.file(name), this.file(file.sha256));
  }

  /** While `work` goes on nobody clears away this download. */
  async downloading<T>(name: string, work: () => Promise<T>): Promise<T> {
    await this.make();
    this.#busy.add(name);
    try {
      return await work();
    } finally {
      this.#busy.delete(name);
    }
  }

  /** With what aria2 noted about it. */
  async drop(name: string): Promise<void> {
    await Promise.all([rm(this.file(name), { force: true }), rm(this.file(`${name}.aria2`), { force: true })]);
  }

  /** Removes what nobody wrote to or wanted since then. @returns bytes that are left */
  async clear(before: number): Promise<number> {
    let bytes = 0;
    for (const name of await this.#names()) {
      try {
        const { ctimeMs, size, blocks } = await stat(this.file(name));
        const busy = this.#busy.has(name) || this.#busy.has(name.replace(/\.aria2(__temp)?$/, ''));
        if (!busy && ctimeMs < before) await rm(this.file(name), { recursive: true, force: true });
        else bytes += Math.min(size, blocks * 512);
      } catch (error) {
        if (errnoOf(error) !== 'ENOENT') throw error; // it was placed meanwhile
      }
    }
    return bytes;
  }

  async #names(): Promise<readonly string[]> {
    try {
      return await readdir(this.path);
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return [];
      throw error;
    }
  }
}

function smallOf({ size, sha256, mtimeNs, mode }: StagedPart['file']): Omit<SmallPart, 'to' | 'offset'> {
  return { size, sha256, mtimeNs, mode };
}

/** The times and permissions of its place, so that placing it is a rename and no more; and all of it is on the disk. */
async function finish(file: FileHandle, { mtimeNs, mode }: StagedAs): Promise<void> {
  const seconds = Number(mtimeNs) / 1e9;
  await file.utimes(seconds, seconds);
  await file.chmod(mode);
  await file.sync();
}
