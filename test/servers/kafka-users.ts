/** Users and rights of a Kafka with secure listeners, by its open one: SCRAM, and the ACLs of docs/02-setup.md. */
import { pbkdf2Sync, randomBytes } from 'node:crypto';
import { Admin, Connection, alterUserScramCredentialsV0 } from '@platformatic/kafka';
import type { KafkaServer } from './server.js';

const iterations = 4096;
const mechanisms = [
  { id: 1, digest: 'sha256', bytes: 32 },
  { id: 2, digest: 'sha512', bytes: 64 },
] as const;

/** For both mechanisms; a user that is there gets another password. */
export async function setScramUser(server: KafkaServer, user: string, password: string): Promise<void> {
  const [host = '', port = ''] = server.bootstrap.split(':');
  const connection = new Connection('test-users');
  await connection.connect(host, Number(port));
  const upsertions = mechanisms.map(({ id, digest, bytes }) => {
    const salt = randomBytes(16);
    return { name: user, mechanism: id, iterations, salt, saltedPassword: pbkdf2Sync(password, salt, iterations, bytes, digest) };
  });
  try {
    // One request may not name a user twice.
    for (const upsertion of upsertions) await alterUserScramCredentialsV0.api.async(connection, [], [upsertion]);
  } finally {
    await connection.close();
  }
}

export interface Grant {
  readonly user: string;
  readonly type: 'topic' | 'group';
  /** With `*` at the end: all that begin so. */
  readonly name: string;
  readonly operations: readonly Operation[];
}

/** https://kafka.apache.org/protocol: AclOperation, ResourceType, PatternType */
const operations = { READ: 3, WRITE: 4, CREATE: 5, DELETE: 6, DESCRIBE: 8, DESCRIBE_CONFIGS: 10 } as const;
type Operation = keyof typeof operations;
const resources = { topic: 2, group: 3 } as const;
const literal = 3 as const;
const prefixed = 4 as const;
const allow = 3 as const;

export async function grant(server: KafkaServer, ...grants: readonly Grant[]): Promise<void> {
  const admin = new Admin({ clientId: 'test-users', bootstrapBrokers: [server.bootstrap] });
  const creations = grants.flatMap(({ user, type, name, operations: wanted }) =>
    wanted.map((operation) => ({
      resourceType: resources[type],
      resourceName: name.replace(/\*$/, ''),
      resourcePatternType: name.endsWith('*') ? prefixed : literal,
      principal: `User:${user}`,
      host: '*',
      operation: operations[operation],
      permissionType: allow,
    })),
  );
  try {
    await admin.createAcls({ creations });
  } finally {
    await admin.close();
  }
}
