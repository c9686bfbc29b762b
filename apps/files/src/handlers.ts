/**
 * The rooms of a files app, and what each one is given. `serve` answers other regions, `fetch` and `place` the loaders of this one. A
 * request is checked and parsed before it gets here; what is thrown goes back as `{code, message, details}`.
 */
import type { FilesService, RemoteFiles } from '@lutra/files';
import type { BesideDeps } from '@lutra/host';
import type { Configuration } from '@lutra/registry';
import type { Leadership } from '@lutra/runtime';
import type { FilesEnvironment } from './environment.js';
import type { FileHashes } from './serve/file-hashes.js';
import type { Root } from './serve/root.js';

export interface RoomParts extends Pick<BesideDeps, 'metrics' | 'logger' | 'registry' | 'secretKey'> {
  readonly environment: FilesEnvironment;
  /** By name: all that LUTRA_ROOTS has. */
  readonly roots: ReadonlyMap<string, Root>;
  /** Of files of the roots, as they are now. */
  readonly hashes: FileHashes;
  /** The files apps of other regions. */
  readonly remote: RemoteFiles;
  /** Whether this process holds the root's lease. */
  isPlacing(root: string): boolean;
  /** As they were read last. @throws SyncError FILES_UNAVAILABLE: none was yet, or this build must not work */
  documents(): Configuration;
}

/** Only for roots whose lease this process holds: the caller sees to it. */
export interface FetchRoom extends Pick<FilesService, 'stage' | 'compare'> {
  close(): Promise<void>;
}

/** Only for roots that `hold` works on: the caller sees to it. */
export interface PlaceRoom extends Pick<FilesService, 'place' | 'unplace' | 'settle' | 'fence' | 'delete' | 'list'> {
  /**
   * Under the lease of the root: makes it ready (what a crash left, `.lutra/lock`), calls `ready`, from when on requests come, and works
   * until the signal aborts. Returns, or throws, when nothing of this process touches the root any more.
   */
  hold(root: Root, lead: Pick<Leadership, 'leaseNumber' | 'signal'>, ready: () => void): Promise<void>;
  close(): Promise<void>;
}

export interface Rooms {
  fetch(parts: RoomParts): FetchRoom;
  place(parts: RoomParts): PlaceRoom;
}
