/**
 * Downloads that are tried again while it makes sense: a source region that is away, an aria2 that died, an address that is too old. Each
 * try goes on from where the last one came to.
 */
import { createHash } from 'node:crypto';
import { DownloadFailure } from '@lutra/files';
import { SyncError } from '@lutra/model';
import { throwIfAborted } from '@lutra/runtime';
import { FetchFailure } from './fetch-file.js';
import { Patience } from './patience.js';
import type { PatienceTimes } from './patience.js';
import type { Downloads } from './ports.js';
import type { RegionLimits } from './region-limits.js';
import type { Claim, Space } from './space.js';
import type { StageFolder } from './stage-folder.js';

export interface CarrierParts {
  readonly downloads: Downloads;
  readonly limits: RegionLimits;
  readonly space: Space;
  readonly patience: PatienceTimes;
  stage(root: string): StageFolder;
  /** So many came over the network. */
  onBytes(root: string, bytes: number): void;
}

export interface Carriage {
  readonly region: string;
  readonly root: string;
  /** Name in the stage folder. */
  readonly out: string;
  readonly url: string;
  /** Null: the caller checks the bytes. */
  readonly sha256: string | null;
  readonly size: number;
  /** That it takes of the disk when all is done. */
  readonly roomBytes: number;
  readonly signal: AbortSignal;
  /** Another address of the same bytes. Null: they are no more. @throws SyncError */
  renew(): Promise<string | null>;
  onProgress(done: number, bytesPerSecond: number): void;
}

/** A connection for so many bytes, at most so many. */
const connectionBytes = 4 * 1024 * 1024;
const mostConnections = 16;

export class Carrier {
  readonly #parts: CarrierParts;

  constructor(parts: CarrierParts) {
    this.#parts = parts;
  }

  /**
   * `use` is given the file as soon as it is whole. What it does not move away is removed.
   * @throws FetchFailure, SyncError FILES_UNAVAILABLE, FILES_DISK_FULL, ABORTED
   */
  async carry(carriage: Carriage, use: (name: string) => Promise<void>): Promise<void> {
    const { root, out, roomBytes, size, signal } = carriage;
    throwIfAborted(signal);
    const stage = this.#parts.stage(root);
    const claim = await this.#parts.space.claim(root, roomBytes);
    try {
      await stage.downloading(out, async () => {
        await this.#untilWhole(carriage, claim);
        this.#parts.onBytes(root, size);
        try {
          await use(out);
        } finally {
          await stage.drop(out);
        }
      });
    } finally {
      claim.release();
    }
  }

  async #untilWhole(carriage: Carriage, claim: Claim): Promise<void> {
    const { root, out, signal } = carriage;
    const patience = new Patience(this.#parts.patience);
    for (let url = carriage.url; ;) {
      try {
        return await this.#once(carriage, { url, claim, onMoved: () => patience.renew() });
      } catch (error) {
        throwIfAborted(signal);
        if (!(error instanceof DownloadFailure)) throw error;
        const final = endOf(error, carriage);
        // Without a hash aria2 never goes on.
        if (final instanceof FetchFailure || (final && carriage.sha256 === null)) await this.#parts.stage(root).drop(out);
        if (final) throw final;
        await patience.after(unavailable(carriage, error), signal);
        if (error.kind === 'aria2') continue;
        // Of an app that answers: the one that sent these bytes may be gone.
        const renewed = await carriage.renew();
        if (renewed === null) {
          await this.#parts.stage(root).drop(out);
          throw new FetchFailure('changed', error.message, { cause: error });
        }
        url = renewed;
      }
    }
  }

  async #once(
    { region, root, out, sha256, size, signal, onProgress }: Carriage,
    { url, claim, onMoved }: { readonly url: string; readonly claim: Claim; onMoved(): void },
  ): Promise<void> {
    const dir = this.#parts.stage(root).path;
    const gid = createHash('sha256').update(`${dir}/${out}`).digest('hex').slice(0, 16);
    const split = Math.min(mostConnections, Math.ceil(size / connectionBytes));
    let last: number | null = null;
    const told = (done: number, bytesPerSecond: number): void => {
      if (last !== null && done > last) onMoved();
      last = done;
      claim.written(done);
      onProgress(done, bytesPerSecond);
    };
    await this.#parts.limits.within({ region, gid }, (limitBytesPerSecond) =>
      this.#parts.downloads.download({ gid, urls: [url], dir, out, sha256, size, split, limitBytesPerSecond, signal, onProgress: told }),
    );
  }
}

/** Null: it is worth another try. */
function endOf(error: DownloadFailure, { root }: Carriage): Error | null {
  const options = { cause: error };
  switch (error.kind) {
    case 'changed':
      return error.status === 404 ? null : new FetchFailure('changed', error.message, options);
    case 'checksum':
      return new FetchFailure('corrupt', error.message, options);
    case 'disk-full':
    case 'disk':
      return new SyncError('FILES_DISK_FULL', `root ${root}: its disk takes no more: ${error.message}`, { ...options, details: { root } });
    case 'expired':
    case 'network':
    case 'aria2':
      return null;
  }
}

function unavailable({ region, root }: Carriage, error: DownloadFailure): SyncError {
  const who = error.kind === 'aria2' ? 'aria2 of this region' : `the files app of region ${region}`;
  const details = { region, root, aria2: error.code, status: error.status };
  return new SyncError('FILES_UNAVAILABLE', `root ${root}: ${who} does not serve: ${error.message}`, { cause: error, details });
}
