/** Names under which Nest hands out what createApp was given. Explicit, so that nothing depends on emitted decorator metadata. */
import type { Keyring } from '@lutra/registry';

export const REGISTRY = Symbol('Registry');
export const METRICS = Symbol('Metrics');
export const HEALTH = Symbol('Health');
export const LOGGER = Symbol('Logger');
export const ENVIRONMENT = Symbol('Environment');
/** What seals passwords. */
export const SECRET_KEY = Symbol('SecretKey');
export type SecretKey = Keyring;
export const SCHEMAS = Symbol('SCHEMAS');
