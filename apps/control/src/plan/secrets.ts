/** Secrets of a plan: whether they are what is stored already, and what stands for them where they must not be. */
import type { EndpointDocument, RegionDocument, RegionInput, SealedSecret } from '@lutra/model';
import { digestOf, isStoredSecret, referenceOf, sealRegion, secretOfEndpoint, secretsOfRegion, changedLogin } from '@lutra/registry';
import type { Keyring, StoredSecret } from '@lutra/registry';
import { SyncError } from '@lutra/model';
import type { EndpointWrite } from '../http/schemas.js';
import { withoutPassword } from '../endpoints/endpoint.service.js';
import { shownRegion } from '../regions/shown-region.js';
import { plain } from './steps.js';

/** A password that is the stored one, for the same server, is left out: so the sealed one stays. */
export function endpointKeeping(keyring: Keyring, input: EndpointWrite, stored: EndpointDocument): EndpointWrite {
  const { password, ...rest } = input;
  if (password === undefined || changedLogin(stored, rest).length > 0) return input;
  return isStoredSecret(keyring, secretOfEndpoint(stored), password) ? rest : input;
}

export function regionKeeping(keyring: Keyring, input: RegionInput, stored: RegionDocument): RegionInput {
  return secretsOfRegion(stored).reduce((kept, secret) => {
    const without = withoutEqual(keyring, kept, secret);
    return without && isSealable(keyring, without, stored) ? without : kept;
  }, input);
}

function withoutEqual(keyring: Keyring, input: RegionInput, secret: StoredSecret): RegionInput | null {
  const { tls, sasl } = input.kafka;
  if (secret.purpose.field === 'kafka.tls.key') {
    if (tls?.key === undefined || !isStoredSecret(keyring, secret, tls.key)) return null;
    const { key: _, ...rest } = tls;
    return { ...input, kafka: { ...input.kafka, tls: rest } };
  }
  if (sasl?.password === undefined || !isStoredSecret(keyring, secret, sasl.password)) return null;
  const { password: _, ...rest } = sasl;
  return { ...input, kafka: { ...input.kafka, sasl: rest } };
}

/** false: the stored one was given for other brokers, or another TLS. */
function isSealable(keyring: Keyring, input: RegionInput, stored: RegionDocument): boolean {
  try {
    sealRegion({ keyring, input, stored });
    return true;
  } catch (error) {
    if (error instanceof SyncError && error.code === 'CONFIG_INVALID') return false;
    throw error;
  }
}

export function shownEndpoint(endpoint: EndpointDocument): object {
  const { passwordSet: _, ...shown } = withoutPassword(endpoint);
  return plain({ ...shown, ...(referenceOf(endpoint.password) === undefined && { password: '(secret)' }) });
}

export function shownRegionOf(region: RegionDocument): object {
  const { kafka, ...rest } = shownRegion(region);
  const { tls, sasl } = kafka;
  const { keySet, ...ofTls } = tls ?? { verify: true };
  const { passwordSet: _, ...ofSasl } = sasl ?? { mechanism: null, user: null, passwordSet: true };
  return plain({
    ...rest,
    kafka: {
      ...kafka,
      ...(tls && { tls: { ...ofTls, ...(keySet && tls.keyFrom === undefined && { key: '(secret)' }) } }),
      ...(sasl && { sasl: { ...ofSasl, ...(sasl.passwordFrom === undefined && { password: '(secret)' }) } }),
    },
  });
}

/** Of the secrets that are another one than before, in clear: where. */
export function changedSecrets(before: readonly StoredSecret[], after: readonly StoredSecret[]): readonly string[] {
  const idOf = (secret: SealedSecret | undefined): string | null => (secret && 'v' in secret ? secret.id : null);
  return after
    .filter(({ secret, purpose }) => {
      const old = before.find((one) => one.purpose.field === purpose.field)?.secret;
      return old !== undefined && idOf(old) !== idOf(secret) && referenceOf(secret) === undefined && referenceOf(old) === undefined;
    })
    .map(({ purpose }) => purpose.field);
}

/** For the hash: each secret as its digest. */
export function digested(keyring: Keyring, value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (key, part: unknown) =>
      (key === 'password' || key === 'key') && typeof part === 'string' ? digestOf(keyring, part) : part,
    ),
  );
}
