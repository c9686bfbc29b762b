export { EventQueues } from './events/event-queues.js';
export type { Tell } from './events/event-queues.js';
export { BoundedHttp, pagePolicy } from './http/bounded-http.js';
