/** What a loader reaches of files outside of its process. Tests give it trees and tables in memory. */
import { FilesClient } from '@lutra/files';
import type { FilesService } from '@lutra/files';
import type { WorkDeps } from '@lutra/host';
import {
  baseTables,
  beginFilePlacing,
  inheritLeaving,
  isFileNamed,
  letFilesGo,
  othersPlacing,
  readFilePlacing,
  readLeavingFiles,
  readMissingFiles,
  tablesWithColumnsOf,
  takeOver,
} from '@lutra/mysql';

export interface FileStore {
  readonly readPlacing: typeof readFilePlacing;
  readonly beginPlacing: typeof beginFilePlacing;
  readonly readLeaving: typeof readLeavingFiles;
  readonly letGo: typeof letFilesGo;
  readonly readMissing: typeof readMissingFiles;
  readonly baseTables: typeof baseTables;
  readonly tablesWithColumnsOf: typeof tablesWithColumnsOf;
  readonly isNamed: typeof isFileNamed;
  readonly othersPlacing: typeof othersPlacing;
  readonly takeOver: typeof takeOver;
  readonly inheritLeaving: typeof inheritLeaving;
}

export interface FilesIo {
  /** The files apps of the region in which a process works. */
  service(deps: Pick<WorkDeps, 'registry' | 'secretKey'>, region: string): FilesService;
  readonly store: FileStore;
}

export const serverFileStore: FileStore = {
  readPlacing: readFilePlacing,
  beginPlacing: beginFilePlacing,
  readLeaving: readLeavingFiles,
  letGo: letFilesGo,
  readMissing: readMissingFiles,
  baseTables,
  tablesWithColumnsOf,
  isNamed: isFileNamed,
  othersPlacing,
  takeOver,
  inheritLeaving,
};

/** One client for all pipelines of a process: their region is the same. */
export function filesAppsIo(): FilesIo {
  const clients = new Map<string, FilesService>();
  const service: FilesIo['service'] = ({ registry, secretKey: keys }, region) => {
    const known = clients.get(region);
    if (known) return known;
    const instances = async () =>
      (await registry.workers.list()).flatMap(({ region: of, files }) => (files ? [{ region: of, ...files }] : []));
    const client = new FilesClient({ keys, caFile: process.env['LUTRA_FILES_CA'], region, instances });
    clients.set(region, client);
    return client;
  };
  return { service, store: serverFileStore };
}
