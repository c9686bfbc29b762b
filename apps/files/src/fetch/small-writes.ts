/**
 * Many small files written beside the event loop, as small-files.ts reads them: to make, write, dress, close and rename one file costs
 * seven turns of the loop. Their flushes are not in here: they are done by many threads at once. It imports nothing of ours, because the
 * thread loads it.
 */
import { createHash } from 'node:crypto';
import { closeSync, fchmodSync, futimesSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs';
import { beside } from '@lutra/runtime';

/** A file that is a part of a pack. */
export interface SmallPart {
  /** Where it is written: nothing is there. */
  readonly to: string;
  readonly offset: number;
  readonly size: number;
  readonly sha256: string;
  readonly mtimeNs: string;
  readonly mode: number;
}

export interface SmallEnd {
  readonly fd: number;
  readonly name: string;
  /** Null: it is removed. */
  readonly as: string | null;
}

/** Descriptors of the files, to be flushed; null: the bytes are not those with this hash. If it throws, nothing is there. */
export const writeBeside = beside(import.meta.url, writeParts);
/** Closes them, and gives them their names. */
export const endBeside = beside(import.meta.url, endAll);

export function writeParts(pack: string, parts: readonly SmallPart[]): (number | null)[] {
  const written: { fd: number; to: string }[] = [];
  const source = openSync(pack, 'r');
  try {
    const buffer = Buffer.allocUnsafeSlow(Math.max(...parts.map(({ size }) => size)));
    return parts.map((part) => {
      const bytes = buffer.subarray(0, part.size);
      if (!readWhole(source, bytes, part.offset)) return null;
      if (createHash('sha256').update(bytes).digest('hex') !== part.sha256) return null;
      const fd = openSync(part.to, 'wx', 0o600);
      written.push({ fd, to: part.to });
      for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at);
      const seconds = Number(part.mtimeNs) / 1e9;
      futimesSync(fd, seconds, seconds);
      fchmodSync(fd, part.mode);
      return fd;
    });
  } catch (error) {
    for (const { fd, to } of written) {
      closeSync(fd);
      rmSync(to, { force: true });
    }
    throw error;
  } finally {
    closeSync(source);
  }
}

export function endAll(files: readonly SmallEnd[]): null {
  for (const { fd } of files) closeSync(fd);
  for (const { name, as } of files) {
    if (as === null) rmSync(name, { force: true });
    else renameSync(name, as);
  }
  return null;
}

function readWhole(fd: number, into: Buffer, offset: number): boolean {
  for (let at = 0; at < into.length;) {
    const bytes = readSync(fd, into, at, into.length - at, offset + at);
    if (bytes === 0) return false;
    at += bytes;
  }
  return true;
}
