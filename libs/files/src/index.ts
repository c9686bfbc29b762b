export * from './files-service.js';
export * from './protocol.js';
