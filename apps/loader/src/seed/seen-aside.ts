/**
 * Both ways a table may have been put aside here (an answer `seed`). What applications had written to it is on its way to the source then.
 * A chunk that was read there before it arrived lacks it, and nothing else brings it here: the source has it as a copy. So such a chunk is
 * passed, and capture sends it again. The naive way takes it. Counter-example: an insert here just before the table is put aside, which
 * arrives at the source behind the chunk.
 *
 * What counts is the end of the target's own log at the first chunk that this process meets: later than needed, and the same for each
 * loader that comes after this one, without a trace.
 */
import { tableName } from '@lutra/model';
import type { Seen, TableName } from '@lutra/model';
import type { Peers } from '../conflict/detect/peers.js';

export interface SeenAsideOptions {
  readonly peers: Pick<Peers, 'ownEnd'>;
  /** By its name at the target. */
  wasPutAside(table: TableName): Promise<boolean>;
}

export class SeenAside {
  readonly #options: SeenAsideOptions;
  /** What a chunk must have seen; null: the table was not put aside. */
  readonly #ends = new Map<string, Seen | null>();

  constructor(options: SeenAsideOptions) {
    this.#options = options;
  }

  /** Nothing is to be seen before a chunk of it, as is known already. */
  isFree(target: TableName): boolean {
    return this.#ends.get(tableName(target)) === null;
  }

  /** @throws SyncError as Peers.ownEnd() */
  async covers(target: TableName, seen: Seen): Promise<boolean> {
    const key = tableName(target);
    let end = this.#ends.get(key);
    if (end === undefined) {
      end = (await this.#options.wasPutAside(target)) ? await this.#options.peers.ownEnd(seen) : null;
      this.#ends.set(key, end);
    }
    if (end === null) return true;
    const wanted = Object.entries(end);
    // The log was made anew: its end is asked for at the next chunk.
    if (wanted.some(([uid, { log }]) => seen[uid] && seen[uid].log !== log)) this.#ends.delete(key);
    return wanted.every(([uid, { log, seq }]) => seen[uid]?.log === log && seen[uid].seq >= seq);
  }
}
