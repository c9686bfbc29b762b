export { Aria2, type Aria2Options } from './aria2/aria2.js';
export { DownloadFailure, type DownloadFailureKind } from './aria2/download-failure.js';
export type { DownloadOrder } from './aria2/shared-download.js';
export { Slots } from './aria2/slots.js';
export * from './files-service.js';
export * from './protocol.js';
export { FilePaths, type NamedFile } from './rule/file-paths.js';
export { type ComingFile, type FilesOfChange, filesOfChange, type GoingFile } from './rule/files-of-change.js';
export { keyCondition, type KeyText, keyTextOf } from './rule/key-text.js';
