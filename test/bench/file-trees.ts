/** Trees of files that are carried: their bytes are random, so that nothing is there already and nothing can be made smaller. */
import { createHash, randomFillSync } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Random } from '../harness/index.js';
import type { FileTree } from './figures.js';

export interface MadeFile {
  /** In the root. */
  readonly path: string;
  readonly size: number;
  readonly sha256: string;
}

interface Shape {
  readonly files: number;
  /** By the logarithm; 0: all are of the mean. */
  readonly sigma: number;
  readonly meanBytes: number;
}

const gigabyte = 2 ** 30;
const mostBytes = 4 * 2 ** 20;
const pieceBytes = 8 * 2 ** 20;
const ofFolder = 256;

/** The large ones get smaller with the scale, the others fewer. */
export function shapeOf(tree: FileTree, scale: number): Shape {
  const many = Math.max(20, Math.round(20_000 * scale));
  switch (tree) {
    case 'small':
    case 'smallFar':
      return { files: many, sigma: 1, meanBytes: 75_000 };
    case 'tiny':
      return { files: many, sigma: 0, meanBytes: 4_096 };
    case 'large':
      return { files: 4, sigma: 0, meanBytes: Math.round(gigabyte * scale) };
  }
}

/** Below the root, in a folder of this name. */
export async function makeTree(root: string, tree: FileTree, scale: number, name: string = tree): Promise<readonly MadeFile[]> {
  const shape = shapeOf(tree, scale);
  const random = new Random(20_000);
  const made: MadeFile[] = [];
  for (let index = 0; index < shape.files; index++) {
    const folder = `${name}/${Math.floor(index / ofFolder)}`;
    const path = `${folder}/${index}.bin`;
    const size = sizeOf(shape, random);
    await mkdir(join(root, folder), { recursive: true });
    made.push({ path, size, sha256: await makeFile(join(root, path), size) });
  }
  return made;
}

/** In words: files that are not there, or have other bytes. */
export async function differencesOf(root: string, files: readonly MadeFile[]): Promise<readonly string[]> {
  const found: string[] = [];
  for (const { path, sha256 } of files) {
    const there = await hashOf(join(root, path)).catch(() => null);
    if (there !== sha256) found.push(`${path}: ${there === null ? 'missing' : 'has other bytes'}`);
  }
  return found;
}

/** Lognormal by Box and Muller. */
function sizeOf({ sigma, meanBytes }: Shape, random: Random): number {
  if (sigma === 0) return meanBytes;
  const normal = Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
  return Math.min(mostBytes, Math.max(1, Math.round(meanBytes * Math.exp(sigma * normal - sigma ** 2 / 2))));
}

const piece = Buffer.allocUnsafeSlow(pieceBytes);

async function makeFile(path: string, size: number): Promise<string> {
  const file = await open(path, 'w');
  try {
    const hash = createHash('sha256');
    for (let left = size; left > 0; left -= pieceBytes) {
      const bytes = piece.subarray(0, Math.min(left, pieceBytes));
      randomFillSync(bytes);
      hash.update(bytes);
      await file.writeFile(bytes);
    }
    return hash.digest('hex');
  } finally {
    await file.close();
  }
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 2 ** 20 }), hash);
  return hash.digest('hex');
}
