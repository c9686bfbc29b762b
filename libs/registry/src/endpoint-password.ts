/** The password of an endpoint, bound to its server. */
import type { EndpointDocument, SealedSecret } from '@lutra/model';
import type { Keyring } from './keyring.js';
import { changedPurpose, openSecret, resealed, sealSecret } from './secret.js';
import type { Purpose, StoredSecret } from './secret.js';

/** What decides to whom a password goes, and how. */
export type EndpointLogin = Pick<EndpointDocument, 'name' | 'host' | 'port' | 'standbys' | 'user' | 'tls' | 'publicKey'>;

/** Under the keyring's first key. `input`: in clear, or a reference. */
export function sealPassword(keyring: Keyring, input: string, endpoint: EndpointLogin): SealedSecret {
  return sealSecret(keyring, input, passwordPurpose(endpoint));
}

/** @throws SyncError SECRET_UNREADABLE, SECRET_MISSING */
export function openPassword(keyring: Keyring, endpoint: EndpointLogin & Pick<EndpointDocument, 'password'>): string {
  return openSecret(keyring, endpoint.password, passwordPurpose(endpoint));
}

/**
 * What a driver connects with. The password is opened now, and again each time that it is asked for, so that a reference is resolved anew
 * at each connection.
 * @throws SyncError SECRET_UNREADABLE, SECRET_MISSING; so does its password
 */
export function loginOf(keyring: Keyring, endpoint: EndpointLogin & Pick<EndpointDocument, 'password'>): ServerAccess {
  const { host, port, user, tls, publicKey } = endpoint;
  openPassword(keyring, endpoint);
  return {
    host,
    port,
    user,
    tls,
    publicKey,
    get password() {
      return openPassword(keyring, endpoint);
    },
  };
}

type ServerAccess = Omit<EndpointLogin, 'name' | 'standbys'> & { readonly password: string };

/** The fields whose change needs the password again. */
export function changedLogin(before: EndpointLogin, after: EndpointLogin): readonly string[] {
  return changedPurpose(passwordPurpose(before), passwordPurpose(after));
}

/** @throws SyncError SECRET_UNREADABLE */
export function resealedEndpoint(keyring: Keyring, endpoint: EndpointDocument): EndpointDocument {
  return { ...endpoint, password: resealed(keyring, endpoint.password, passwordPurpose(endpoint)) };
}

export function secretOfEndpoint(endpoint: EndpointDocument): StoredSecret {
  return { secret: endpoint.password, purpose: passwordPurpose(endpoint) };
}

/** Of an endpoint with standbys: to all of them, whichever is in use. */
function passwordPurpose({ name, host, port, standbys, user, tls, publicKey }: EndpointLogin): Purpose {
  const over = tls?.mode === 'off' ? tls.mode : tls ? [tls.ca ?? null, tls.verify] : null;
  const how = { user, tls: over, publicKey: publicKey ?? null };
  const servers = [{ host, port }, ...(standbys ?? [])].map((server) => `${server.host}:${server.port}`).toSorted();
  const to = servers.length > 1 ? { servers, ...how } : { host, port, ...how };
  return { kind: 'endpoint', name, field: 'password', to };
}
