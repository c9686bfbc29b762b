/**
 * Who sends a request, found before its body is read: an API token, the break-glass token, a session, or, where control is for this machine
 * alone, whoever is on it. A browser must be no way in for pages of other sites.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { HttpException } from '@nestjs/common';
import { mayReadMetrics } from '@lutra/host';
import { isAllowed, isLoopback, SyncError, toSyncError } from '@lutra/model';
import type { Person } from '@lutra/model';
import type { Metrics } from '@lutra/telemetry';
import type { Environment } from '../environment.js';
import { pathOf } from '../http/error.filter.js';
import { docsPath } from '../http/openapi.js';
import type { Response } from '../http/versions.js';
import type { WrongTokens } from '../http/wrong-tokens.js';
import { isSchemaRegistry } from '../schema-registry/paths.js';
import { setAsker } from './asker.js';
import type { Asker } from './asker.js';
import { isSecretOf, parseToken } from './api-tokens.js';
import { cameByProxy, networkOf } from './client.js';
import type { Clients } from './client.js';
import { comesFromNoOtherSite, isOwnPage, isRead } from './csrf.js';
import type { LastUses } from './last-uses.js';
import type { People } from './people.js';
import type { Sessions } from './sessions.js';

const everything = [{ role: 'admin', channels: '*' }] as const;
const breakGlass: Person = { kind: 'break-glass', name: 'break-glass', token: null, grants: everything };
const local: Person = { kind: 'local', name: 'local', token: null, grants: everything };

export interface AuthenticationParts {
  readonly environment: Pick<Environment, 'token' | 'http' | 'host' | 'localAdmin' | 'publicOrigin'>;
  /** Of the routes that answer everybody, as `GET /health/live`; a parameter in them stands for nothing. */
  readonly openRoutes: ReadonlySet<string>;
  readonly wrongTokens: WrongTokens;
  readonly clients: Clients;
  readonly people: People;
  readonly sessions: Sessions;
  readonly uses: LastUses;
  readonly metrics: Metrics;
}

type Middleware = (request: IncomingMessage, response: Response, next: (error?: unknown) => void) => void;
type Found = Pick<Asker, 'person' | 'until'>;

export function authentication(parts: AuthenticationParts): Middleware {
  const { environment, openRoutes, clients } = parts;
  const authenticator = new Authenticator(parts);
  return (request, response, next) => {
    const path = pathOf(request);
    const from = clients.addressOf(request);
    const isOpen =
      openRoutes.has(`${request.method === 'HEAD' ? 'GET' : request.method} ${path}`) ||
      (path === '/metrics' && showsMetrics(environment, request));
    try {
      const found = isOpen ? { person: null, until: null } : authenticator.find(request, response, from);
      setAsker(request, { ...found, from, action: null, revisions: [], change: null });
      // An identity provider leads the browser to a page of ours: a read.
      if (isOpen && !isRead(request) && !comesFromNoOtherSite(request, environment)) throw otherSite();
      if (isDocs(path) && found.person && !isAllowed(found.person, 'overview.read', null))
        throw new SyncError('NOT_ALLOWED', `${found.person.name} may not do this: overview.read`);
      next();
    } catch (error) {
      next(error instanceof HttpException ? error : toSyncError(error));
    }
  };
}

/** Where there is a token for metrics, who is on this machine has to have one too. */
export function showsMetrics({ http, host }: Pick<Environment, 'http' | 'host'>, request: IncomingMessage): boolean {
  const { metricsOpen: open, metricsToken: token } = http;
  return (open || token !== undefined) && mayReadMetrics({ open, token, host }, request);
}

class Authenticator {
  readonly #parts: AuthenticationParts;
  readonly #expected: Buffer | undefined;

  constructor(parts: AuthenticationParts) {
    const { token } = parts.environment;
    this.#parts = parts;
    this.#expected = token === undefined ? undefined : digest(token);
  }

  /** @throws HttpException 401, 403, 429; SyncError ZOOKEEPER_UNAVAILABLE: no user is known yet */
  find(request: IncomingMessage, response: Response, from: string): Found {
    const given = credential(request);
    if (given !== undefined) return { person: this.#ofToken(given) ?? this.#wrong(response, from), until: null };
    const session = this.#parts.sessions.personOf(request, response);
    if (session) {
      if (!isOwnPage(request, this.#parts.environment)) throw otherSite();
      return session;
    }
    if (!this.#parts.environment.localAdmin) throw new HttpException('no API token and no session', 401);
    if (!isLocal(request)) throw otherSite();
    return { person: local, until: null };
  }

  #ofToken(text: string): Person | undefined {
    if (this.#expected && timingSafeEqual(digest(text), this.#expected)) {
      this.#parts.metrics.breakGlass.inc();
      return breakGlass;
    }
    const parsed = parseToken(text);
    const token = parsed && this.#parts.people.token(parsed.id);
    if (!token || !isSecretOf(parsed.secret, token.hash)) return undefined;
    const user = this.#parts.people.active(token.user);
    if (!user || token.at <= user.sessionsFrom || (token.expiresAt !== null && token.expiresAt <= Date.now())) return undefined;
    this.#parts.uses.note(token.id);
    return { kind: 'token', name: user.name, token: { id: token.id, name: token.name }, grants: token.grants, within: user.grants };
  }

  #wrong(response: Response, from: string): never {
    const waitS = this.#parts.wrongTokens.add(networkOf(from));
    if (waitS > 0) response.setHeader('Retry-After', String(waitS));
    throw waitS > 0 ? new HttpException('many wrong API tokens', 429) : new HttpException('wrong API token', 401);
  }
}

function otherSite(): HttpException {
  return new HttpException('a request from or for another site', 403);
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
  return isSchemaRegistry(path) || (isDocs(path) && (request.method === 'GET' || request.method === 'HEAD'));
}

function isDocs(path: string): boolean {
  return path === `/${docsPath}` || path.startsWith(`/${docsPath}/`) || path.startsWith(`/${docsPath}-`);
}

/** From this machine and no proxy on it; Host and Origin (browsers send it with what they write elsewhere) are a loopback address. */
function isLocal(request: IncomingMessage): boolean {
  const { host = '', origin } = request.headers;
  if (cameByProxy(request)) return false;
  if (!isLoopback(host.replace(/:\d+$/, ''))) return false;
  return origin === undefined || origin === `http://${host}` || origin === `https://${host}`;
}
