/** The keys that all apps have (LUTRA_SECRET_KEY), and what is derived from them for files. */
import { createSecretKey, hkdfSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

export interface FilesKey {
  /** Tells keys apart; nothing follows from it. */
  readonly kid: string;
  readonly bytes: Buffer;
}

/** A keyring of @lutra/registry is one. Keys come and go while a process lives. */
export interface FilesKeys {
  /** The one that signs. */
  readonly first: FilesKey;
  readonly kids: readonly string[];
  find(kid: string): FilesKey | undefined;
}

/** What a key is used for: a text that one use signed is worth nothing in another one. */
type MacPurpose = 'lutra files' | 'lutra files url';
type Purpose = MacPurpose | 'lutra files ca';

/** Some thousand times a second. */
const known = new WeakMap<Buffer, Map<Purpose, Buffer>>();

export function derived({ bytes }: FilesKey, purpose: Purpose, length = 32): Buffer {
  const ofKey = known.get(bytes) ?? new Map<Purpose, Buffer>();
  known.set(bytes, ofKey);
  const key = ofKey.get(purpose) ?? Buffer.from(hkdfSync('sha256', bytes, '', purpose, length));
  ofKey.set(purpose, key);
  return key;
}

const knownForMac = new WeakMap<Buffer, KeyObject>();

/** For createHmac(), which takes five times as long with bytes (20 µs): several times for each file. */
export function macKey(key: FilesKey, purpose: MacPurpose): KeyObject {
  const bytes = derived(key, purpose);
  const known = knownForMac.get(bytes) ?? createSecretKey(bytes);
  knownForMac.set(bytes, known);
  return known;
}
