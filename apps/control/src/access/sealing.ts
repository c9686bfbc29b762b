/**
 * Small values that a browser keeps for us: sealed (AES-256-GCM) with a key that is made from each key of the keyring for one purpose
 * alone. So any control opens what another one sealed, and a rotation of the keys takes them along.
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import type { Keyring } from '@lutra/registry';

const algorithm = 'aes-256-gcm';
const [ivBytes, tagBytes, keyBytes] = [12, 16, 32];
const form = /^([0-9a-f]{8})\.([A-Za-z0-9_-]{38,4000})$/;

/** As a cookie may hold it. `purpose`: what was sealed for another one does not open. */
export function sealValue(keyring: Keyring, purpose: string, value: unknown): string {
  const { kid, bytes } = keyring.first;
  const iv = randomBytes(ivBytes);
  const cipher = createCipheriv(algorithm, keyFor(bytes, purpose), iv, { authTagLength: tagBytes });
  const data = Buffer.concat([cipher.update(JSON.stringify(value), 'utf8'), cipher.final()]);
  return `${kid}.${Buffer.concat([iv, cipher.getAuthTag(), data]).toString('base64url')}`;
}

/** Undefined: it is none of ours, or the key is gone. */
export function openValue(keyring: Keyring, purpose: string, sealed: string): unknown {
  const [, kid = '', text = ''] = form.exec(sealed) ?? [];
  const key = keyring.find(kid);
  if (!key) return undefined;
  const bytes = Buffer.from(text, 'base64url');
  const decipher = createDecipheriv(algorithm, keyFor(key.bytes, purpose), bytes.subarray(0, ivBytes), { authTagLength: tagBytes });
  decipher.setAuthTag(bytes.subarray(ivBytes, ivBytes + tagBytes));
  try {
    const clear = Buffer.concat([decipher.update(bytes.subarray(ivBytes + tagBytes)), decipher.final()]);
    return JSON.parse(clear.toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}

function keyFor(bytes: Buffer, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', bytes, '', `lutra ${purpose}`, keyBytes));
}
