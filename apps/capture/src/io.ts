/** What capture reaches outside of its process, beside ZooKeeper: the source's server and Kafka. Tests give it lists in memory. */
import { checkStart, holdServerId, probeBinlog, readBinlog, sourceState } from '@lutra/binlog';
import type { SourceConnection } from '@lutra/binlog';
import { BusAdmin, Publisher, readRange } from '@lutra/bus';
import type { BusOptions, PublisherOptions } from '@lutra/bus';
import { askCopy } from './ddl/copies.js';
import type { AskCopy } from './ddl/copies.js';
import { askCollation } from './ddl/left-open.js';
import type { AskCollation } from './ddl/left-open.js';
import { ServerStore } from './resync/resync-store.js';
import type { ResyncStore } from './resync/resync-store.js';
import { standingRows } from './stream/suspended-here.js';

export interface SourcePort {
  readonly state: typeof sourceState;
  readonly checkStart: typeof checkStart;
  readonly holdServerId: typeof holdServerId;
  readonly probe: typeof probeBinlog;
  readonly read: typeof readBinlog;
  readonly suspended: typeof standingRows;
  readonly copy: AskCopy;
  readonly collation: AskCollation;
  readonly resyncs: (source: SourceConnection) => ResyncStore;
}

export interface KafkaPort {
  admin(options: BusOptions): Pick<BusAdmin, 'ensureTopic' | 'requestLimit' | 'offsets' | 'close'>;
  publisher(options: PublisherOptions): Pick<Publisher, 'limitRequests' | 'publish' | 'close'>;
  readonly readRange: typeof readRange;
}

export interface CaptureIo {
  readonly source: SourcePort;
  readonly kafka: KafkaPort;
}

export const serversIo: CaptureIo = {
  source: {
    state: sourceState,
    checkStart,
    holdServerId,
    probe: probeBinlog,
    read: readBinlog,
    suspended: standingRows,
    copy: askCopy,
    collation: askCollation,
    resyncs: (of) => new ServerStore(of),
  },
  kafka: { admin: (options) => new BusAdmin(options), publisher: (options) => new Publisher(options), readRange },
};
