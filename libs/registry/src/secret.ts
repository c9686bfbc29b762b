/**
 * Passwords at rest: AES-256-GCM under a key that only the apps have. What a password is for (its endpoint's name, server, user, TLS) is
 * authenticated with it: a document that was changed past control, or a sealed password that was moved to another one, does not open, so
 * that nobody can have it sent to a server of his own. No message ever holds a key or a password.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { SyncError } from '@lutra/model';
import type { EndpointDocument, SealedSecret } from '@lutra/model';
import { keyBytes } from './keyring.js';
import type { Key, Keyring } from './keyring.js';

const algorithm = 'aes-256-gcm';
const ivBytes = 12;
const tagBytes = 16;

/** What decides to whom a password goes, and how. */
export type EndpointLogin = Pick<EndpointDocument, 'name' | 'host' | 'port' | 'user' | 'tls' | 'publicKey'>;

/** Under the keyring's first key. */
export function sealPassword(keyring: Keyring, clear: string, endpoint: EndpointLogin): SealedSecret {
  return seal(keyring.first, clear, boundTo(endpoint));
}

/** @throws SyncError SECRET_UNREADABLE: no such key, another server than it was sealed for, or damaged */
export function openPassword(keyring: Keyring, endpoint: EndpointLogin & Pick<EndpointDocument, 'password'>): string {
  const { name, password } = endpoint;
  if (!('v' in password)) throw unreadable(name, 'an earlier version stored it');
  const key = keyring.find(password.kid);
  if (!key) throw unreadable(name, `it is sealed with key ${password.kid}, which is not among ${keyring.kids.join(', ')}`);
  try {
    return open(key, password, boundTo(endpoint));
  } catch (cause) {
    throw unreadable(name, 'the endpoint was changed past the REST API, or it is damaged', cause);
  }
}

/** The fields whose change needs the password again. */
export function changedLogin(before: EndpointLogin, after: EndpointLogin): readonly string[] {
  const [old, now] = [fieldsOf(before), fieldsOf(after)];
  return Object.keys(old).filter((field) => JSON.stringify(old[field]) !== JSON.stringify(now[field]));
}

function fieldsOf({ host, port, user, tls, publicKey }: EndpointLogin): Readonly<Record<string, unknown>> {
  return { host, port, user, tls: tls ? [tls.ca ?? null, tls.verify] : null, publicKey: publicKey ?? null };
}

function boundTo(endpoint: EndpointLogin): Buffer {
  return Buffer.from(JSON.stringify(['endpoint', endpoint.name, ...Object.values(fieldsOf(endpoint))]), 'utf8');
}

export function seal(key: Key, clear: string, bound: Buffer): SealedSecret {
  const iv = randomBytes(ivBytes);
  const cipher = createCipheriv(algorithm, key.bytes, iv, { authTagLength: tagBytes });
  cipher.setAAD(bound);
  const data = Buffer.concat([cipher.update(clear, 'utf8'), cipher.final()]);
  return { v: 2, kid: key.kid, iv: iv.toString('base64'), tag: cipher.getAuthTag().toString('base64'), data: data.toString('base64') };
}

/** @throws Error */
export function open(key: Key, sealed: SealedSecret, bound: Buffer): string {
  if (key.bytes.length !== keyBytes) throw new RangeError(`a key of ${key.bytes.length} bytes`);
  const decipher = createDecipheriv(algorithm, key.bytes, Buffer.from(sealed.iv, 'base64'), { authTagLength: tagBytes });
  decipher.setAAD(bound);
  decipher.setAuthTag(Buffer.from(sealed.tag, 'base64'));
  return Buffer.concat([decipher.update(Buffer.from(sealed.data, 'base64')), decipher.final()]).toString('utf8');
}

function unreadable(name: string, why: string, cause?: unknown): SyncError {
  return new SyncError('SECRET_UNREADABLE', `the stored password of ${name} cannot be opened: ${why}`, { cause, details: { name } });
}
