/**
 * What stands in a URL of a files app, so that whoever got the URL may read that very thing and nothing else, for an hour. Text in
 * base64url: no path stands in clear in a URL, thus in no log.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { SyncError } from '@lutra/model';
import { macKey } from './keys.js';
import type { FilesKeys } from './keys.js';

const validMs = 3_600_000;
const macBytes = 32;

/** Of a file with these bytes, as it was when they were hashed. */
export interface BlobToken {
  readonly kind: 'blob';
  readonly root: string;
  readonly path: string;
  /** Its version in the trash, not the one at the path. */
  readonly trash?: true;
  /** dev, ino, size, mtimeNs, ctimeNs */
  readonly stamp: Stamp;
  readonly sha256: string;
}

/** Of a list that the app keeps. */
export interface PackToken {
  readonly kind: 'pack';
  readonly id: string;
}

export type Stamp = readonly [dev: string, ino: string, size: string, mtimeNs: string, ctimeNs: string];

type Token = BlobToken | PackToken;

export function sealToken(keys: FilesKeys, token: Token): string {
  const { first } = keys;
  const text = Buffer.from(JSON.stringify({ ...token, kid: first.kid, expires: Date.now() + validMs }));
  return Buffer.concat([mac(macKey(first, 'lutra files url'), text), text]).toString('base64url');
}

/**
 * Null: it has expired.
 * @throws SyncError FILES_REFUSED: nobody with a key has made it
 */
export function openToken<K extends Token['kind']>(keys: FilesKeys, text: string, kind: K): Extract<Token, { kind: K }> | null {
  const bytes = Buffer.from(text, 'base64url');
  const [found, body] = [bytes.subarray(0, macBytes), bytes.subarray(macBytes)];
  for (const kid of keys.kids) {
    const key = keys.find(kid);
    if (!key || found.length !== macBytes || !timingSafeEqual(mac(macKey(key, 'lutra files url'), body), found)) continue;
    const { expires, kid: _, ...token } = JSON.parse(body.toString()) as Token & { readonly kid: string; readonly expires: number };
    if (token.kind !== kind) break;
    return expires < Date.now() ? null : (token as Extract<Token, { kind: K }>);
  }
  throw new SyncError('FILES_REFUSED', 'the URL is not one that a files app with a key of ours has made');
}

function mac(key: KeyObject, body: Buffer): Buffer {
  return createHmac('sha256', key).update(body).digest();
}
