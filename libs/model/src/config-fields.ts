/** What a field of a configuration document looks like: names, addresses, keys, certificates. The documents are in config.ts. */
import { createPublicKey, X509Certificate } from 'node:crypto';
import { z } from 'zod';

/** Names go into topics, ZooKeeper paths and checkpoint rows, hence the narrow alphabet. */
export const nameSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,47}$/, 'lower-case letters, digits and "-", at most 48, not starting with "-"');

/** The text itself: the apps that connect run on other machines than who writes this. */
export const pemSchema = z.string().refine(isCertificate, {
  error: ({ input }) =>
    /^(file:)?[.~]?\/|^[a-z]:\\|\.(pem|crt|cer|key)$/i.test(String(input).trim())
      ? 'is a path; the PEM itself belongs here: what stands in that file, from -----BEGIN CERTIFICATE----- on'
      : 'no PEM of a certificate that can be read: a text with -----BEGIN CERTIFICATE----- and -----END CERTIFICATE-----',
});

/** What OpenSSL cannot read, Node passes over without a word, and trusts the system's authorities instead. */
function isCertificate(text: string): boolean {
  try {
    return new X509Certificate(text).raw.length > 0;
  } catch {
    return false;
  }
}

export const tlsSchema = z.strictObject({
  /** PEM of the authority that signed the server's certificate; the system's authorities if absent. */
  ca: pemSchema.optional(),
  /** false accepts any certificate: for tests only. */
  verify: z.boolean().default(true),
});
export type TlsOptions = z.infer<typeof tlsSchema>;

/** Of a database server. Left out, it is on where the server is on another machine: `usedTls()`. */
export const serverTlsSchema = z.discriminatedUnion(
  'mode',
  [
    /** Whoever is on the way reads along, and can change what is sent. */
    z.strictObject({ mode: z.literal('off') }),
    tlsSchema.extend({ mode: z.literal('on').optional() }),
  ],
  { error: ({ code }) => (code === 'invalid_union' ? 'on or off; left out, it is on for a server on another machine' : undefined) },
);
export type ServerTls = z.infer<typeof serverTlsSchema>;

/** A host as a client connects to it: no URL, no port. IPv6 without brackets. */
export const hostSchema = z
  .string()
  .min(1)
  .max(255)
  .regex(
    /^([^\s/:@,[\]]+|[0-9a-f.]*:[0-9a-f.]*:[0-9a-f:.]*)$/i,
    'a host name or an address: no URL, and no port (that is a field of its own)',
  );

/** host:port, IPv6 in brackets. */
export const brokerSchema = z
  .string()
  .regex(/^([^\s/:@,[\]]+|\[[0-9a-f:.]+\]):\d{1,5}$/i, 'host:port, without a scheme such as http://')
  .refine((text) => isPort(text.slice(text.lastIndexOf(':') + 1)), 'its port must be 1 to 65535');

function isPort(digits: string): boolean {
  return Number(digits) >= 1 && Number(digits) <= 65_535;
}

export const publicKeySchema = z.string().refine(isRsaKey, 'a public RSA key as PEM: -----BEGIN PUBLIC KEY----- …');

function isRsaKey(text: string): boolean {
  try {
    return text.includes('PUBLIC KEY') && createPublicKey(text).asymmetricKeyType === 'rsa';
  } catch {
    return false;
  }
}
