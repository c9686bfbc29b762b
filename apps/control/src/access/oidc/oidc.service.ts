/** How people log in by an identity provider. Groups are read at login only, so such a session ends after 8 h. */
import type { IncomingMessage } from 'node:http';
import { HttpException, Inject, Injectable } from '@nestjs/common';
import { toSyncError } from '@lutra/model';
import { openClientSecret } from '@lutra/registry';
import type { Registry } from '@lutra/registry';
import type { Logger, Metrics } from '@lutra/telemetry';
import { AUDIT } from '../../audit/audit.js';
import type { Audit } from '../../audit/audit.js';
import type { Environment } from '../../environment.js';
import type { Response } from '../../http/versions.js';
import { ENVIRONMENT, LOGGER, METRICS, REGISTRY, SECRET_KEY } from '../../tokens.js';
import type { SecretKey } from '../../tokens.js';
import { askerOf } from '../asker.js';
import { endedLoginCookie, loginCookie, loginMs, readLoginCookie } from './login-cookie.js';
import { Sessions } from '../sessions.js';
import type { LoggedIn } from '../sessions.js';
import { ClaimError, personOf } from './oidc-person.js';
import { OidcProvider } from './provider.js';
import type { Client } from './provider.js';

export const callbackPath = '/api/v1/auth/oidc/callback';
/** Strangers can have control ask the provider: so many at once. */
const mostAtOnce = 16;

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: Response;
}

@Injectable()
export class OidcService {
  readonly #provider = new OidcProvider();
  #working = 0;

  constructor(
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(SECRET_KEY) private readonly key: SecretKey,
    @Inject(ENVIRONMENT) private readonly environment: Environment,
    @Inject(Sessions) private readonly sessions: Sessions,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(AUDIT) private readonly audit: Audit,
    @Inject(METRICS) private readonly metrics: Metrics,
  ) {}

  /** Resolves with the provider's URL, for the browser. @throws HttpException 404, 429, 502; SyncError */
  async begin(returnTo: string, { response }: Exchange): Promise<string> {
    const { client, origin, secure } = await this.#client();
    const begun = await this.#ask(() => this.#provider.begin(client), false);
    const { url, ...checks } = begun;
    const pending = { ...checks, returnTo: pathAt(origin, returnTo), until: Date.now() + loginMs };
    response.setHeader('Set-Cookie', loginCookie(this.key, pending, secure));
    return url;
  }

  /** Opens the session. Resolves with the path where the browser goes. @throws HttpException 401, 403, 404, 429, 502; SyncError */
  async finish(exchange: Exchange): Promise<string> {
    try {
      const { person, path } = await this.#finish(exchange);
      this.metrics.logins.inc({ result: 'ok' });
      this.#note('login', { by: person.name, status: 200 }, exchange);
      return path;
    } catch (error) {
      if (!(error instanceof HttpException) || ![401, 403].includes(error.getStatus())) throw error;
      this.metrics.logins.inc({ result: 'failed' });
      // Of who is known to the provider alone: strangers would fill the audit.
      if (error.cause instanceof ClaimError) this.#note('login-failed', { by: error.cause.person, status: 403 }, exchange);
      throw error;
    }
  }

  #note(action: 'login' | 'login-failed', of: { readonly by: string; readonly status: number }, { request }: Exchange): void {
    const entry = { from: askerOf(request)?.from ?? '', request: `GET ${callbackPath}`, subject: `users/${of.by}`, reason: '' };
    this.audit.note({ action, as: 'oidc', token: null, change: null, revisions: [], ...entry, ...of });
  }

  async #finish({ request, response }: Exchange): Promise<{ readonly person: LoggedIn; readonly path: string }> {
    const { client, groups, secure } = await this.#client();
    const pending = readLoginCookie(this.key, request, secure);
    response.setHeader('Set-Cookie', endedLoginCookie(secure));
    if (!pending) throw new HttpException('this login was not begun in this browser, or more than 10 minutes ago: begin again', 401);
    const answer = new URL(client.redirectUri);
    answer.search = new URL(request.url ?? '/', client.redirectUri).search;
    const claims = await this.#ask(() => this.#provider.finish(client, answer, pending), true);
    const person = this.#personOf({ ...client.config, groups }, claims);
    this.sessions.open(person, response);
    return { person, path: pending.returnTo };
  }

  #personOf(...args: Parameters<typeof personOf>): LoggedIn {
    try {
      return personOf(...args);
    } catch (error) {
      if (!(error instanceof ClaimError)) throw error;
      this.logger.warn({ reason: error.message }, 'a login by OIDC was refused');
      throw new HttpException(error.message, 403, { cause: error });
    }
  }

  async #client(): Promise<{
    readonly client: Client;
    readonly groups: Parameters<typeof personOf>[0]['groups'];
    readonly origin: string;
    readonly secure: boolean;
  }> {
    const { publicOrigin: origin } = this.environment;
    const found = await this.registry.oidc.latest();
    if (!found) throw new HttpException('there is no login by OIDC here', 404);
    if (origin === undefined) throw new HttpException('LUTRA_PUBLIC_URL is not set, and a login by OIDC leads there', 404);
    const { groups, ...config } = found.document;
    const secret = openClientSecret(this.key, found.document);
    return { client: { config, secret, redirectUri: origin + callbackPath }, groups, origin, secure: origin.startsWith('https:') };
  }

  /** What is wrong is told to the log; the browser hears that it is. */
  async #ask<T>(ask: () => Promise<T>, personal: boolean): Promise<T> {
    if (this.#working >= mostAtOnce) throw new HttpException('many logins at once; try again', 429);
    this.#working += 1;
    try {
      return await ask();
    } catch (thrown) {
      const why = toldOf(thrown);
      this.logger.warn({ reason: why }, 'a login by OIDC failed');
      if (personal && isRefusal(thrown)) throw new HttpException(`the login was refused: ${why}`, 401);
      throw new HttpException(`the identity provider does not answer as it must: ${why}`, 502);
    } finally {
      this.#working -= 1;
    }
  }
}

/** A path at control, and nowhere else. */
export function pathAt(origin: string, path: string): string {
  if (!path.startsWith('/') || !URL.canParse(path, origin)) return '/';
  const url = new URL(path, origin);
  const found = url.pathname + url.search;
  // What is made of /.//host is //host.
  return url.origin === origin && !/^\/[/\\]/.test(found) ? found : '/';
}

interface ProviderError {
  readonly code?: string;
  /** OAuth's own code. */
  readonly error?: string;
}

const unreachable = new Set(['OAUTH_TIMEOUT', 'OAUTH_ABORT', 'OAUTH_RESPONSE_IS_NOT_CONFORM']);

/** The answer or its token is wrong, or the person said no; else the provider is at fault. */
function isRefusal(thrown: unknown): boolean {
  const { code = '', error } = thrown as ProviderError;
  if (error !== undefined) return error !== 'server_error' && error !== 'temporarily_unavailable' && error !== 'invalid_client';
  return code.startsWith('OAUTH_') && !unreachable.has(code);
}

/** Codes alone: a provider's texts are a stranger's, and a driver's may hold what was sent. */
function toldOf(thrown: unknown): string {
  const { code, error } = thrown as ProviderError;
  const word = [error, code, toSyncError(thrown).code].find((one) => typeof one === 'string' && /^\w{1,60}$/.test(one));
  return word ?? 'unknown';
}
