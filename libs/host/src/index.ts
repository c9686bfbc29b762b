export { unknownVariables } from './environment-names.js';
export { EventQueues } from './events/event-queues.js';
export type { Tell } from './events/event-queues.js';
export { BoundedHttp, pagePolicy } from './http/bounded-http.js';
export { HealthController } from './http/health.controller.js';
export { ENVIRONMENT, HEALTH, LOGGER, METRICS, REGISTRY, SCHEMAS, SECRET_KEY, TREE } from './tokens.js';
export { startWorker } from './worker/start-worker.js';
export type { WorkDeps } from './worker/work-deps.js';
