export * from './checkpoint.js';
export * from './marker.js';
export * from './statement.js';
export * from './probe.js';
