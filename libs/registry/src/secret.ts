/**
 * Secrets at rest: AES-256-GCM under a key that only the apps have. What a secret is for (which field of which document, to what server, as
 * whom, over what TLS) is authenticated with it: a document that was changed past control, or a sealed secret that was moved to another
 * one, does not open, so that nobody can have it sent to a server of his own. A reference is bound in the same way. No message ever holds
 * a key or a secret.
 */
import { createCipheriv, createDecipheriv, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { SyncError, randomId, referenceIn } from '@lutra/model';
import type { SealedSecret } from '@lutra/model';
import { keyBytes } from './keyring.js';
import type { Key, Keyring } from './keyring.js';

const algorithm = 'aes-256-gcm';
const ivBytes = 12;
const tagBytes = 16;

/** What a secret is for. */
export interface Purpose {
  readonly kind: 'endpoint' | 'region' | 'oidc';
  readonly name: string;
  /** The field that holds it: `password`. */
  readonly field: string;
  /** What decides to whom it goes, and how. JSON values, in an order of their own. */
  readonly to: Readonly<Record<string, unknown>>;
}

/** Under the keyring's first key. */
export function sealSecret(keyring: Keyring, input: string, purpose: Purpose): SealedSecret {
  return sealAs(keyring, { input, id: randomId() }, purpose);
}

function sealAs(keyring: Keyring, { input, id }: { readonly input: string; readonly id: string }, purpose: Purpose): SealedSecret {
  const ref = referenceIn(input);
  const sealed = seal(keyring.first, ref === undefined ? input : '', boundTo(purpose, { id, ref }));
  return { v: 2, kid: keyring.first.kid, id, ...(ref !== undefined && { ref }), ...sealed };
}

/** @throws SyncError SECRET_UNREADABLE: no such key, for another purpose, or damaged; SECRET_MISSING: a reference leads nowhere */
export function openSecret(keyring: Keyring, sealed: SealedSecret, purpose: Purpose): string {
  const newest = keyring.newest(sealed);
  const [text, ref] = [unsealed(keyring, newest, purpose), referenceOf(newest)];
  if (ref === undefined) return text;
  const found = keyring.references.resolve(ref);
  if (keyring.isKey(found)) throw unreadable(purpose, `${ref} is the secret key itself, which no server is told`);
  return found;
}

/** A secret where it is stored. */
export interface StoredSecret {
  readonly secret: SealedSecret;
  readonly purpose: Purpose;
}

/** That its key is there and it is for this purpose; a reference may lead nowhere here. @throws SyncError SECRET_UNREADABLE */
export function requireReadable(keyring: Keyring, { secret, purpose }: StoredSecret): void {
  unsealed(keyring, secret, purpose);
}

/** Whether a text, or a reference, is the one that is stored. What cannot be opened is another one. */
export function isStoredSecret(keyring: Keyring, { secret, purpose }: StoredSecret, input: string): boolean {
  const [stored, given] = [referenceOf(secret), referenceIn(input)];
  if (stored !== undefined || given !== undefined) return stored === given;
  try {
    const text = unsealed(keyring, secret, purpose);
    return timingSafeEqual(Buffer.from(digestOf(keyring, text)), Buffer.from(digestOf(keyring, input)));
  } catch {
    return false;
  }
}

/** Tells one secret from another without telling it: HMAC-SHA-256 under a key derived from the first one, hex. */
export function digestOf(keyring: Keyring, input: string): string {
  const key = createHmac('sha256', keyring.first.bytes).update('lutra digest of a secret').digest();
  return createHmac('sha256', key).update(input).digest('hex');
}

/** The same secret under the first key. A reference is not resolved. @throws SyncError SECRET_UNREADABLE */
export function resealed(keyring: Keyring, sealed: SealedSecret, purpose: Purpose): SealedSecret {
  const text = unsealed(keyring, sealed, purpose);
  return sealAs(keyring, { input: referenceOf(sealed) ?? text, id: 'v' in sealed ? sealed.id : randomId() }, purpose);
}

/** Undefined: it is sealed itself. */
export function referenceOf(sealed: SealedSecret): string | undefined {
  return 'v' in sealed ? sealed.ref : undefined;
}

/** The fields whose change needs the secret again. */
export function changedPurpose(before: Purpose, after: Purpose): readonly string[] {
  return Object.keys(before.to).filter((field) => JSON.stringify(before.to[field]) !== JSON.stringify(after.to[field]));
}

function unsealed(keyring: Keyring, sealed: SealedSecret, purpose: Purpose): string {
  if (!('v' in sealed)) throw unreadable(purpose, 'an earlier version stored it');
  const key = keyring.find(sealed.kid);
  if (!key) throw unreadable(purpose, `it is sealed with key ${sealed.kid}, which is not among ${keyring.kids.join(', ')}`);
  try {
    return open(key, sealed, boundTo(purpose, sealed));
  } catch (cause) {
    throw unreadable(purpose, `the ${purpose.kind} was changed past the REST API, or it is damaged`, cause);
  }
}

function boundTo({ kind, name, field, to }: Purpose, { id, ref }: { readonly id: string; readonly ref?: string | undefined }): Buffer {
  return Buffer.from(JSON.stringify([kind, name, field, id, ref ?? null, ...Object.values(to)]), 'utf8');
}

function seal(key: Key, clear: string, bound: Buffer): { readonly iv: string; readonly tag: string; readonly data: string } {
  const iv = randomBytes(ivBytes);
  const cipher = createCipheriv(algorithm, key.bytes, iv, { authTagLength: tagBytes });
  cipher.setAAD(bound);
  const data = Buffer.concat([cipher.update(clear, 'utf8'), cipher.final()]);
  return { iv: iv.toString('base64'), tag: cipher.getAuthTag().toString('base64'), data: data.toString('base64') };
}

/** @throws Error */
export function open(key: Key, sealed: SealedSecret, bound: Buffer): string {
  if (key.bytes.length !== keyBytes) throw new RangeError(`a key of ${key.bytes.length} bytes`);
  const decipher = createDecipheriv(algorithm, key.bytes, Buffer.from(sealed.iv, 'base64'), { authTagLength: tagBytes });
  decipher.setAAD(bound);
  decipher.setAuthTag(Buffer.from(sealed.tag, 'base64'));
  return Buffer.concat([decipher.update(Buffer.from(sealed.data, 'base64')), decipher.final()]).toString('utf8');
}

function unreadable({ kind, name, field }: Purpose, why: string, cause?: unknown): SyncError {
  return new SyncError('SECRET_UNREADABLE', `the stored ${field} of ${kind} ${name} cannot be opened: ${why}`, {
    cause,
    details: { name },
  });
}
