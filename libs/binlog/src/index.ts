export { checkStart } from './check-start.js';
export * from './gtid.js';
export { GtidPosition } from './gtid-position.js';
export { GtidSet } from './gtid-set.js';
export type { BinlogOptions, KnownPlace, SourceConnection, SourceState } from './options.js';
export { readBinlog } from './read-binlog.js';
export { restartPosition } from './restart-position.js';
export type { RestartPosition } from './restart-position.js';
export { sourceState } from './source-state.js';
