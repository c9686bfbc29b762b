/**
 * The keys that passwords are sealed with: one a line, the first seals, all open. A file is read again when it has changed, so that a key
 * comes and goes without a restart; one that cannot be read any more, or holds no keys, leaves those that were known in force. No message
 * ever holds a key.
 */
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { SyncError } from '@lutra/model';
import type { SealedSecret } from '@lutra/model';
import { SecretReferences } from './secret-references.js';

export interface Key {
  /** Tells keys apart; nothing follows from it. */
  readonly kid: string;
  readonly bytes: Buffer;
}

export const keyBytes = 32;

interface KeyringOptions {
  readonly file?: string | undefined;
  readonly references?: SecretReferences | undefined;
}

export class Keyring {
  /** Where secrets are that a document only names. */
  readonly references: SecretReferences;
  readonly #file: string | undefined;
  #stamp = '';
  #followed: ReadonlyMap<string, SealedSecret> = new Map();
  #keys: readonly Key[] = [];

  private constructor(keys: readonly Key[], { file, references = new SecretReferences({}) }: KeyringOptions = {}) {
    this.#keys = keys;
    this.#file = file;
    this.references = references;
  }

  /** @throws SyncError CONFIG_INVALID for a key of another length */
  static of(...keys: readonly [Buffer, ...(readonly Buffer[])]): Keyring {
    const wrong = keys.find(({ length }) => length !== keyBytes);
    if (wrong) throw invalid(`the secret key has ${wrong.length} bytes, not ${keyBytes}`);
    return new Keyring(keys.map(keyOf));
  }

  /** @throws SyncError CONFIG_INVALID */
  static ofFile(file: string, references?: SecretReferences): Keyring {
    const keyring = new Keyring([], { file, references });
    keyring.#read(file);
    return keyring;
  }

  /** The same keys, and where secrets are that a document only names. */
  with(references: SecretReferences): Keyring {
    return new Keyring(this.#keys, { file: this.#file, references });
  }

  /** The one that seals. */
  get first(): Key {
    const [first] = this.#known();
    if (!first) throw invalid('there is no secret key');
    return first;
  }

  get kids(): readonly string[] {
    return this.#known().map(({ kid }) => kid);
  }

  find(kid: string): Key | undefined {
    return this.#known().find((key) => key.kid === kid);
  }

  /** All secrets as they are stored now: who works with an older form of one need not begin anew when it was sealed with another key. */
  follow(secrets: readonly SealedSecret[]): void {
    this.#followed = new Map(secrets.flatMap((secret) => ('v' in secret ? [[secret.id, secret] as const] : [])));
  }

  newest(sealed: SealedSecret): SealedSecret {
    return ('v' in sealed && this.#followed.get(sealed.id)) || sealed;
  }

  /** Whether a text is one of the keys, or holds one. */
  isKey(text: string): boolean {
    const keys = this.#known().map(({ bytes }) => bytes);
    return text.split('\n').some((line) => keys.some((bytes) => keyIn(line.trim())?.equals(bytes)));
  }

  #known(): readonly Key[] {
    try {
      if (this.#file !== undefined && stampOf(this.#file) !== this.#stamp) this.#read(this.#file);
    } catch {
      // Half written, or gone for a moment: what was known stays.
    }
    return this.#keys;
  }

  #read(file: string): void {
    const { text, stamp } = readKeyFile(file);
    this.#keys = decodeKeys(text, 'LUTRA_SECRET_KEY_FILE').map(keyOf);
    this.#stamp = stamp;
  }
}

/**
 * LUTRA_SECRET_KEY, or the file that LUTRA_SECRET_KEY_FILE names: keys of 32 bytes in base64 or hex, one a line.
 * @throws SyncError CONFIG_INVALID when missing, given twice or of another length
 */
export function loadKeyring(env: Readonly<Record<string, string | undefined>>): Keyring {
  // An empty variable is what a compose file passes on when nobody set it.
  const text = env['LUTRA_SECRET_KEY'] || undefined;
  const file = env['LUTRA_SECRET_KEY_FILE'] || undefined;
  if (text !== undefined && file !== undefined) throw invalid('LUTRA_SECRET_KEY and LUTRA_SECRET_KEY_FILE are both set; keep one');
  const references = new SecretReferences(env);
  if (file !== undefined) return Keyring.ofFile(file, references);
  if (text !== undefined) return Keyring.of(...decodeKeys(text, 'LUTRA_SECRET_KEY')).with(references);
  throw invalid(`set LUTRA_SECRET_KEY (or LUTRA_SECRET_KEY_FILE) to ${keyBytes} random bytes: openssl rand -base64 ${keyBytes}`);
}

function keyOf(bytes: Buffer): Key {
  return { kid: createHash('sha256').update('lutra kid').update(bytes).digest('hex').slice(0, 8), bytes };
}

function stampOf(file: string): string {
  const { ino, mtimeMs, size } = statSync(file);
  return `${ino} ${mtimeMs} ${size}`;
}

function readKeyFile(file: string): { readonly text: string; readonly stamp: string } {
  try {
    const stamp = stampOf(file); // before: a change meanwhile is seen the next time
    return { stamp, text: readFileSync(file, 'utf8') };
  } catch (error) {
    throw invalid(`LUTRA_SECRET_KEY_FILE: ${file} cannot be read`, error);
  }
}

function decodeKeys(text: string, variable: string): [Buffer, ...Buffer[]] {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const [first, ...others] = lines.map((line) => decodeKey(line, variable));
  if (!first) throw invalid(`${variable} holds no key`);
  return [first, ...others];
}

function decodeKey(raw: string, variable: string): Buffer {
  const key = keyIn(raw.trim());
  if (key?.length === keyBytes) return key;
  throw invalid(`${variable} is not ${keyBytes} bytes in base64 or hex${key ? ` (${key.length} bytes of base64)` : ''}`);
}

/** Undefined: neither base64 nor hex. */
function keyIn(text: string): Buffer | undefined {
  if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, 'hex');
  return /^[A-Za-z0-9+/_-]+={0,2}$/.test(text) ? Buffer.from(text, 'base64') : undefined;
}

function invalid(message: string, cause?: unknown): SyncError {
  return new SyncError('CONFIG_INVALID', message, { cause });
}
