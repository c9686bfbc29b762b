export * from './byte-queue.js';
export * from './byte-reader.js';
export * from './byte-writer.js';
export { piecesOf } from './pieces.js';
