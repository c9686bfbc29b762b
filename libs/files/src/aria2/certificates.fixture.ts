/** An authority, and certificates of it. */
import 'reflect-metadata';
import { randomUUID, webcrypto } from 'node:crypto';
import { BasicConstraintsExtension, SubjectAlternativeNameExtension, X509CertificateGenerator } from '@peculiar/x509';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

export interface Authority {
  /** PEM */
  readonly ca: string;
  issue(kind: 'ip' | 'dns', name: string): Promise<{ readonly key: string; readonly cert: string }>;
}

export async function authority(): Promise<Authority> {
  const name = `CN=Authority ${randomUUID()}`; // of two with one name and no key identifier, GnuTLS takes one
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const extensions = [new BasicConstraintsExtension(true, 0, true)];
  const own = await X509CertificateGenerator.createSelfSigned({ name, keys, signingAlgorithm: algorithm, extensions });
  return {
    ca: own.toString('pem'),
    async issue(kind, value) {
      const pair = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
      const certificate = await X509CertificateGenerator.create({
        subject: 'CN=files',
        issuer: name,
        signingAlgorithm: algorithm,
        signingKey: keys.privateKey,
        publicKey: pair.publicKey,
        extensions: [new SubjectAlternativeNameExtension([{ type: kind, value }])],
      });
      const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', pair.privateKey)).toString('base64');
      return { key: `-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----\n`, cert: certificate.toString('pem') };
    },
  };
}
