export { unknownVariables, unknownWork } from './environment-names.js';
export { EventQueues } from './events/event-queues.js';
export type { Tell } from './events/event-queues.js';
export { BoundedHttp, pagePolicy } from './http/bounded-http.js';
export type { WorkDeps } from './work-deps.js';
export { HealthController } from './http/health.controller.js';
export { instanceName } from './instance-name.js';
export { ENVIRONMENT, HEALTH, LOGGER, METRICS, REGISTRY, SCHEMAS, SECRET_KEY, TRACES } from './tokens.js';
