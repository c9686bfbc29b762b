/**
 * The secrets of a stack as docs/02-setup.md has them: a key file that is read again, and a Kafka that wants SCRAM over TLS, whose user may
 * do no more than the page says. One region and its endpoint have their passwords sealed, the others references to files.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { z } from 'zod';
import type { kafkaInputSchema } from '@lutra/model';
import { lutraPassword } from './endpoint-setup.js';
import { selfSigned } from '../network/certificate.js';
import { grant, setScramUser } from '../servers/kafka-users.js';
import type { KafkaSecureOptions, KafkaServer } from '../servers/server.js';

const user = 'lutra';
const password = 'otters hold paws';
const passwordFile = 'kafka-password';
const databaseFile = 'database-password';

export class Secured {
  readonly #certificate = selfSigned();
  readonly #folder = mkdtempSync(join(tmpdir(), 'lutra-secured-'));
  #keys: readonly string[] = [randomBytes(32).toString('base64')];

  constructor() {
    process.once('exit', () => rmSync(this.#folder, { recursive: true, force: true }));
    writeFileSync(join(this.#folder, passwordFile), `${password}\n`);
    this.giveDatabasePassword();
    this.#write();
  }

  get kafka(): KafkaSecureOptions {
    return { certificate: this.#certificate };
  }

  /** Of all apps. */
  get environment(): Readonly<Record<string, string>> {
    return { LUTRA_SECRET_KEY_FILE: join(this.#folder, 'keys'), LUTRA_SECRETS_DIR: this.#folder };
  }

  /** For an endpoint. */
  readonly databasePassword = `file:${databaseFile}`;

  giveDatabasePassword(): void {
    writeFileSync(join(this.#folder, databaseFile), lutraPassword);
  }

  takeDatabasePassword(): void {
    rmSync(join(this.#folder, databaseFile));
  }

  /** A new key, in front of the others. */
  addKey(): void {
    this.#keys = [randomBytes(32).toString('base64'), ...this.#keys];
    this.#write();
  }

  dropOldKeys(): void {
    this.#keys = this.#keys.slice(0, 1);
    this.#write();
  }

  /** The user, with the ACLs of the page. */
  async prepare(server: KafkaServer): Promise<void> {
    await setScramUser(server, user, password);
    const operations = ['CREATE', 'DESCRIBE', 'DESCRIBE_CONFIGS', 'READ', 'WRITE'] as const;
    await grant(
      server,
      { user, type: 'topic', name: 'lutra.*', operations },
      { user, type: 'group', name: 'lutra.*', operations: ['READ'] },
    );
  }

  regionOf(server: KafkaServer, { byReference }: { readonly byReference: boolean }): z.input<typeof kafkaInputSchema> {
    return {
      brokers: [server.secured?.sasl ?? ''],
      tls: { ca: this.#certificate.cert },
      sasl: { mechanism: 'scram-sha-512', user, password: byReference ? `file:${passwordFile}` : password },
    };
  }

  #write(): void {
    writeFileSync(join(this.#folder, 'keys'), `${this.#keys.join('\n')}\n`, { mode: 0o600 });
  }
}
