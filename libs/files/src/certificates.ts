/**
 * TLS between files apps and loaders without set-up. The authority's key is derived from the secret key that all apps have: each process
 * makes the same authority, and nothing has to be kept or handed round. While a second secret key is known, both authorities are trusted.
 * docs/decisions/0035-files.md. An operator's own certificates take their place: LUTRA_FILES_CERT, _KEY, _CA.
 */
import 'reflect-metadata';
import { createECDH, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { derived } from './keys.js';
import type { FilesKey, FilesKeys } from './keys.js';

/** P-256, with SHA-256. */
const curve = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const signing = { name: 'ECDSA', hash: 'SHA-256' } as const;
/** The order of the curve: a private key is one of 1 … order − 1. */
const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const dayMs = 86_400_000;
const authorityDays = 3_650;
const serverDays = 90;

/** PEM */
export interface ServerCertificate {
  readonly cert: string;
  readonly key: string;
}

/** Whom to trust: one PEM, for each key that is known. */
export async function authoritiesOf(keys: FilesKeys): Promise<string> {
  const known = keys.kids.flatMap((kid) => keys.find(kid) ?? []);
  const all = await Promise.all(known.map((key) => authorityOf(key)));
  return all.map(({ pem }) => pem).join('\n');
}

/** Of a server that is reached under this host name or address. */
export async function issueCertificate(keys: FilesKeys, host: string): Promise<ServerCertificate> {
  const authority = await authorityOf(keys.first);
  const pair = await webcrypto.subtle.generateKey(curve, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.create({
    subject: [{ CN: ['Lutra files app'] }],
    issuer: authority.name,
    ...validFor(serverDays),
    signingAlgorithm: signing,
    signingKey: authority.keys.privateKey,
    publicKey: pair.publicKey,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension([{ type: isIP(host) ? 'ip' : 'dns', value: host }]),
      await AuthorityKeyIdentifierExtension.create(authority.keys.publicKey),
      await SubjectKeyIdentifierExtension.create(pair.publicKey),
    ],
  });
  const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', pair.privateKey)).toString('base64');
  return { cert: certificate.toString('pem'), key: `-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----\n` };
}

interface Authority {
  readonly pem: string;
  readonly name: string;
  readonly keys: webcrypto.CryptoKeyPair;
}

/** Equal in every process but for its dates: who trusts one trusts what the other has signed. */
async function authorityOf(key: FilesKey): Promise<Authority> {
  const keys = await pairOf(key);
  const name = `CN=Lutra files authority ${key.kid}`;
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name,
    ...validFor(authorityDays),
    signingAlgorithm: signing,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { pem: certificate.toString('pem'), name, keys };
}

/** From more bits than the order has, so that no key is likelier than another: FIPS 186-5, A.2.1. */
async function pairOf(key: FilesKey): Promise<webcrypto.CryptoKeyPair> {
  const wide = BigInt(`0x${derived(key, 'lutra files ca', 48).toString('hex')}`);
  const scalar = (wide % (order - 1n)) + 1n;
  const secret = Buffer.from(scalar.toString(16).padStart(64, '0'), 'hex');
  const ecdh = createECDH('prime256v1');
  ecdh.setPrivateKey(secret);
  const point = ecdh.getPublicKey();
  const [x, y] = [point.subarray(1, 33).toString('base64url'), point.subarray(33).toString('base64url')];
  const open = { kty: 'EC', crv: 'P-256', x, y };
  const { subtle } = webcrypto;
  return {
    privateKey: await subtle.importKey('jwk', { ...open, d: secret.toString('base64url') }, curve, false, ['sign']),
    publicKey: await subtle.importKey('jwk', open, curve, true, ['verify']),
  };
}

/** Clocks differ. */
function validFor(days: number): { readonly notBefore: Date; readonly notAfter: Date } {
  return { notBefore: new Date(Date.now() - dayMs), notAfter: new Date(Date.now() + days * dayMs) };
}
