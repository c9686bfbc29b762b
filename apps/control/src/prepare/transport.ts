/** An administrator's login crosses no network in clear: not on its way here, and not from here to the server. */
import type { IncomingMessage } from 'node:http';
import { isLoopback, SyncError, usedTls } from '@lutra/model';
import { cameByProxy } from '../access/client.js';
import type { Clients } from '../access/client.js';
import type { PrepareBody } from './prepare.schemas.js';

/** @throws SyncError CONFIG_INVALID */
export function requireSafeRequest(request: IncomingMessage, clients: Clients): void {
  if (clients.isSecure(request)) return;
  if (!cameByProxy(request) && isLoopback(clients.addressOf(request))) return;
  throw new SyncError(
    'CONFIG_INVALID',
    "an administrator's login comes over HTTPS, or from the machine of control: ask there, or by https://",
  );
}

/** @throws SyncError CONFIG_INVALID */
export function requireSafeServer({ host, tls }: PrepareBody['server']): void {
  if (isLoopback(host) || usedTls({ host, tls })?.verify === true) return;
  throw new SyncError(
    'CONFIG_INVALID',
    `server.tls: an administrator's login goes to ${host} over TLS only, to a certificate that is verified`,
  );
}
