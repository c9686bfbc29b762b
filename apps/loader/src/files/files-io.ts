/** What a loader reaches of files outside of its process. Tests give it trees and tables in memory. */
import type { WorkDeps } from '@lutra/host';
import type { FilesService } from '@lutra/files';
import { isFileNamed, letFilesGo, readFilePlace, readLeavingFiles, readMissingFiles, tablesWithColumnsOf } from '@lutra/mysql';

export interface FileStore {
  readonly readPlace: typeof readFilePlace;
  readonly readLeaving: typeof readLeavingFiles;
  readonly letGo: typeof letFilesGo;
  readonly readMissing: typeof readMissingFiles;
  readonly tablesWithColumnsOf: typeof tablesWithColumnsOf;
  readonly isNamed: typeof isFileNamed;
}

export interface FilesIo {
  /** The files apps of the region in which a process works. */
  service(deps: WorkDeps, region: string): FilesService;
  readonly store: FileStore;
}

export const serverFileStore: FileStore = {
  readPlace: readFilePlace,
  readLeaving: readLeavingFiles,
  letGo: letFilesGo,
  readMissing: readMissingFiles,
  tablesWithColumnsOf,
  isNamed: isFileNamed,
};
