/**
 * Who may ask a files app: whoever has one of the keys. A request is signed with its method, path, body and the moment at which it ends;
 * what it says is checked before a byte of its body is read. The body then has to be the one that was signed.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { SyncError } from '@lutra/model';
import { macKey } from './keys.js';
import type { FilesKeys } from './keys.js';

/** Clocks may differ by the rest of what is accepted. */
const validMs = 4 * 60_000;
const acceptedMs = 5 * 60_000;

const pattern = /^Lutra (\d{1,15})\.([0-9a-f]{8})\.([0-9a-f]{64})\.([A-Za-z0-9_-]{43})$/;

export interface Signed {
  readonly method: string;
  readonly path: string;
}

/** The value of the header Authorization. */
export function signRequest(keys: FilesKeys, { method, path }: Signed, body: Buffer): string {
  const { first } = keys;
  const expires = Date.now() + validMs;
  const hash = bodyHash(body);
  return `Lutra ${expires}.${first.kid}.${hash}.${macOf(macKey(first, 'lutra files'), [method, path, hash, expires]).toString('base64url')}`;
}

/**
 * The hash that the body must have: bodyHash().
 * @throws SyncError FILES_REFUSED
 */
export function checkRequest(keys: FilesKeys, { method, path }: Signed, header: string | undefined): string {
  const [, expires = '', kid = '', hash = '', mac = ''] = pattern.exec(header ?? '') ?? [];
  const key = keys.find(kid);
  const right = key && macOf(macKey(key, 'lutra files'), [method, path, hash, Number(expires)]);
  if (!right || !timingSafeEqual(right, Buffer.from(mac, 'base64url')))
    throw new SyncError('FILES_REFUSED', 'the request is not signed with a key that this files app has');
  const left = Number(expires) - Date.now();
  if (left < 0 || left > acceptedMs)
    throw new SyncError('FILES_REFUSED', 'the request was signed at another time than now: compare the clocks of both machines', {
      details: { leftMs: left },
    });
  return hash;
}

export function bodyHash(body: Buffer): string {
  return createHash('sha256').update(body).digest('hex');
}

function macOf(key: KeyObject, parts: readonly (string | number)[]): Buffer {
  return createHmac('sha256', key).update(parts.join('\n')).digest();
}
