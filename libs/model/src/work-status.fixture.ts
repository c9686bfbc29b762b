import type { WorkStatus } from './status.js';

/** For tests: what a process says that works and has done nothing yet. */
export function workStatus(part: Pick<WorkStatus, 'app' | 'name'> & Partial<WorkStatus>): WorkStatus {
  return {
    uid: null,
    instance: 'host:1',
    state: 'running',
    waitingFor: null,
    epoch: 1,
    rows: 0,
    transactions: 0,
    rowsPerSecond: 0,
    lagMs: null,
    position: null,
    sourceEnd: null,
    prepared: null,
    log: null,
    seq: null,
    offset: null,
    marked: 0,
    skipped: 0,
    ignored: 0,
    routes: null,
    suspended: null,
    resync: null,
    configuration: null,
    lastError: null,
    updatedAt: 1,
    ...part,
  };
}
