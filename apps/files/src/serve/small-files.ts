/**
 * Many small files at once, beside the event loop: to open, look at and close one file costs six turns of it, which is several times what
 * reading and hashing 75 KB does. As safe as Root.open(). It imports nothing of ours, because the thread loads it.
 */
import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readlinkSync, readSync } from 'node:fs';
import { beside } from '@lutra/runtime';

const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

export interface InRoot {
  /** Of the root, without symbolic links. */
  readonly root: string;
  /** Relative to it. */
  readonly path: string;
}

/** dev, ino, size, mtimeNs, ctimeNs; or why there is none: what the system said, or OUTSIDE, IRREGULAR. */
export type Look = readonly [string, string, string, string, string] | string;

export interface SmallSlice extends InRoot {
  readonly stamp: readonly string[];
  readonly from: number;
  readonly to: number;
}

/** In the order of the files. */
export const lookBeside = beside(import.meta.url, lookAtAll);
/** SHA-256 of each; null: it is not, or not any more, the version with this stamp. */
export const hashBeside = beside(import.meta.url, hashAll);
/** One behind the other; nothing: one of them is not, or not any more, the version with its stamp. */
export const readBeside = beside(import.meta.url, readAll);

export function lookAtAll(files: readonly InRoot[]): Look[] {
  return files.map((file) => opened(file, (_, stamp) => stamp));
}

export function hashAll(files: readonly (InRoot & { readonly stamp: readonly string[] })[]): (string | null)[] {
  let buffer = Buffer.alloc(0);
  return files.map(({ stamp, ...file }) => {
    const size = Number(stamp[2]);
    if (buffer.length < size + 1) buffer = Buffer.allocUnsafeSlow(size + 1);
    const isRead = readInto(file, { stamp, from: 0, to: size }, buffer);
    return isRead ? createHash('sha256').update(buffer.subarray(0, size)).digest('hex') : null;
  });
}

export function readAll(slices: readonly SmallSlice[]): Uint8Array {
  const all = Buffer.allocUnsafeSlow(slices.reduce((sum, { from, to }) => sum + to - from, 0));
  let at = 0;
  for (const { root, path, ...slice } of slices) {
    if (!readInto({ root, path }, slice, all.subarray(at, at + slice.to - slice.from))) return Buffer.allocUnsafeSlow(0);
    at += slice.to - slice.from;
  }
  return all;
}

/** False: it is another version, before it was read or afterwards. */
function readInto(file: InRoot, { stamp, from, to }: Pick<SmallSlice, 'stamp' | 'from' | 'to'>, into: Buffer): boolean {
  const is = (found: Look): boolean => typeof found !== 'string' && found.every((part, index) => part === stamp[index]);
  const read = opened(file, (fd, found) => {
    if (!is(found)) return 'MOVED';
    for (let at = from; at < to;) {
      const bytes = readSync(fd, into, at - from, to - at, at);
      if (bytes === 0) return 'MOVED';
      at += bytes;
    }
    return stampOf(fd);
  });
  return is(read);
}

function opened(file: InRoot, work: (fd: number, stamp: Look) => Look): Look {
  let fd: number | undefined;
  try {
    fd = openSync(`${file.root}/${file.path}`, flags);
    const real = readlinkSync(`/proc/self/fd/${fd}`);
    if (!isWithin(real, file)) return 'OUTSIDE';
    return work(fd, stampOf(fd));
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unknown error';
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** What is kept for Lutra itself is named by its own path only. */
function isWithin(real: string, { root, path }: InRoot): boolean {
  return path.startsWith('.lutra/') ? real === `${root}/${path}` : real.startsWith(`${root}/`) && !real.startsWith(`${root}/.lutra/`);
}

function stampOf(fd: number): Look {
  const stat = fstatSync(fd, { bigint: true });
  if (!stat.isFile()) return 'IRREGULAR';
  return [`${stat.dev}`, `${stat.ino}`, `${stat.size}`, `${stat.mtimeNs}`, `${stat.ctimeNs}`];
}
