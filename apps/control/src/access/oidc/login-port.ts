/** What a login by OIDC ends with. */
import type { IncomingMessage } from 'node:http';
import type { Person } from '@lutra/model';
import type { Response } from '../../http/versions.js';

export const OIDC_SESSIONS = Symbol('oidc-sessions');

export interface OidcSessions {
  /** Sets the cookie of a session that ends after `lastsMs` at the latest: the provider is asked for groups at login only. */
  open(
    person: Person,
    of: { readonly request: IncomingMessage; readonly response: Response; readonly lastsMs: number },
  ): Promise<void> | void;
}
