/** A file that is to be fetched: what the source region said of it. */
import type { LocalFile } from './local-bytes.js';

export interface FetchFile extends LocalFile {
  readonly region: string;
  readonly address: Address;
  /** Asks the region anew. Null: the path has other bytes now, or none. @throws SyncError */
  renew(signal: AbortSignal): Promise<Address | null>;
}

/** Where the very bytes are to be had. */
export interface Address {
  readonly url: string;
  /** For a pack, of this app. */
  readonly token: string;
  readonly app: string;
  /** By performance.now(). */
  readonly askedAt: number;
}

/** The region gives an address for an hour, which a download may take until it has begun. */
const freshMs = 30 * 60_000;

export function isFresh({ askedAt }: Address): boolean {
  return performance.now() - askedAt < freshMs;
}

/** changed: the path has other bytes now; ask anew · corrupt: they arrived, and are not those that were stated */
export class FetchFailure extends Error {
  readonly kind: 'changed' | 'corrupt';

  constructor(kind: 'changed' | 'corrupt', message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'FetchFailure';
    this.kind = kind;
  }
}

/** What is told of a file that is under way. */
export interface Progress {
  phase: 'asked' | 'hashing' | 'sending' | 'checking';
  size: number | null;
  done: number;
  bytesPerSecond: number;
}
