/**
 * What is fetched, each content once for a root however many rows want it, until none of them does. Large files and packs of small ones
 * have ways of their own, for each source region: neither waits behind the other, nor one region behind another.
 */
import { SyncError, toSyncError } from '@lutra/model';
import { orAborted } from '@lutra/runtime';
import { carryOne } from './carry-one.js';
import type { Carrier } from './carrier.js';
import { orDiskFull } from './disk-errors.js';
import { FetchFailure, isFresh } from './fetch-file.js';
import type { FetchFile, Progress } from './fetch-file.js';
import { largeBytes } from './local-bytes.js';
import { PackLane } from './pack-lane.js';
import type { PatienceTimes } from './patience.js';
import type { SourceRegions } from './ports.js';
import { Slots } from '@lutra/files';
import type { StageFolder } from './stage-folder.js';

export interface TransferParts {
  readonly source: SourceRegions;
  readonly carrier: Carrier;
  readonly patience: PatienceTimes;
  stage(root: string): StageFolder;
  /** Ends all. */
  readonly signal: AbortSignal;
}

const largeAtOnce = 4;
const packsAtOnce = 4;

interface Running {
  readonly promise: Promise<void>;
  readonly nobody: AbortController;
  readonly progress: Progress;
  wanted: number;
  isOver: boolean;
}

interface RegionWays {
  readonly large: Slots;
  readonly packs: Slots;
  readonly lanes: Map<string, PackLane>;
}

export class Transfers {
  readonly #parts: TransferParts;
  readonly #running = new Map<string, Running>();
  readonly #regions = new Map<string, RegionWays>();

  constructor(parts: TransferParts) {
    this.#parts = parts;
    const endAll = (): void => {
      for (const { nobody } of this.#running.values()) nobody.abort(parts.signal.reason);
    };
    parts.signal.addEventListener('abort', endAll, { once: true });
  }

  /**
   * It is staged then.
   * @param onBegin is given what shows how far it is
   * @returns whether it came for this caller; else another one had begun
   * @throws FetchFailure, SyncError FILES_UNAVAILABLE, FILES_DISK_FULL, ABORTED
   */
  async bring(file: FetchFile, onBegin: (progress: Progress) => void, signal: AbortSignal): Promise<boolean> {
    const key = `${file.root} ${file.sha256}`;
    for (;;) {
      const known = this.#running.get(key);
      if (known?.nobody.signal.aborted) {
        // Nobody wanted it a moment ago: what writes to its file ends first.
        await orAborted(
          known.promise.catch(() => undefined), // how it ended is told to who wanted it
          signal,
        );
        continue;
      }
      const running = known ?? this.#begin(key, file);
      onBegin(running.progress);
      await this.#wait(running, signal);
      return !known;
    }
  }

  #begin(key: string, file: FetchFile): Running {
    const nobody = new AbortController();
    const progress: Progress = { phase: 'asked', size: file.size, done: 0, bytesPerSecond: 0 };
    const promise = this.#fetch(file, progress, nobody.signal).finally(() => {
      running.isOver = true;
      this.#running.delete(key);
    });
    promise.catch(() => undefined); // told to those who wait
    const running: Running = { promise, nobody, progress, wanted: 0, isOver: false };
    this.#running.set(key, running);
    return running;
  }

  async #wait(running: Running, signal: AbortSignal): Promise<void> {
    running.wanted += 1;
    try {
      await orAborted(running.promise, signal);
    } finally {
      running.wanted -= 1;
      if (running.wanted === 0 && !running.isOver) running.nobody.abort(new SyncError('ABORTED', 'nobody wants the file any more'));
    }
  }

  async #fetch(file: FetchFile, progress: Progress, signal: AbortSignal): Promise<void> {
    try {
      if (file.size === 0) await this.#parts.stage(file.root).add(file, () => Promise.resolve());
      else if (file.size < largeBytes) await this.#lane(file).fetch(file, progress, signal);
      else await this.#ways(file.region).large.run(() => this.#large(file, progress, signal), signal);
    } catch (error) {
      throw error instanceof FetchFailure ? error : toSyncError(orDiskFull(error, file.root));
    }
  }

  async #large(file: FetchFile, progress: Progress, signal: AbortSignal): Promise<void> {
    const address = isFresh(file.address) ? file.address : await file.renew(signal);
    if (!address) throw new FetchFailure('changed', `${file.root}: another file is at the path`);
    const { carrier, stage } = this.#parts;
    await carryOne({ carrier, stage: stage(file.root), file, address, progress, signal });
  }

  #ways(region: string): RegionWays {
    let ways = this.#regions.get(region);
    if (!ways) this.#regions.set(region, (ways = { large: new Slots(largeAtOnce), packs: new Slots(packsAtOnce), lanes: new Map() }));
    return ways;
  }

  #lane({ region, root }: FetchFile): PackLane {
    const { lanes, packs } = this.#ways(region);
    let lane = lanes.get(root);
    if (!lane) {
      const { source, carrier, patience, stage, signal } = this.#parts;
      lane = new PackLane({ region, root, source, carrier, patience, signal, stage: stage(root), slots: packs });
      lanes.set(root, lane);
    }
    return lane;
  }
}
