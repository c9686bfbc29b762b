/**
 * Who may read `/metrics`: everybody where METRICS_OPEN says so; else who has LUTRA_METRICS_TOKEN; without one, who is on the same machine,
 * if the port is too. They name databases, tables and errors. Probes answer everybody.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isLoopback, SyncError } from '@lutra/model';

export interface MetricsAccess {
  readonly open: boolean;
  readonly token: string | undefined;
  /** The address on which the app listens. */
  readonly host: string;
}

type Request = Pick<IncomingMessage, 'headers'>;

export function mayReadMetrics({ open, token, host }: MetricsAccess, { headers }: Request): boolean {
  if (open) return true;
  if (token !== undefined) return hasToken(headers.authorization, token);
  // A page of another site can reach this machine under a name of its own.
  return isLoopback(host) && isLoopback((headers.host ?? '').replace(/:\d+$/, ''));
}

function hasToken(authorization: string | undefined, token: string): boolean {
  const given = /^bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
  return given !== undefined && timingSafeEqual(digest(given), digest(token));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

const refusal = {
  code: 'UNAUTHORIZED',
  message: 'metrics are read with LUTRA_METRICS_TOKEN',
  help: 'Send Authorization: Bearer <LUTRA_METRICS_TOKEN>. Off loopback an app without this variable shows its metrics to nobody, unless METRICS_OPEN=true.',
};

/** For the apps whose port has nothing but probes and metrics. */
export function guardMetrics(access: MetricsAccess) {
  return (request: IncomingMessage, response: ServerResponse, next: () => void): void => {
    // Express finds a route whatever the case and with a slash at the end.
    const path = (request.url ?? '').split('?', 1)[0]?.toLowerCase().replace(/\/$/, '');
    if (path?.startsWith('/health/') || mayReadMetrics(access, request)) return next();
    response.writeHead(401, { 'WWW-Authenticate': 'Bearer realm="lutra"', 'Content-Type': 'application/problem+json' });
    response.end(JSON.stringify({ title: 'Unauthorized', status: 401, detail: refusal.message, ...refusal }));
  };
}

/** A guess at a random one of 16 hexadecimal digits is right once in 10^19. */
const leastToken = 16;

type Variables = Readonly<Record<string, string | undefined>>;

/** The value of a variable, or what is in the file of `<name>_FILE`. @throws SyncError CONFIG_INVALID */
export function tokenOf(variables: Variables, name: string): string | undefined {
  const [given, file] = [variables[name] || undefined, variables[`${name}_FILE`] || undefined];
  if (given !== undefined && file !== undefined) throw invalid(`${name} and ${name}_FILE are both set; keep one`);
  const token = file === undefined ? given : readToken(file, `${name}_FILE`);
  if (token === undefined) return undefined;
  if (!/^[\x21-\x7e]+$/.test(token)) throw invalid(`${name}: one word of visible ASCII characters; leave it out to have none`);
  if (token.length < leastToken) throw invalid(`${name}: at least ${leastToken} characters; openssl rand -hex 16 makes one`);
  return token;
}

function readToken(file: string, variable: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (cause) {
    throw invalid(`${variable}: ${file} cannot be read`, cause);
  }
}

function invalid(message: string, cause?: unknown): SyncError {
  return new SyncError('CONFIG_INVALID', `environment: ${message}`, { cause });
}
