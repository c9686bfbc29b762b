/**
 * How both MySQL clients prove who they are without giving the password to whoever answers: over TLS as the certificate allows, on this
 * machine as the driver does it, and elsewhere, where the endpoint has TLS off, by challenge and response, or encrypted for a public key
 * that it names. A key that came over the wire is never used there: whoever sent it could read what it encrypts
 * (docs/decisions/0021-secrets.md).
 */
import { isIP } from 'node:net';
import type { ServerTls, TlsOptions } from './config-fields.js';
import { SyncError } from './errors.js';
import type { KafkaSecurity } from './kafka-fields.js';
import { isLoopback } from './loopback.js';

export interface ServerLogin {
  readonly host: string;
  readonly port: number;
  readonly tls?: ServerTls | undefined;
  /** PEM of the server's RSA key; without TLS the password is encrypted for it. */
  readonly publicKey?: string | undefined;
}

type Plugin = (context: never) => unknown;

/** Of the driver: those that encrypt the password for a key, and ask the server for it where they have none. */
interface KeyPlugins<P extends Plugin> {
  caching_sha2_password(options: { readonly serverPublicKey: string }): P;
  sha256_password(options: { readonly serverPublicKey: string }): P;
}

interface LoginOptions<P extends Plugin> {
  readonly ssl?: { readonly ca?: string; readonly rejectUnauthorized: boolean; readonly verifyIdentity: boolean };
  readonly authPlugins?: Record<string, P>;
  readonly flags: string[];
}

/** null: the connection has no TLS. Where an endpoint says nothing, a server elsewhere has it, one on this machine does not. */
export function usedTls({ host, tls }: Pick<ServerLogin, 'host' | 'tls'>): TlsOptions | null {
  if (tls === undefined) return isLoopback(host) ? null : { verify: true };
  return tls.mode === 'off' ? null : tls;
}

/** @param plugins `authPlugins` of mysql2 */
export function loginOptions<P extends Plugin>(login: ServerLogin, plugins: KeyPlugins<P>): LoginOptions<P> {
  const { host, port, publicKey } = login;
  const tls = usedTls(login);
  const flags = ['-LOCAL_FILES']; // or a server may ask for files of this machine
  if (tls) return { flags, ssl: sslOptions(host, tls) };
  if (publicKey === undefined && isLoopback(host)) return { flags };
  // At once, not only when the password has left the cache of the server: or a channel would run until the server is started anew.
  const refuse = (name: string): P =>
    (() => {
      throw untrusted(`${host}:${port}`, name);
    }) as unknown as P;
  const plugin = (name: keyof KeyPlugins<P>): P => (publicKey === undefined ? refuse(name) : plugins[name]({ serverPublicKey: publicKey }));
  const authPlugins = { caching_sha2_password: plugin('caching_sha2_password'), sha256_password: plugin('sha256_password') };
  return { flags, authPlugins };
}

interface Trust {
  readonly ca?: string;
  readonly rejectUnauthorized: boolean;
  readonly cert?: string;
  readonly key?: string;
}

/** How the certificate of any server that we are a client of is held against the authority, and the one that we show. */
export function trustOf({ ca, verify, cert, key }: NonNullable<KafkaSecurity['tls']>): Trust {
  const own = cert !== undefined && key !== undefined ? { cert, key } : {};
  return { ...(ca !== undefined && { ca }), rejectUnauthorized: verify, ...own };
}

/** A certificate names hosts, seldom addresses: for an address it is enough that the authority that the endpoint names has signed it. */
function sslOptions(host: string, tls: TlsOptions): NonNullable<LoginOptions<never>['ssl']> {
  const named = isIP(host) === 0 || tls.ca === undefined; // the public authorities sign for anybody
  return { ...trustOf(tls), verifyIdentity: tls.verify && named };
}

/** The driver puts a code of its own on what a plugin throws: ours is the cause. */
function untrusted(address: string, plugin: string): Error {
  const message = `the database server ${address} wants ${plugin} without TLS, and the endpoint does not name its public key`;
  return new Error(message, { cause: new SyncError('SERVER_UNTRUSTED', message, { details: { server: address } }) });
}

/**
 * Why the driver refused to log in: the server wanted the password as it is, or encrypted for a key of its own.
 * @returns null where the error is another one
 */
export function refusedLogin(error: unknown): SyncError | null {
  if (!(error instanceof Error)) return null;
  if (error.cause instanceof SyncError && error.cause.code === 'SERVER_UNTRUSTED') return error.cause;
  if ((error as { code?: unknown }).code !== 'MYSQL_CLEAR_PASSWORD_NOT_ENABLED') return null;
  return new SyncError('SERVER_UNTRUSTED', 'the database server asks for the password in clear (mysql_clear_password)');
}
