/**
 * What control must know again when the provider sends a browser back: sealed in a cookie of ten minutes, so that any control takes it. It
 * binds the answer to the browser that asked.
 */
import type { IncomingMessage } from 'node:http';
import type { Keyring } from '@lutra/registry';
import { z } from 'zod';
import { openValue, sealValue } from '../sealing.js';

const pendingSchema = z.strictObject({
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  /** Path at control where the browser goes then. */
  returnTo: z.string(),
  /** ms since 1970 */
  until: z.number(),
});
export type PendingLogin = Readonly<z.infer<typeof pendingSchema>>;

export const loginMs = 10 * 60_000;
const purpose = 'oidc login';

/** `__Host-`: a page of another host below the same domain cannot set it. */
function cookieName(secure: boolean): string {
  return secure ? '__Host-lutra-login' : 'lutra-login';
}

export function loginCookie(keyring: Keyring, pending: PendingLogin, secure: boolean): string {
  return cookie(sealValue(keyring, purpose, pending), Math.floor(loginMs / 1000), secure);
}

export function endedLoginCookie(secure: boolean): string {
  return cookie('', 0, secure);
}

/** Lax: the browser comes back from another site. */
function cookie(value: string, seconds: number, secure: boolean): string {
  return `${cookieName(secure)}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`;
}

/** Null: there is none, it is too old, or none of ours. */
export function readLoginCookie(keyring: Keyring, request: IncomingMessage, secure: boolean): PendingLogin | null {
  const start = `${cookieName(secure)}=`;
  const value =
    (request.headers.cookie ?? '')
      .split(/; */)
      .find((one) => one.startsWith(start))
      ?.slice(start.length) ?? '';
  const pending = pendingSchema.safeParse(openValue(keyring, purpose, value)).data;
  return pending && Date.now() < pending.until ? pending : null;
}
