import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';

const pieceBytes = 1024 * 1024;
const always = (): boolean => true;

/**
 * SHA-256 in hex of an open file of this size.
 * @param goesOn Is asked after each piece.
 * @returns null: it has fewer or more bytes, or does not go on
 */
export async function hashOfFile(file: FileHandle, size: number, goesOn: (done: number) => boolean = always): Promise<string | null> {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(Math.min(size + 1, pieceBytes));
  for (let done = 0; ;) {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, done);
    if (bytesRead === 0) return done === size ? hash.digest('hex') : null;
    done += bytesRead;
    if (done > size || !goesOn(done)) return null;
    hash.update(buffer.subarray(0, bytesRead));
  }
}
