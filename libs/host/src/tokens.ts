/** Names under which Nest hands out what is not a class of a worker app. */
export const ENVIRONMENT = Symbol('environment');
export const REGISTRY = Symbol('registry');
export const SCHEMAS = Symbol('schemas');
export const SECRET_KEY = Symbol('secret key');
export const METRICS = Symbol('metrics');
export const TRACES = Symbol('traces');
export const HEALTH = Symbol('health');
export const LOGGER = Symbol('logger');
