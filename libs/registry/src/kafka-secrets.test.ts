import { SyncError, regionInputSchema, regionSchema } from '@lutra/model';
import type { KafkaDocument, RegionDocument } from '@lutra/model';
import { describe, expect, it } from 'vitest';
import { kafkaClient, resealedRegion, sealRegion, secretsOfRegion } from './kafka-secrets.js';
import { Keyring, loadKeyring } from './keyring.js';
import { selfSigned } from '../../../test/network/certificate.js';

const keyring = Keyring.of(Buffer.alloc(32, 7));
const { cert, key } = selfSigned();
const kafka = {
  brokers: ['k1:9093', 'k2:9093'],
  tls: { ca: cert, cert, key },
  sasl: { mechanism: 'scram-sha-512', user: 'otter', password: 'hush' },
} as const;
type Given = Readonly<Record<string, unknown>>;

const write = (kafkaInput: Given, stored: RegionDocument | null = null): RegionDocument =>
  sealRegion({ keyring, input: regionInputSchema.parse({ name: 'hz', kafka: kafkaInput }), stored });
const open = (region: RegionDocument, by = keyring) => kafkaClient(by, region).security();
const refusal = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    return error instanceof SyncError ? `${error.code} ${error.message}` : String(error);
  }
  return 'none';
};

describe('the secrets of a region', () => {
  const stored = write(kafka);

  it('are sealed, and open for the Kafka that they were given for', () => {
    expect(regionSchema.parse(stored)).toEqual(stored);
    expect(JSON.stringify(stored)).not.toMatch(/hush|PRIVATE KEY/);
    expect(open(stored)).toEqual({
      tls: { ca: cert, verify: true, cert, key },
      sasl: { mechanism: 'scram-sha-512', user: 'otter', password: 'hush' },
    });
    expect(open(write({ brokers: ['k:1'] }))).toEqual({});
  });

  const elsewhere: Readonly<Record<string, (kafka: KafkaDocument) => Partial<KafkaDocument>>> = {
    'another broker': () => ({ brokers: ['stranger:9093', 'k2:9093'] }),
    'one broker more': ({ brokers }) => ({ brokers: [...brokers, 'stranger:9093'] }),
    'the brokers in another order': ({ brokers }) => ({ brokers: brokers.toReversed() }),
    'a mechanism that shows the password': ({ sasl }) => ({ sasl: sasl && { ...sasl, mechanism: 'plain' } }),
    'another user': ({ sasl }) => ({ sasl: sasl && { ...sasl, user: 'root' } }),
    'no authority': ({ tls }) => ({ tls: tls && { ...tls, ca: undefined } }),
    'no verification': ({ tls }) => ({ tls: tls && { ...tls, verify: false } }),
    'no TLS': () => ({ tls: undefined }),
    'the key for a password': ({ tls, sasl }) => ({ sasl: sasl && tls?.key && { ...sasl, password: tls.key } }),
    'the password for a key': ({ tls, sasl }) => ({ tls: tls && sasl && { ...tls, key: sasl.password } }),
  };
  it.each(Object.entries(elsewhere))('do not open in a document that has %s', (_, change) => {
    expect(refusal(() => open({ ...stored, kafka: { ...stored.kafka, ...change(stored.kafka) } }))).toMatch(/^SECRET_UNREADABLE/);
  });

  it('that are references are looked at when they are opened', () => {
    const given = { ...kafka, tls: { ...kafka.tls, key: 'env:LUTRA_SECRET_TLS' } };
    const withKey = (text: string): Keyring =>
      loadKeyring({ LUTRA_SECRET_KEY: Buffer.alloc(32, 7).toString('hex'), LUTRA_SECRET_TLS: text });
    expect(open(write(given), withKey(key)).tls?.key).toBe(key);
    for (const wrong of [selfSigned().key, 'no PEM'])
      expect(refusal(() => open(write(given), withKey(wrong)))).toMatch(/^SECRET_MISSING.*LUTRA_SECRET_TLS\) is no private key/);
  });

  it('do not open under another name', () => {
    expect(refusal(() => open({ ...stored, name: 'ca' }))).toMatch(/^SECRET_UNREADABLE/);
  });

  it('stay when they are left out, and are asked for where they would go elsewhere', () => {
    const { key: _key, ...tls } = kafka.tls;
    const { password: _password, ...sasl } = kafka.sasl;
    const kept = { ...kafka, tls: { ...tls, keySet: true }, sasl: { ...sasl, passwordSet: true } };
    expect(write(kept, stored)).toEqual(stored);
    const changed: readonly (readonly [Given, RegExp])[] = [
      [{ brokers: ['stranger:9093'] }, /kafka.tls.key: required, for brokers is not/],
      [{ brokers: ['stranger:9093'], tls: { ...tls, key } }, /kafka.sasl.password: required, for brokers is not/],
      [{ sasl: { ...sasl, user: 'root' } }, /kafka.sasl.password: required, for user is not/],
      [{ sasl: { ...sasl, mechanism: 'plain' } }, /kafka.sasl.password: required, for mechanism is not/],
      [{ tls: { verify: false } }, /kafka.sasl.password: required, for tls is not/],
    ];
    for (const [change, why] of changed) expect(refusal(() => write({ ...kept, ...change }, stored))).toMatch(why);
    expect(refusal(() => write(kept))).toMatch(/kafka.tls.key: required, for none is stored/);
    expect(secretsOfRegion(write({ brokers: ['stranger:9093'] }, stored))).toEqual([]); // what is taken out is gone
  });

  it('are sealed anew under another key, and whoever works with the old form goes on without the old key', () => {
    const [old, young] = [Buffer.alloc(32, 7), Buffer.alloc(32, 8)];
    const anew = resealedRegion(Keyring.of(young, old), stored);
    const worker = Keyring.of(young);
    expect(open(anew, worker)).toEqual(open(stored));
    expect(refusal(() => open(stored, worker))).toMatch(/^SECRET_UNREADABLE.*which is not among/);
    worker.follow(secretsOfRegion(anew).map(({ secret }) => secret));
    expect(open(stored, worker)).toEqual(open(anew, worker));
  });
});

