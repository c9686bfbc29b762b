export * from './byte-queue.js';
export * from './byte-reader.js';
export * from './byte-writer.js';
export { type FramedRecord, headerBytes, RecordFrames } from './record-frames.js';
export { bytePieces, piecesOf } from './pieces.js';
