/** Places files in the roots that this process holds. docs/decisions/0035-files.md. */
import * as fs from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import type { DeleteAnswer, DeleteRequest, FenceAnswer, FenceRequest, ListAnswer, ListRequest } from '@lutra/files';
import type { PlaceAnswer, PlaceRequest, SettleRequest, UnplaceRequest } from '@lutra/files';
import { SyncError } from '@lutra/model';
import { sleep } from '@lutra/runtime';
import type { PlaceRoom, RoomParts } from '../handlers.js';
import type { FileHashes } from '../serve/file-hashes.js';
import { statOf, type Root } from '../serve/root.js';
import { ofDisk, type HashFile } from './disk.js';
import { acquireLock } from './lock.js';
import { RootPlaces } from './root-places.js';

const purgeEveryMs = 3600 * 1000;

export function placingRoom(parts: Pick<RoomParts, 'hashes' | 'logger'>): PlaceRoom {
  return new Places(parts);
}

class Places implements PlaceRoom {
  readonly #logger: RoomParts['logger'];
  readonly #hash: HashFile;
  readonly #roots = new Map<string, RootPlaces>();
  readonly #held = new Set<Promise<void>>();

  constructor({ hashes, logger }: Pick<RoomParts, 'hashes' | 'logger'>) {
    this.#logger = logger;
    this.#hash = hashedBy(hashes);
  }

  async hold(root: Root, { signal }: { readonly signal: AbortSignal }, ready: () => void): Promise<void> {
    const held = this.#hold(root, signal, ready);
    const ended = held.catch(() => undefined); // told to the caller
    this.#held.add(ended);
    await held.finally(() => this.#held.delete(ended));
  }

  async #hold(root: Root, signal: AbortSignal, ready: () => void): Promise<void> {
    const { name, path, settings } = root;
    const onWait = (): void =>
      this.#logger.warn({ root: name, path }, 'another process still places files in this root: waiting until it ends');
    const lock = await acquireLock(path, { signal, onWait }).catch((error: unknown) => {
      throw ofDisk(error, { root: name });
    });
    try {
      const places = await RootPlaces.open({ root: name, path, hash: this.#hash, ...(settings.mode !== null && { mode: settings.mode }) });
      this.#roots.set(name, places);
      try {
        ready();
        await this.#keepHouse(places, name, signal);
      } finally {
        this.#roots.delete(name);
        await places.close();
      }
    } finally {
      await lock.release();
    }
  }

  async #keepHouse(places: RootPlaces, root: string, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await places.purge(Date.now()).catch((error: unknown) => this.#logger.warn({ err: error, root }, 'the trash was not purged'));
      await sleep(purgeEveryMs, signal).catch(() => undefined); // aborted: the loop ends
    }
  }

  place(request: PlaceRequest): Promise<PlaceAnswer> {
    return this.#of(request).place(request);
  }

  unplace(request: UnplaceRequest): Promise<void> {
    return this.#of(request).unplace(request);
  }

  settle(request: SettleRequest): Promise<void> {
    return this.#of(request).settle(request);
  }

  fence(request: FenceRequest): Promise<FenceAnswer> {
    return this.#of(request).fence(request);
  }

  delete(request: DeleteRequest): Promise<DeleteAnswer> {
    return this.#of(request).delete(request);
  }

  list(request: ListRequest): Promise<ListAnswer> {
    return this.#of(request).list(request);
  }

  /** The signals of `hold` have been aborted. */
  async close(): Promise<void> {
    await Promise.all(this.#held);
  }

  #of({ root }: { readonly root: string }): RootPlaces {
    const places = this.#roots.get(root);
    if (places) return places;
    throw new SyncError('FILES_UNAVAILABLE', `this files app does not place files in root ${root}`, { details: { root } });
  }
}

/** A large one is opened once more, as it may have to wait for its turn. */
function hashedBy(hashes: FileHashes): HashFile {
  return async (handle) => {
    const opened = async (file: FileHandle) => ({ handle: file, stat: statOf(await file.stat({ bigint: true })) });
    const again = async () => await opened(await fs.open(`/proc/self/fd/${handle.fd}`));
    const answer = await hashes.of(await opened(handle), again);
    return answer.kind === 'hashed' ? answer.sha256 : null;
  };
}