describe('a region is refused', () => {
  it.each<[string, Given, RegExp]>([
    [
      'whose password would go over the line',
      { ...kafka, tls: undefined, sasl: { ...kafka.sasl, mechanism: 'plain' } },
      /plain sends the password/,
    ],
    ['with a mechanism that is none', { ...kafka, sasl: { ...kafka.sasl, mechanism: 'gssapi' } }, /mechanism/],
    ['with a key that is not of the certificate', { ...kafka, tls: { cert, key: selfSigned().key } }, /no private key of this certificate/],
    ['with a key alone', { ...kafka, tls: { key } }, /required, for a key is given/],
    ['with a reference to any variable', { ...kafka, sasl: { ...kafka.sasl, password: 'env:PATH' } }, /env:LUTRA_SECRET_NAME/],
    ['with a reference to the key', { ...kafka, sasl: { ...kafka.sasl, password: 'env:LUTRA_SECRET_KEY' } }, /env:LUTRA_SECRET_NAME/],
    ['with a reference to any file', { ...kafka, sasl: { ...kafka.sasl, password: 'file:/etc/passwd' } }, /file:NAME/],
    ['with a reference that climbs', { ...kafka, sasl: { ...kafka.sasl, password: 'file:a/../../b' } }, /file:NAME/],
  ])('%s', (_, input, why) => {
    expect(refusal(() => write(input))).toMatch(why);
  });

  it('and one on this machine may be without TLS', () => {
    const { tls: _, ...open } = kafka;
    expect(refusal(() => write({ ...open, brokers: ['127.0.0.1:9', '[::1]:9'], sasl: { ...kafka.sasl, mechanism: 'plain' } }))).toBe(
      'none',
    );
  });
});
