/**
 * Says to a broker who we are. A broker may want to be told anew after a while (connections.max.reauth.ms), and refuses every other request
 * until it knows. The client would tell it amid other requests, and be cut off: so it does not hear of that time, and its connection is
 * replaced before.
 */
import { saslPlain, saslScramSha } from '@platformatic/kafka';
import type { ConnectionOptions, SASLOptions } from '@platformatic/kafka';
import { SyncError, mayHavePassword } from '@lutra/model';
import type { KafkaSecurity } from '@lutra/model';

type Authenticator = NonNullable<SASLOptions['authenticate']>;
type Done = Parameters<Authenticator>[6];

const mechanisms = {
  plain: { name: 'PLAIN', algorithm: null },
  'scram-sha-256': { name: 'SCRAM-SHA-256', algorithm: 'SHA-256' },
  'scram-sha-512': { name: 'SCRAM-SHA-512', algorithm: 'SHA-512' },
} as const;

/** @param onSession how long the broker will believe us, in ms; it may be told nothing */
export function saslOptions({ sasl }: KafkaSecurity, onSession: (lifetimeMs: number) => void): Pick<ConnectionOptions, 'sasl'> {
  if (!sasl) return {};
  const { user, password } = sasl;
  const { name, algorithm } = mechanisms[sasl.mechanism];
  const authenticate: Authenticator = (...[, connection, api, , , , callback]) => {
    const done: Done = (error, response) => {
      if (error || response === undefined) return callback(error, response);
      if (response.sessionLifetimeMs > 0n) onSession(Number(response.sessionLifetimeMs));
      callback(null, { ...response, sessionLifetimeMs: 0n });
    };
    if (algorithm === null) saslPlain.authenticate(api, connection, user, password, done);
    else saslScramSha.authenticate(api, connection, algorithm, user, password, saslScramSha.defaultCrypto, done);
  };
  return { sasl: { mechanism: name, username: user, password, authenticate } };
}

/** @throws SyncError SERVER_UNTRUSTED: the password would go over the line as it is */
export function requireTrust({ host, port }: { readonly host: string; readonly port: number }, { tls, sasl }: KafkaSecurity): void {
  if (!sasl || tls || mayHavePassword(sasl.mechanism, host)) return;
  const server = `${host}:${port}`;
  throw new SyncError('SERVER_UNTRUSTED', `broker ${server} would get the password as it is (SASL plain without TLS)`, {
    details: { server },
  });
}
