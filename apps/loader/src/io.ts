/** What the loader reaches outside of its process, beside ZooKeeper: the target's server and Kafka. Tests give it lists in memory. */
import { BusAdmin, subscribe } from '@lutra/bus';
import type { BusOptions } from '@lutra/bus';
import {
  ApplyConnection,
  awaitSeedNoMore,
  createTable,
  endSeeds,
  fence,
  loadForApply,
  missingTables,
  isSeedWhole,
  readSeeds,
  readSuspended,
  sayRoutes,
  takeOver,
  tiedTables,
  untickSeeds,
  writeSuspended,
} from '@lutra/mysql';
import { filesAppsIo } from './files/files-io.js';
import type { FilesIo } from './files/files-io.js';

export interface TargetPort {
  readonly connect: typeof ApplyConnection.open;
  readonly loadTable: typeof loadForApply;
  readonly takeOver: typeof takeOver;
  readonly fence: typeof fence;
  readonly sayRoutes: typeof sayRoutes;
  readonly readSuspended: typeof readSuspended;
  readonly writeSuspended: typeof writeSuspended;
  readonly tiedTables: typeof tiedTables;
  readonly readSeeds: typeof readSeeds;
  readonly isSeedWhole: typeof isSeedWhole;
  readonly untickSeeds: typeof untickSeeds;
  readonly awaitSeedNoMore: typeof awaitSeedNoMore;
  readonly endSeeds: typeof endSeeds;
  readonly createTable: typeof createTable;
  readonly missingTables: typeof missingTables;
}

export interface KafkaPort {
  admin(options: BusOptions): Pick<BusAdmin, 'exists' | 'offsets' | 'groupOffset' | 'commitGroupOffset' | 'close'>;
  readonly subscribe: typeof subscribe;
}

export interface LoaderIo {
  readonly target: TargetPort;
  readonly kafka: KafkaPort;
  /** Left out: file rules cannot be followed. */
  readonly files?: FilesIo;
}

export const serversIo: LoaderIo = {
  target: {
    connect: (options, tables) => ApplyConnection.open(options, tables),
    loadTable: loadForApply,
    takeOver,
    fence,
    sayRoutes,
    readSuspended,
    writeSuspended,
    tiedTables,
    readSeeds,
    isSeedWhole,
    untickSeeds,
    awaitSeedNoMore,
    endSeeds,
    createTable,
    missingTables,
  },
  kafka: { admin: (options) => new BusAdmin(options), subscribe },
  files: filesAppsIo(),
};
