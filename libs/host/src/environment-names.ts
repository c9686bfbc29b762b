/**
 * Slips in the environment, told instead of being without effect: a variable that nobody reads, a region, an endpoint or a pipeline that
 * the configuration does not have. None of them ends the process: what is named may be created later, and then it works.
 */

import { secretVariablePrefix } from '@lutra/model';

/** Of all apps, since one file often serves all of them, and of docker/compose.yaml. Sorted. */
export const lutraVariables: readonly string[] = [
  'LUTRA_API',
  'LUTRA_API_TOKEN',
  'LUTRA_API_TOKEN_FILE',
  'LUTRA_ARIA2',
  'LUTRA_CHANNEL_SCHEMA',
  'LUTRA_DB_PASSWORD',
  'LUTRA_ENDPOINTS',
  'LUTRA_FILES_CA',
  'LUTRA_FILES_CERT',
  'LUTRA_FILES_KEY',
  'LUTRA_FILES_PORT',
  'LUTRA_FILES_STAGE_MINUTES',
  'LUTRA_FILES_URL',
  'LUTRA_IMAGE',
  'LUTRA_LOGIN',
  'LUTRA_METRICS_TOKEN',
  'LUTRA_METRICS_TOKEN_FILE',
  'LUTRA_PIPELINES',
  'LUTRA_PUBLIC_URL',
  'LUTRA_REGION',
  'LUTRA_ROOT',
  'LUTRA_ROOTS',
  'LUTRA_SECRET_KEY',
  'LUTRA_SECRET_KEY_FILE',
  'LUTRA_SECRETS_DIR',
  'LUTRA_SESSION_MS',
  'LUTRA_TRUST_PROXY',
  'LUTRA_TLS_CERT',
  'LUTRA_TLS_KEY',
  'LUTRA_ZOOKEEPER_OPEN',
];

/** Names only: values may be secrets. */
export function unknownVariables(environment: Readonly<Record<string, string | undefined>>): readonly string[] {
  return Object.keys(environment)
    .filter((name) => name.startsWith('LUTRA_') && !lutraVariables.includes(name) && !name.startsWith(secretVariablePrefix))
    .toSorted();
}

/** What a process is told to work on. */
export interface Named {
  readonly region: string;
  /** Null: all of the region. */
  readonly only: { readonly variable: string; readonly names: readonly string[] } | null;
}

/** What there is. */
export interface Existing {
  readonly regions: readonly string[];
  /** Endpoints or pipelines, as `only` names them. */
  readonly works: readonly string[];
}

/** In words, what is named and not there; null: nothing, or there is no configuration at all yet. */
export function unknownWork({ region, only }: Named, { regions, works }: Existing): string | null {
  if (regions.length === 0) return null;
  if (!regions.includes(region))
    return `LUTRA_REGION is ${region}, and there is no such region (there are: ${regions.toSorted().join(', ')}): nothing is done until it is created or the name corrected`;
  const missing = only?.names.filter((name) => !works.includes(name)) ?? [];
  if (missing.length === 0) return null;
  return `${only?.variable} names ${missing.join(', ')}, which does not exist (there are: ${works.toSorted().join(', ') || 'none'})`;
}
