export { ApiError, UnansweredError } from './errors.js';
export { LutraClient } from './client.js';
export type { Answer, ClientOptions, Input, OperationKey, Read } from './client.js';
export { documentOf, nameOf, policies, preparationOf, serverOf, withSecrets } from './first-channel.js';
export type { Administrator, Answers, InitDocument, Side, SideAnswers } from './first-channel.js';
export type * from './api.js';
