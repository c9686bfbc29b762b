/** Room on the disks of the roots: what is begun counts, so that downloads together do not fill a disk that each of them fits on. */
import { statfs } from 'node:fs/promises';
import { SyncError } from '@lutra/model';
import type { OwnRoots } from './ports.js';

/** Bytes that stay free, beside a twentieth of the disk. */
const keptBytes = 1024 ** 3;

export interface DiskSize {
  readonly freeBytes: number;
  readonly totalBytes: number;
}

/** Bytes that are to be written. */
export interface Claim {
  /** So many of them are: what the disk says is free lacks them already. */
  written(bytes: number): void;
  release(): void;
}

export class Space {
  readonly #roots: OwnRoots;
  readonly #size: (path: string) => Promise<DiskSize>;
  readonly #claims = new Map<string, Set<{ left: number }>>();

  constructor(roots: OwnRoots, size = diskSize) {
    this.#roots = roots;
    this.#size = size;
  }

  async of(root: string): Promise<DiskSize> {
    const known = this.#roots.get(root);
    if (!known) throw new SyncError('FILE_ROOT_UNKNOWN', `no root ${root} here`, { details: { root } });
    return this.#size(known.path);
  }

  /** @throws SyncError FILES_DISK_FULL */
  async claim(root: string, bytes: number): Promise<Claim> {
    const { freeBytes, totalBytes } = await this.of(root);
    const claims = this.#claims.get(root) ?? new Set();
    this.#claims.set(root, claims);
    const claimed = [...claims].reduce((sum, { left }) => sum + left, 0);
    const kept = keptBytes + totalBytes / 20;
    if (freeBytes - claimed - bytes < kept) {
      const details = { root, freeBytes, claimedBytes: claimed, wantedBytes: bytes, keptBytes: Math.ceil(kept) };
      throw new SyncError('FILES_DISK_FULL', `root ${root}: ${bytes} bytes more would leave too little of its disk free`, { details });
    }
    const claim = { left: bytes };
    claims.add(claim);
    return {
      written: (done) => {
        claim.left = Math.max(0, bytes - done);
      },
      release: () => void claims.delete(claim),
    };
  }
}

async function diskSize(path: string): Promise<DiskSize> {
  const { bavail, blocks, bsize } = await statfs(path);
  return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
}
