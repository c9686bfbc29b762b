/** Names under which Nest injects what is not a class of the app. Explicit, so that nothing depends on emitted decorator metadata. */
export const ENVIRONMENT = Symbol('environment');
export const REGISTRY = Symbol('registry');
/** Whether the configuration in ZooKeeper continues the one that is known. */
export const TREE = Symbol('tree');
export const SCHEMAS = Symbol('schemas');
/** What seals and opens passwords. */
export const SECRET_KEY = Symbol('secret key');
/** The gate of the cluster's level. */
export const LEVEL = Symbol('level');
export const METRICS = Symbol('metrics');
export const HEALTH = Symbol('health');
export const LOGGER = Symbol('logger');
