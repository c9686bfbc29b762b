/** Names under which Nest hands out what createApp was given. */
import type { Keyring } from '@lutra/registry';

export { ENVIRONMENT, HEALTH, LEVEL, LOGGER, METRICS, REGISTRY, SCHEMAS, SECRET_KEY, TREE } from '@lutra/host';
/** Knows from where a request comes. */
export const CLIENTS = Symbol('clients');
export type SecretKey = Keyring;
