export * from './gtid.js';
export { GtidPosition } from './gtid-position.js';
export { GtidSet } from './gtid-set.js';
export type { BinlogOptions, KnownPlace, SourceConnection, SourceState } from './options.js';
export { probeBinlog } from './probe.js';
export type { ProbeOptions } from './probe.js';
export { readBinlog } from './read-binlog.js';
export { sourceState } from './source-state.js';
