/**
 * Passwords at rest: AES-256-GCM under a key that only the apps have. The name of what the password belongs to is authenticated with it, so that a
 * sealed password cannot be moved to another document. No message ever holds a key or a password.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { SyncError } from '@lutra/model';
import type { SealedSecret } from '@lutra/model';

const algorithm = 'aes-256-gcm';
const keyBytes = 32;
const ivBytes = 12;
const tagBytes = 16;

/** `name` is bound to the secret: it opens under this name only. @throws SyncError CONFIG_INVALID for a key of another length */
export function sealSecret(key: Buffer, clear: string, name: string): SealedSecret {
  if (key.length !== keyBytes) throw new SyncError('CONFIG_INVALID', `the secret key has ${key.length} bytes, not ${keyBytes}`);
  const iv = randomBytes(ivBytes);
  const cipher = createCipheriv(algorithm, key, iv, { authTagLength: tagBytes });
  cipher.setAAD(Buffer.from(name, 'utf8'));
  const data = Buffer.concat([cipher.update(clear, 'utf8'), cipher.final()]);
  return { alg: algorithm, iv: iv.toString('base64'), tag: cipher.getAuthTag().toString('base64'), data: data.toString('base64') };
}

/** @throws SyncError SECRET_UNREADABLE: another key, another name, or damaged */
export function openSecret(key: Buffer, sealed: SealedSecret, name: string): string {
  try {
    const decipher = createDecipheriv(algorithm, key, Buffer.from(sealed.iv, 'base64'), { authTagLength: tagBytes });
    decipher.setAAD(Buffer.from(name, 'utf8'));
    decipher.setAuthTag(Buffer.from(sealed.tag, 'base64'));
    return Buffer.concat([decipher.update(Buffer.from(sealed.data, 'base64')), decipher.final()]).toString('utf8');
  } catch (error) {
    throw new SyncError('SECRET_UNREADABLE', `the stored password of ${name} cannot be decrypted`, { cause: error, details: { name } });
  }
}

/**
 * LUTRA_SECRET_KEY, or the text of the file that LUTRA_SECRET_KEY_FILE names: 32 bytes in base64 or hex.
 * @throws SyncError CONFIG_INVALID when missing, given twice or of another length
 */
export function loadSecretKey(env: Readonly<Record<string, string | undefined>>): Buffer {
  // An empty variable is what a compose file passes on when nobody set it.
  const text = env['LUTRA_SECRET_KEY'] || undefined;
  const file = env['LUTRA_SECRET_KEY_FILE'] || undefined;
  if (text !== undefined && file !== undefined) throw invalid('LUTRA_SECRET_KEY and LUTRA_SECRET_KEY_FILE are both set; keep one');
  if (text !== undefined) return decodeKey(text, 'LUTRA_SECRET_KEY');
  if (file !== undefined) return decodeKey(readKeyFile(file), 'LUTRA_SECRET_KEY_FILE');
  throw invalid(`set LUTRA_SECRET_KEY (or LUTRA_SECRET_KEY_FILE) to ${keyBytes} random bytes: openssl rand -base64 ${keyBytes}`);
}

function readKeyFile(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw invalid(`LUTRA_SECRET_KEY_FILE: ${file} cannot be read`, error);
  }
}

function decodeKey(raw: string, variable: string): Buffer {
  const text = raw.trim();
  if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, 'hex');
  const key = /^[A-Za-z0-9+/_-]+={0,2}$/.test(text) ? Buffer.from(text, 'base64') : undefined;
  if (key?.length === keyBytes) return key;
  throw invalid(`${variable} is not ${keyBytes} bytes in base64 or hex${key ? ` (${key.length} bytes of base64)` : ''}`);
}

function invalid(message: string, cause?: unknown): SyncError {
  return new SyncError('CONFIG_INVALID', message, { cause });
}
