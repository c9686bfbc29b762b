/**
 * The login of a browser: a sealed cookie, which any control opens and none keeps. It ends after its absolute time, after an hour without
 * use, when it was begun before the user's `sessionsFrom`, and when the user is removed or disabled.
 */
import type { IncomingMessage } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import { grantSchema } from '@lutra/model';
import type { Grant, Person } from '@lutra/model';
import { z } from 'zod';
import type { Response } from '../http/versions.js';
import { CLIENTS, SECRET_KEY } from '../tokens.js';
import type { SecretKey } from '../tokens.js';
import type { Clients } from './client.js';
import { People } from './people.js';
import { openValue, sealValue } from './sealing.js';

/** Who has logged in. The grants of a user are those that he has when he asks; those of an OIDC login stand in the session. */
export interface LoggedIn {
  readonly kind: 'user' | 'oidc';
  readonly name: string;
  readonly grants: readonly Grant[];
}

const hourMs = 3_600_000;
/** Groups are read at an OIDC login only, so that one lasts a working day. */
const lifeMs = { user: 12 * hourMs, oidc: 8 * hourMs } as const;
const idleMs = hourMs;
const renewedAfterMs = 5 * 60_000;

const sessionSchema = z.strictObject({
  kind: z.enum(['user', 'oidc']),
  name: z.string(),
  grants: z.array(grantSchema).optional(),
  begun: z.number(),
  seen: z.number(),
  until: z.number(),
});
type Session = z.infer<typeof sessionSchema>;

@Injectable()
export class Sessions {
  constructor(
    @Inject(SECRET_KEY) private readonly keyring: SecretKey,
    @Inject(People) private readonly people: People,
    @Inject(CLIENTS) private readonly clients: Clients,
  ) {}

  /** Sets the cookie. @returns when the session ends, in ms since 1970 */
  open({ kind, name, grants }: LoggedIn, response: Response): number {
    const now = Date.now();
    // Later than what ended the earlier ones, also where another control's clock did.
    const from = kind === 'user' ? (this.people.user(name)?.sessionsFrom ?? 0) : 0;
    const session: Session = { kind, name, begun: Math.max(now, from + 1), seen: now, until: now + lifeMs[kind] };
    this.#set(response, { ...session, ...(kind === 'oidc' && { grants: [...grants] }) });
    return session.until;
  }

  /** Takes the cookie back. */
  close(response: Response): void {
    const secure = this.clients.isSecure(response.req);
    response.appendHeader('Set-Cookie', cookie('', { secure, maxAgeS: 0 }));
  }

  /**
   * Undefined: the request has no session, or one that has ended. Renews it.
   * @throws SyncError ZOOKEEPER_UNAVAILABLE: no user is known yet
   */
  personOf(request: IncomingMessage, response: Response): { readonly person: Person; readonly until: number } | undefined {
    const session = this.#read(request);
    const now = Date.now();
    if (!session || now > session.until || now > session.seen + idleMs) return undefined;
    const grants = this.#grantsOf(session);
    if (!grants) return undefined;
    if (now > session.seen + renewedAfterMs) this.#set(response, { ...session, seen: now });
    return { person: { kind: session.kind, name: session.name, token: null, grants }, until: session.until };
  }

  #grantsOf({ kind, name, grants, begun }: Session): readonly Grant[] | undefined {
    if (kind === 'oidc') return grants;
    const user = this.people.active(name);
    return user && begun > user.sessionsFrom ? user.grants : undefined;
  }

  #read(request: IncomingMessage): Session | undefined {
    const text = cookiesOf(request).get(cookieName(this.clients.isSecure(request)));
    return text === undefined ? undefined : sessionSchema.safeParse(openValue(this.keyring, 'session', text)).data;
  }

  #set(response: Response, session: Session): void {
    const secure = this.clients.isSecure(response.req);
    const maxAgeS = Math.ceil((session.until - Date.now()) / 1000);
    response.appendHeader('Set-Cookie', cookie(sealValue(this.keyring, 'session', session), { secure, maxAgeS }));
  }
}

/** A browser takes `__Host-` over TLS only, and from no neighbouring name. */
function cookieName(secure: boolean): string {
  return secure ? '__Host-lutra-session' : 'lutra-session';
}

function cookie(value: string, { secure, maxAgeS }: { readonly secure: boolean; readonly maxAgeS: number }): string {
  const parts = [`${cookieName(secure)}=${value}`, 'Path=/', `Max-Age=${maxAgeS}`, 'HttpOnly', 'SameSite=Strict'];
  return [...parts, ...(secure ? ['Secure'] : [])].join('; ');
}

export function cookiesOf(request: IncomingMessage): ReadonlyMap<string, string> {
  const pairs = (request.headers.cookie ?? '').split(';').map((pair) => pair.trim());
  return new Map(
    pairs.filter((pair) => pair.includes('=')).map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
  );
}
