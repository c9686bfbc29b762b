/** How a region's Kafka is reached: as it is stored, as it is sent, and what a client is given once its secrets are open. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { z } from 'zod';
import { brokerSchema, pemSchema, tlsSchema } from './config-fields.js';
import type { TlsOptions } from './config-fields.js';
import { isLoopback } from './loopback.js';
import { referenceIn, sealedSecretSchema, secretInputSchema, secretReferenceSchema } from './secret-fields.js';

export const saslMechanisms = ['plain', 'scram-sha-256', 'scram-sha-512'] as const;
export type SaslMechanism = (typeof saslMechanisms)[number];

/** SCRAM separates its fields by commas, PLAIN by NUL: a client that does not escape them sends another name. */
const userSchema = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[^,\0]+$/, 'a name without commas');
const saslBase = { mechanism: z.enum(saslMechanisms), user: userSchema };

/** `cert`: PEM of the client's certificate, with those that lead to an authority that the brokers trust. */
const tlsBase = tlsSchema.extend({ cert: pemSchema.optional() });
/** host:port of some brokers of the region's Kafka. */
const brokers = z.array(brokerSchema).min(1);

/** As stored. */
export const kafkaSchema = z.strictObject({
  brokers,
  tls: tlsBase.extend({ key: sealedSecretSchema.optional() }).optional(),
  sasl: z.strictObject({ ...saslBase, password: sealedSecretSchema }).optional(),
});
export type KafkaDocument = z.infer<typeof kafkaSchema>;

const tlsInput = tlsBase
  .extend({ key: secretInputSchema.optional(), keySet: z.boolean().optional(), keyFrom: z.string().optional() })
  .refine(({ cert, key }) => key === undefined || cert !== undefined, { path: ['cert'], error: 'required, for a key is given' })
  .refine(({ cert, key }) => cert === undefined || key === undefined || referenceIn(key) !== undefined || isPair(cert, key), {
    path: ['key'],
    error: 'no private key of this certificate: a PEM without a passphrase, from -----BEGIN PRIVATE KEY----- on',
  });

/** What says that a secret is there is let in, so that what GET gave can be sent back; it has no effect. */
const saslInput = z.strictObject({
  ...saslBase,
  password: secretInputSchema.optional(),
  passwordSet: z.boolean().optional(),
  passwordFrom: z.string().optional(),
});

/** As sent to the REST API: secrets in clear or as references, or left out to keep the stored ones. */
export const kafkaInputSchema = z
  .strictObject({ brokers, tls: tlsInput.optional(), sasl: saslInput.optional() })
  .refine(({ tls, sasl, ...kafka }) => !sasl || tls || kafka.brokers.every((broker) => mayHavePassword(sasl.mechanism, hostOf(broker))), {
    path: ['sasl', 'mechanism'],
    error: 'plain sends the password as it is: give tls, or a mechanism that does not (scram-sha-512)',
  });
export type KafkaInput = z.infer<typeof kafkaInputSchema>;

/** Whether a PEM is the private key of a certificate, and needs no passphrase. */
export function isPair(cert: string, key: string): boolean {
  try {
    return new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}

function hostOf(broker: string): string {
  return broker.slice(0, broker.lastIndexOf(':'));
}

/** Without TLS. */
export function mayHavePassword(mechanism: SaslMechanism, host: string): boolean {
  return mechanism !== 'plain' || isLoopback(host);
}

/** As shown: that there are secrets, and where references lead; never a secret. */
export const kafkaOutputSchema = z.strictObject({
  brokers,
  tls: tlsBase.extend({ keySet: z.literal(true).optional(), keyFrom: secretReferenceSchema.optional() }).optional(),
  sasl: z.strictObject({ ...saslBase, passwordSet: z.literal(true), passwordFrom: secretReferenceSchema.optional() }).optional(),
});

/** What a client needs to connect. */
export interface KafkaSecurity {
  readonly tls?: (TlsOptions & { readonly cert?: string | undefined; readonly key?: string | undefined }) | undefined;
  readonly sasl?: { readonly mechanism: SaslMechanism; readonly user: string; readonly password: string } | undefined;
}
