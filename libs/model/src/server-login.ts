/**
 * How both MySQL clients prove who they are without giving the password to whoever answers: over TLS as the certificate allows, on this machine as the
 * driver does it, and elsewhere by challenge and response, or encrypted for a public key that the endpoint names. A key that came over the wire is
 * never used there: whoever sent it could read what it encrypts (docs/decisions/0021-secrets.md).
 */
import { isIP } from 'node:net';
import type { TlsOptions } from './config.js';
import { SyncError } from './errors.js';
import { isLoopback } from './loopback.js';

export interface ServerLogin {
  readonly host: string;
  readonly port: number;
  readonly tls?: TlsOptions | undefined;
  /** PEM of the server's RSA key; without TLS the password is encrypted for it. */
  readonly publicKey?: string | undefined;
}

interface KeyOptions {
  readonly serverPublicKey?: string;
  readonly onServerPublicKey: () => void;
}

/** Of the driver: those that would encrypt the password for a key. */
interface KeyPlugins<P> {
  caching_sha2_password(options: KeyOptions): P;
  sha256_password(options: KeyOptions): P;
}

interface LoginOptions<P> {
  readonly ssl?: { readonly ca?: string; readonly rejectUnauthorized: boolean; readonly verifyIdentity: boolean };
  readonly authPlugins?: Record<string, P>;
  readonly flags: string[];
}

/** @param plugins `authPlugins` of mysql2 */
export function loginOptions<P>({ host, port, tls, publicKey }: ServerLogin, plugins: KeyPlugins<P>): LoginOptions<P> {
  const flags = ['-LOCAL_FILES']; // or a server may ask for files of this machine
  if (tls) return { flags, ssl: sslOptions(host, tls) };
  if (publicKey === undefined && isLoopback(host)) return { flags };
  const options: KeyOptions = {
    ...(publicKey !== undefined && { serverPublicKey: publicKey }),
    onServerPublicKey: () => {
      throw untrusted(`${host}:${port}`);
    },
  };
  const { caching_sha2_password, sha256_password } = plugins;
  return { flags, authPlugins: { caching_sha2_password: caching_sha2_password(options), sha256_password: sha256_password(options) } };
}

/** A certificate names hosts, seldom addresses: for an address it is enough that the authority that the endpoint names has signed it. */
function sslOptions(host: string, { ca, verify }: TlsOptions): NonNullable<LoginOptions<never>['ssl']> {
  const named = isIP(host) === 0 || ca === undefined; // the public authorities sign for anybody
  return { ...(ca !== undefined && { ca }), rejectUnauthorized: verify, verifyIdentity: verify && named };
}

/** The driver puts a code of its own on what a plugin throws: ours is the cause. */
function untrusted(address: string): Error {
  const message = `the database server ${address} asks for the password without TLS, encrypted for a key that it sends itself`;
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
