/** An administrator's login crosses no network in clear: not on its way here, and not from here to the server. */
import type { IncomingMessage } from 'node:http';
import { isLoopback, SyncError } from '@lutra/model';
import type { Clients } from '../access/client.js';
import type { PrepareBody } from './prepare.schemas.js';

const proxied = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'via'] as const;

/** @throws SyncError CONFIG_INVALID */
export function requireSafeRequest(request: IncomingMessage, clients: Clients): void {
  if (clients.isSecure(request)) return;
  const isProxied = proxied.some((name) => request.headers[name] !== undefined);
  if (!isProxied && isLoopback(clients.addressOf(request))) return;
  throw new SyncError(
    'CONFIG_INVALID',
    "an administrator's login comes over HTTPS, or from the machine of control: ask there, or by https://",
  );
}

/** @throws SyncError CONFIG_INVALID */
export function requireSafeServer({ host, tls }: PrepareBody['server']): void {
  if (isLoopback(host) || tls?.verify === true) return;
  throw new SyncError(
    'CONFIG_INVALID',
    `server.tls: an administrator's login goes to ${host} over TLS only, to a certificate that is verified`,
  );
}
