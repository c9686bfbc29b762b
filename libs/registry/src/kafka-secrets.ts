/** The secrets of a region: the password for SASL, bound to brokers, mechanism, user and TLS, and the key of the client's certificate. */
import { SyncError, isPair } from '@lutra/model';
import type { KafkaDocument, KafkaInput, KafkaSecurity, RegionDocument, RegionInput, SealedSecret } from '@lutra/model';
import type { Keyring } from './keyring.js';
import { changedPurpose, openSecret, referenceOf, resealed, sealSecret } from './secret.js';
import type { Purpose, StoredSecret } from './secret.js';

type Region = { readonly name: string; readonly kafka: KafkaInput | KafkaDocument };

const tlsOf = ({ kafka: { tls } }: Region): unknown => tls && [tls.ca ?? null, tls.verify, tls.cert ?? null];

function saslPurpose(region: Region): Purpose {
  const { brokers, sasl } = region.kafka;
  const to = { brokers, mechanism: sasl?.mechanism ?? null, user: sasl?.user ?? null, tls: tlsOf(region) ?? null };
  return { kind: 'region', name: region.name, field: 'kafka.sasl.password', to };
}

function keyPurpose(region: Region): Purpose {
  return { kind: 'region', name: region.name, field: 'kafka.tls.key', to: { brokers: region.kafka.brokers, tls: tlsOf(region) ?? null } };
}

interface Sealing {
  readonly keyring: Keyring;
  readonly input: RegionInput;
  /** Null: the region is new. */
  readonly stored: RegionDocument | null;
}

/** A secret that is left out is the stored one. @throws SyncError CONFIG_INVALID where there is none, or it was given for something else */
export function sealRegion(sealing: Sealing): RegionDocument {
  const { input, stored } = sealing;
  const { brokers, tls, sasl } = input.kafka;
  const secret = (purpose: (region: Region) => Purpose, given: string | undefined, kept: SealedSecret | undefined): SealedSecret =>
    sealedOrKept(sealing, purpose, given === undefined ? { kept } : { given });
  const ofTls = (): KafkaDocument['tls'] => {
    if (!tls) return undefined;
    const { ca, verify, cert } = tls;
    const own = cert === undefined ? {} : { cert, key: secret(keyPurpose, tls.key, stored?.kafka.tls?.key) };
    return { ...(ca !== undefined && { ca }), verify, ...own };
  };
  const ofSasl = (): KafkaDocument['sasl'] => {
    if (!sasl) return undefined;
    const { mechanism, user } = sasl;
    return { mechanism, user, password: secret(saslPurpose, sasl.password, stored?.kafka.sasl?.password) };
  };
  return { ...input, kafka: { brokers, ...(tls && { tls: ofTls() }), ...(sasl && { sasl: ofSasl() }) } };
}

function sealedOrKept(
  { keyring, input, stored }: Sealing,
  purpose: (region: Region) => Purpose,
  { given, kept }: { readonly given?: string; readonly kept?: SealedSecret | undefined },
): SealedSecret {
  const wanted = purpose(input);
  if (given !== undefined) return sealSecret(keyring, given, wanted);
  if (!stored || !kept) throw invalid(input.name, wanted.field, 'required, for none is stored');
  const changed = changedPurpose(purpose(stored), wanted);
  if (changed.length === 0) return kept;
  const why = `required, for ${changed.join(', ')} ${changed.length === 1 ? 'is' : 'are'} not what the stored one was given for`;
  throw invalid(input.name, wanted.field, why, { changed: changed.join(', ') });
}

/** @throws SyncError SECRET_UNREADABLE, SECRET_MISSING */
function openKafka(keyring: Keyring, region: RegionDocument): KafkaSecurity {
  const { tls, sasl } = region.kafka;
  const { key: _, ...trust } = tls ?? { verify: true };
  return {
    ...(tls && { tls: { ...trust, ...openKey(keyring, region) } }),
    ...(sasl && { sasl: { ...sasl, password: openSecret(keyring, sasl.password, saslPurpose(region)) } }),
  };
}

/** What a reference leads to was seen by nobody when it was written. */
function openKey(keyring: Keyring, region: RegionDocument): { readonly key?: string } {
  const { cert, key: sealed } = region.kafka.tls ?? {};
  if (cert === undefined || !sealed) return {};
  const key = openSecret(keyring, sealed, keyPurpose(region));
  if (isPair(cert, key)) return { key };
  const what = `region ${region.name}: kafka.tls.key (${referenceOf(sealed) ?? 'sealed'}) is no private key of kafka.tls.cert`;
  throw new SyncError('SECRET_MISSING', what, { details: { name: region.name } });
}

/** For a client of that Kafka: secrets are opened at each connection, so that a reference is resolved anew. */
export function kafkaClient(
  keyring: Keyring,
  region: RegionDocument,
): { readonly brokers: readonly string[]; readonly security: () => KafkaSecurity } {
  return { brokers: region.kafka.brokers, security: () => openKafka(keyring, region) };
}

/** @throws SyncError SECRET_UNREADABLE */
export function resealedRegion(keyring: Keyring, region: RegionDocument): RegionDocument {
  const { tls, sasl } = region.kafka;
  return {
    ...region,
    kafka: {
      ...region.kafka,
      ...(tls?.key && { tls: { ...tls, key: resealed(keyring, tls.key, keyPurpose(region)) } }),
      ...(sasl && { sasl: { ...sasl, password: resealed(keyring, sasl.password, saslPurpose(region)) } }),
    },
  };
}

export function secretsOfRegion(region: RegionDocument): readonly StoredSecret[] {
  const { tls, sasl } = region.kafka;
  return [
    ...(tls?.key ? [{ secret: tls.key, purpose: keyPurpose(region) }] : []),
    ...(sasl ? [{ secret: sasl.password, purpose: saslPurpose(region) }] : []),
  ];
}

function invalid(name: string, field: string, why: string, details: Readonly<Record<string, string>> = {}): SyncError {
  return new SyncError('CONFIG_INVALID', `region ${name}: ${field}: ${why}`, { details: { region: name, ...details } });
}
