/**
 * SHA-256 of files as they are now, remembered by version (dev, ino, size, mtime, ctime). Kernels stamp files by ticks, so a version is
 * remembered only where it was two seconds old before its bytes were read: a later write would have another stamp. Counter-example without
 * it: written, hashed, and written again within a tick, the file has other bytes under the same stamp.
 *
 * Small files are read at once. Large ones are read in the background, a few at a time, and only as long as somebody asks.
 */
import { setTimeout as after } from 'node:timers/promises';
import { Slots } from '@lutra/files';
import { hashOfFile } from '../hash-of-file.js';
import { sameStamp, stampOf } from './root.js';
import type { FileStat, OpenFile, Root } from './root.js';
import { hashBeside } from './small-files.js';

export type HashAnswer =
  | { readonly kind: 'hashed'; readonly sha256: string }
  /** It was written to while it was read, or since it was opened. */
  | { readonly kind: 'unstable' }
  /** It is being read: ask again. */
  | { readonly kind: 'hashing'; readonly done: number };

/** Larger files are read in the background. */
export const largeBytes = 8 * 1024 * 1024;
const settledMs = 2_000;
/** A large file that nobody asked for so long is not read on. */
const wantedMs = 60_000;
const mostRemembered = 200_000;

export interface HashWatch {
  /** Of files that were read. */
  hashed(bytes: number, seconds: number): void;
}

interface LargeFile {
  done: number;
  askedAt: number;
  readonly result: Promise<HashAnswer>;
}

export class FileHashes {
  readonly #remembered = new Map<string, string>();
  readonly #large = new Map<string, LargeFile>();
  readonly #smallSlots = new Slots(16);
  readonly #largeSlots = new Slots(2);
  readonly #watch: HashWatch;

  constructor(watch: HashWatch = { hashed: () => undefined }) {
    this.#watch = watch;
  }

  /** Without reading anything; null: not known. */
  known({ stat }: Pick<OpenFile, 'stat'>): string | null {
    const key = stat.stamp.join();
    const sha256 = this.#remembered.get(key);
    if (sha256 === undefined) return null;
    this.#remembered.delete(key); // and again at the end: what is asked for is forgotten last
    this.#remembered.set(key, sha256);
    return sha256;
  }

  /** Of small files, in their order; null: it was written to since it was looked at. */
  async ofSmall(root: Root, files: readonly { readonly path: string; readonly stat: FileStat }[]): Promise<readonly (string | null)[]> {
    const began = performance.now();
    const settled = files.map(({ stat }) => isSettled(stat));
    const hashes = await hashBeside(files.map(({ path, stat }) => ({ root: root.path, path, stamp: stat.stamp })));
    for (const [index, { stat }] of files.entries()) {
      const sha256 = hashes[index];
      if (sha256 && settled[index]) this.#remember(stat.stamp.join(), sha256);
    }
    const bytes = files.reduce((sum, { stat }) => sum + stat.size, 0);
    this.#watch.hashed(bytes, (performance.now() - began) / 1000);
    return hashes;
  }

  /** What somebody else has read and verified, in this very version. */
  learn({ stat }: Pick<OpenFile, 'stat'>, sha256: string): void {
    if (isSettled(stat)) this.#remember(stat.stamp.join(), sha256);
  }

  /**
   * Waits for a small file; for a large one until `deadline` (as performance.now()), or to its end. The handle stays the caller's.
   * @param again Opens the same file once more.
   */
  async of(file: OpenFile, again: () => Promise<OpenFile | null>, deadline?: number): Promise<HashAnswer> {
    const known = this.known(file);
    if (known !== null) return { kind: 'hashed', sha256: known };
    if (file.stat.size < largeBytes) return this.#smallSlots.run(() => this.#read(file));
    const large = this.#largeOf(file, again);
    if (deadline === undefined) {
      large.askedAt = Infinity;
      return large.result;
    }
    const waited = new AbortController();
    // Its only failure: the answer came first.
    const late = after(Math.max(0, deadline - performance.now()), null, { signal: waited.signal }).catch(() => null);
    const answer = await Promise.race([large.result, late]);
    waited.abort();
    return answer ?? { kind: 'hashing', done: large.done };
  }

  #largeOf({ stat }: OpenFile, again: () => Promise<OpenFile | null>): LargeFile {
    const key = stat.stamp.join();
    const there = this.#large.get(key);
    if (there) {
      there.askedAt = Math.max(there.askedAt, performance.now());
      return there;
    }
    const { promise, resolve, reject } = Promise.withResolvers<HashAnswer>();
    const large: LargeFile = { done: 0, askedAt: performance.now(), result: promise };
    this.#large.set(key, large);
    this.#readLarge(large, key, again)
      .then(resolve, reject)
      .finally(() => this.#large.delete(key));
    promise.catch(() => undefined); // whoever waits sees it
    return large;
  }

  /** With a handle of its own: who asked may be gone when its turn comes. */
  #readLarge(large: LargeFile, key: string, again: () => Promise<OpenFile | null>): Promise<HashAnswer> {
    const isWanted = (): boolean => performance.now() - large.askedAt < wantedMs;
    return this.#largeSlots.run(async () => {
      if (!isWanted()) return { kind: 'unstable' };
      const file = await again();
      if (!file) return { kind: 'unstable' };
      try {
        if (file.stat.stamp.join() !== key) return { kind: 'unstable' };
        if (!isSettled(file.stat)) await after(settledMs);
        const progress = (done: number): boolean => {
          large.done = done;
          return isWanted();
        };
        return await this.#read(file, { progress, settled: true });
      } finally {
        await file.handle.close();
      }
    });
  }

  async #read({ handle, stat }: OpenFile, { progress = always, settled = isSettled(stat) } = {}): Promise<HashAnswer> {
    const began = performance.now();
    const sha256 = await hashOfFile(handle, stat.size, progress);
    if (sha256 === null || !sameStamp(await stampOf(handle), stat.stamp)) return { kind: 'unstable' };
    this.#watch.hashed(stat.size, (performance.now() - began) / 1000);
    if (settled) this.#remember(stat.stamp.join(), sha256);
    return { kind: 'hashed', sha256 };
  }

  #remember(key: string, sha256: string): void {
    this.#remembered.delete(key);
    this.#remembered.set(key, sha256);
    if (this.#remembered.size <= mostRemembered) return;
    const [oldest = ''] = this.#remembered.keys();
    this.#remembered.delete(oldest);
  }
}

const always = (_done: number): boolean => true;

/** Its last write was so long ago that a next one has another stamp. */
function isSettled({ mtimeNs, ctimeNs }: OpenFile['stat']): boolean {
  const latest = Number((mtimeNs > ctimeNs ? mtimeNs : ctimeNs) / 1_000_000n);
  return Date.now() - latest > settledMs;
}
