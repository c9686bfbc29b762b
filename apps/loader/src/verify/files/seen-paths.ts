/**
 * Paths that were seen, in 64 MB however many they are (a Bloom filter). What was seen is always known as seen; of what was not, some count
 * as seen: one in 50,000 beside 20 million paths, one in 15 beside 100 million, and others each time.
 */
import { hash, randomUUID } from 'node:crypto';

const bytes = 2 ** 26;
const bits = bytes * 8;
const marks = 8;

export class SeenPaths {
  readonly #bytes = new Uint8Array(bytes);
  readonly #salt = randomUUID();

  add(path: string): void {
    for (const at of this.#places(path)) this.#bytes[at >>> 3]! |= 1 << (at & 7);
  }

  has(path: string): boolean {
    return this.#places(path).every((at) => ((this.#bytes[at >>> 3]! >>> (at & 7)) & 1) === 1);
  }

  #places(path: string): readonly number[] {
    const digest = hash('sha1', `${this.#salt}${path}`, 'buffer');
    const [first, step] = [digest.readUInt32LE(0), digest.readUInt32LE(4) | 1];
    return Array.from({ length: marks }, (_, i) => ((first + Math.imul(step, i)) >>> 0) & (bits - 1));
  }
}
