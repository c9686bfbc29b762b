export { ApiError, UnansweredError } from './errors.js';
export { LutraClient } from './client.js';
export type { Answer, ClientOptions, Input, OperationKey, Read } from './client.js';
export type * from './api.js';
