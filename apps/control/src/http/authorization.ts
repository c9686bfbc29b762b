/**
 * One bearer token guards everything but the health probes, before a body is read. Without a token (control then listens on a loopback
 * address only) a browser must not be a way in: pages of other sites may not send requests here, nor reach us under a name of theirs.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { HttpException } from '@nestjs/common';
import { mayReadMetrics } from '@lutra/host';
import type { MetricsAccess } from '@lutra/host';
import { isLoopback } from '@lutra/model';
import { isSchemaRegistry } from '../schema-registry/paths.js';
import { pathOf } from './error.filter.js';
import { docsPath } from './openapi.js';
import type { Response } from './versions.js';
import type { WrongTokens } from './wrong-tokens.js';

export interface AuthorizationOptions {
  readonly token: string | undefined;
  readonly metrics: MetricsAccess;
  readonly wrongTokens: WrongTokens;
}

type Middleware = (request: IncomingMessage, response: Response, next: (error?: unknown) => void) => void;

export function authorization({ token, metrics, wrongTokens }: AuthorizationOptions): Middleware {
  const open = new Set(['/health/live', '/health/ready', '/api/v1/auth/oidc/start', '/api/v1/auth/oidc/callback']);
  const expected = token === undefined ? undefined : digest(token);
  return (request, response, next) => {
    const path = pathOf(request);
    if (open.has(path) || (path === '/metrics' && showsMetrics(metrics, request))) return next();
    if (expected === undefined) return next(isLocal(request) ? undefined : new HttpException('a request from or for another site', 403));
    const given = credential(request);
    if (given !== undefined && timingSafeEqual(digest(given), expected)) return next();
    if (given === undefined) return next(new HttpException('no API token', 401));
    const waitS = wrongTokens.add(request.socket.remoteAddress ?? '');
    if (waitS > 0) response.setHeader('Retry-After', String(waitS));
    next(waitS > 0 ? new HttpException('many wrong API tokens', 429) : new HttpException('wrong API token', 401));
  };
}

/** Where there is a token, who is on this machine has to have one too. */
function showsMetrics(access: MetricsAccess, request: IncomingMessage): boolean {
  return (access.open || access.token !== undefined) && mayReadMetrics(access, request);
}

/** Digests have one length, as the comparison in constant time needs. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** Basic (the token as password) only where a client knows nothing else: schema registry clients, and a browser that reads the docs. */
function credential(request: IncomingMessage): string | undefined {
  const [, scheme = '', value = ''] = /^(bearer|basic) +(\S+) *$/i.exec(request.headers.authorization ?? '') ?? [];
  if (scheme.toLowerCase() === 'bearer') return value;
  if (scheme === '' || !takesBasic(request)) return undefined;
  const pair = Buffer.from(value, 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  return colon < 0 ? undefined : pair.slice(colon + 1);
}

function takesBasic(request: IncomingMessage): boolean {
  const path = pathOf(request);
  if (isSchemaRegistry(path)) return true;
  const docs = path === `/${docsPath}` || path.startsWith(`/${docsPath}/`) || path.startsWith(`/${docsPath}-`);
  return docs && (request.method === 'GET' || request.method === 'HEAD');
}

/** Host and Origin (browsers send it with what they write elsewhere) are a loopback address, and the same one. */
function isLocal(request: IncomingMessage): boolean {
  const { host = '', origin } = request.headers;
  if (!isLoopback(host.replace(/:\d+$/, ''))) return false;
  return origin === undefined || origin === `http://${host}` || origin === `https://${host}`;
}
