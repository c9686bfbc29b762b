/** certificates.ts, loaded when it is needed: the packages of certificates take a while, and most loaders have no files. */
import type { ServerCertificate } from './certificates.js';
import type { FilesKeys } from './keys.js';

export type { ServerCertificate };

/** A certificate lasts three times as long. */
export const renewAfterMs = 30 * 86_400_000;

/** Whom to trust: one PEM, for each key that is known. */
export async function authoritiesOf(keys: FilesKeys): Promise<string> {
  const certificates = await import('./certificates.js');
  return certificates.authoritiesOf(keys);
}

/** Of a server that is reached under this host name or address. */
export async function issueCertificate(keys: FilesKeys, host: string): Promise<ServerCertificate> {
  const certificates = await import('./certificates.js');
  return certificates.issueCertificate(keys, host);
}
