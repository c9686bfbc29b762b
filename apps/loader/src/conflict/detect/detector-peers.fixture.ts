/**
 * What the conflict detector's tests say instead of a log: who changed what at the target, and the events of transactions that have seen
 * some of it.
 */
import type { Row, RowEvent, Seen, Suspension, TableName } from '@lutra/model';
import type { DetectorOptions } from './detector-options.js';
import { Drops } from '../drops/drops.js';
import type { Drop } from '../drops/drops.js';
import { RecentChanges } from './recent-changes.js';
import type { KeyValues } from './recent-changes.js';

type PeersUsed = DetectorOptions['peers'];

/** By what a region is in a test; the target's own log has this id. */
export const regions = { source: 'there', target: 'here', elsewhere: 'third' } as const;
export const logId = 'b3c7';

export function seenUpTo(seq: number): Seen {
  return { [regions.target]: { log: 'a1d9', seq } };
}

export class FakePeers implements PeersUsed {
  #recentChanges = new RecentChanges({ withRows: true });
  /** What happens while locks are held, before the index of recent changes is complete. */
  whileLocked: () => Promise<void> = async () => undefined;
  none = false;
  /** What the target's log leaves out since this seq. */
  out: { readonly name: string; readonly seq: number } | null = null;
  /** How often the index of recent changes had to be complete. */
  completed = 0;
  discarded: Seen | null = null;

  add(conflictKey: string, seq: number, key: KeyValues): void {
    this.#recentChanges.add(conflictKey, seq, key);
  }

  /** All that was changed so far was in a table that the source has dropped. */
  forget(): void {
    this.#recentChanges = new RecentChanges({ withRows: true });
  }

  async open(): Promise<void> {
    this.discarded = null;
  }

  get quiet(): boolean {
    return false;
  }

  async follow(): Promise<void> {}

  async caughtUp(): Promise<void> {}

  async complete(needed: boolean): Promise<void> {
    await this.whileLocked();
    if (needed) this.completed += 1;
  }

  changedAfter(conflictKey: string, seen: Seen): number | null {
    return this.#recentChanges.changedAfter(conflictKey, seqOf(seen));
  }

  changedSince(seen: Seen): Generator<string> {
    return this.#recentChanges.changedSince(seqOf(seen));
  }

  leftOut({ database, name }: TableName, seen: Seen): Suspension | null {
    if (this.out?.name !== name || this.out.seq <= seqOf(seen)) return null;
    return { database, name, code: 'COLUMN_UNSUPPORTED', message: 'no', where: 'f:4', at: 1 };
  }

  /** What the target's log says was dropped. */
  readonly drops = new Drops();

  get dropless(): boolean {
    return this.drops.none;
  }

  dropped(table: TableName, seen: Seen, isThere: boolean): readonly Drop[] {
    return this.drops.of(table, seqOf(seen), isThere);
  }

  async upToNow(): Promise<void> {}

  concurrentChanges(conflictKey: string, seen: Seen): readonly KeyValues[] {
    return this.#recentChanges.concurrentChanges(conflictKey, seqOf(seen));
  }

  changedHere(conflictKey: string, seen: Seen): boolean {
    return this.changedAfter(conflictKey, seen) !== null;
  }

  discard(seen: Seen): void {
    this.discarded = seen;
  }
}

function seqOf(seen: Seen): number {
  return seen[regions.target]?.seq ?? -1;
}

/** The last row event of a transaction. */
export function eventOf(images: { readonly before: Row | null; readonly after: Row | null }, of: { seq: number; seen: Seen }): RowEvent {
  const { before, after } = images;
  return {
    op: before === null ? 'c' : after === null ? 'd' : 'u',
    before,
    after,
    source: {
      version: '8',
      connector: 'mysql',
      name: 'a',
      db: 'd',
      table: 't',
      tsMs: 1,
      tsUs: 1000,
      serverId: 1,
      gtid: `u:${of.seq}`,
      file: 'f',
      pos: 4,
      event: 0,
      flags: 0,
      row: 0,
      origin: regions.source,
      path: [regions.source],
    },
    transaction: { id: `u:${of.seq}`, totalOrder: 1, last: true, seen: of.seen, session: null, end: { file: 'f', pos: 4 } },
    tsMs: 1,
  };
}
