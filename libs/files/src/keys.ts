/** The keys that all apps have (LUTRA_SECRET_KEY), and what is derived from them for files. */
import { hkdfSync } from 'node:crypto';

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
type Purpose = 'lutra files' | 'lutra files url' | 'lutra files ca';

export function derived({ bytes }: FilesKey, purpose: Purpose, length = 32): Buffer {
  return Buffer.from(hkdfSync('sha256', bytes, '', purpose, length));
}
