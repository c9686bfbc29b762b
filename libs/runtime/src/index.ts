export * from './abort.js';
export * from './beside.js';
export * from './status-reporter.js';
export * from './supervise.js';
export * from './worker-set.js';
export * from './under-lease.js';
export * from './run-work.js';
export * from './waits.js';
