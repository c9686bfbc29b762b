export * from './files-service.js';
export * from './protocol.js';
export { FilePaths, type NamedFile } from './rule/file-paths.js';
export { type ComingFile, type FilesOfChange, filesOfChange, type GoingFile } from './rule/files-of-change.js';
export { keyCondition, type KeyText, keyTextOf } from './rule/key-text.js';
