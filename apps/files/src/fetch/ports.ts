/** What fetching needs of the world. In tests: in memory, `fetch.fixture.ts`. */
import type { Aria2, RemoteFiles } from '@lutra/files';
import type { FileHashes } from '../serve/file-hashes.js';
import type { Root } from '../serve/root.js';

/** The files apps of other regions. @throws SyncError FILES_UNAVAILABLE, FILES_REFUSED, FILE_ROOT_UNKNOWN */
export type SourceRegions = Pick<RemoteFiles, 'manifest' | 'pack' | 'named'>;

/** aria2. */
export type Downloads = Pick<Aria2, 'download' | 'setLimit'>;

export type OwnRoots = ReadonlyMap<string, Root>;

export type OwnHashes = Pick<FileHashes, 'of'>;
