export * from './checkpoint.js';
export * from './marker.js';
export * from './statement.js';
export * from './probe.js';
export * from './signal.js';
export * from './suspended.js';
export * from './repair.js';
