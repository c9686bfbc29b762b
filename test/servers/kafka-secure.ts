/** server.properties of the listeners that want to know who comes: SASL over TLS, SASL alone, TLS with the client's certificate. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { KafkaSecureOptions, SecureBootstrap } from './server.js';

const names = ['SECURE', 'MUTUAL', 'CLEAR'] as const;
export const securePorts = names.length;
const protocols: Readonly<Record<(typeof names)[number], string>> = { SECURE: 'SASL_SSL', MUTUAL: 'SSL', CLEAR: 'SASL_PLAINTEXT' };

export async function secureProperties(
  { certificate: { key, cert }, plain = {} }: KafkaSecureOptions,
  folder: string,
): Promise<Readonly<Record<string, string>>> {
  const [store, trust] = [join(folder, 'broker.pem'), join(folder, 'clients.pem')];
  await writeFile(store, `${key}${cert}`);
  await writeFile(trust, cert);
  const users = Object.entries(plain).map(([user, password]) => `user_${user}="${password}"`);
  const module = 'org.apache.kafka.common.security';
  const sasl = (listener: string, mechanisms: string): Record<string, string> => ({
    [`listener.name.${listener}.sasl.enabled.mechanisms`]: mechanisms,
    [`listener.name.${listener}.plain.sasl.jaas.config`]: `${module}.plain.PlainLoginModule required ${users.join(' ')};`,
    [`listener.name.${listener}.scram-sha-256.sasl.jaas.config`]: `${module}.scram.ScramLoginModule required;`,
    [`listener.name.${listener}.scram-sha-512.sasl.jaas.config`]: `${module}.scram.ScramLoginModule required;`,
  });
  return {
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'super.users': 'User:ANONYMOUS',
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.location': store,
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.location': trust,
    'listener.name.mutual.ssl.client.auth': 'required',
    ...sasl('secure', 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512'),
    ...sasl('clear', 'PLAIN,SCRAM-SHA-512'),
  };
}

/** The two properties in which all listeners stand, with ours. */
export function withSecure(properties: Readonly<Record<string, string>>, ports: readonly number[]): Record<string, string> {
  const at = names.map((name, i) => `${name}://127.0.0.1:${ports[i]}`);
  const map = 'listener.security.protocol.map';
  return {
    ...properties,
    ...Object.fromEntries(['listeners', 'advertised.listeners'].map((name) => [name, [properties[name], ...at].join(',')])),
    [map]: [properties[map], ...names.map((name) => `${name}:${protocols[name]}`)].join(','),
  };
}

export function securedAt(host: string, [sasl, mutual, clear]: readonly number[]): SecureBootstrap {
  return { sasl: `${host}:${sasl}`, mutual: `${host}:${mutual}`, clear: `${host}:${clear}` };
}
