/**
 * What a log of another region tells: which of its records change something that this pipeline writes, the index of recent changes
 * (conflict key → seq of the last one, from some seq on, and the keys of the rows that were changed), and the tables that the log leaves
 * out. Pure but for keysOf(). The index discards from the old end, as far as what arrives has seen the log: entries stand in the order of
 * their seq, so that discarding looks at no entry twice.
 *
 * Why the keys of the rows: one conflict key can be of several rows. A unique value is given from row to row; and the text of a conflict
 * key is wider than some collations ('n' and 'N'). Counter-example without them: home changes row N, the other side row n. There N's change
 * is refused because of n's; at home n's change meets N's, but only n would be sent again.
 */
import { foldedName, tableName } from '@lutra/model';
import type { RecordBody, Row, Seen, Suspension, TableName, TableSchema, Value } from '@lutra/model';
import type { Keys } from '@lutra/mysql';

/** Values of a primary key, in key order. */
export type KeyValues = readonly Value[];

interface ConcurrentChange {
  readonly key: KeyValues;
  readonly text: string;
  readonly seq: number;
}

/** Of one conflict key that several rows have had, by their texts, oldest first. One that is hot may get a row with each change. */
class ConcurrentChanges {
  readonly #byText = new Map<string, ConcurrentChange>();
  /** Then those that are discarded are looked for. */
  #most = 8;

  add(change: ConcurrentChange, bound: number): void {
    this.#byText.delete(change.text);
    this.#byText.set(change.text, change);
    if (this.#byText.size <= this.#most) return;
    for (const [text, { seq }] of this.#byText) {
      if (seq > bound) break;
      this.#byText.delete(text);
    }
    // So that each is looked at twice at most.
    this.#most = Math.max(8, 2 * this.#byText.size);
  }

  after(seen: number): readonly KeyValues[] {
    const keys: KeyValues[] = [];
    for (const { key, seq } of this.#byText.values()) if (seq > seen) keys.push(key);
    return keys;
  }
}

export class RecentChanges {
  readonly #seqs = new Map<string, number>();
  /**
   * Of each conflict key, each row once; null: nobody will ask. An index of recent changes may be long, and this is most of it: nearly all
   * have one row.
   */
  readonly #concurrentChanges: Map<string, ConcurrentChange | ConcurrentChanges> | null;
  /** Changes up to it may be gone. */
  #bound = -1;

  /** `withRows`: at home, where concurrent changes are sent again. */
  constructor({ withRows }: { readonly withRows: boolean }) {
    this.#concurrentChanges = withRows ? new Map() : null;
  }

  add(conflictKey: string, seq: number, key: KeyValues): void {
    this.#seqs.delete(conflictKey);
    this.#seqs.set(conflictKey, seq);
    if (!this.#concurrentChanges) return;
    const change = { key, text: exactText(key), seq };
    const known = this.#concurrentChanges.get(conflictKey);
    if (known instanceof ConcurrentChanges) return known.add(change, this.#bound);
    if (!known || known.text === change.text || known.seq <= this.#bound) {
      this.#concurrentChanges.set(conflictKey, change);
      return;
    }
    const changes = new ConcurrentChanges();
    for (const each of [known, change]) changes.add(each, this.#bound);
    this.#concurrentChanges.set(conflictKey, changes);
  }

  /** The seq of its last change, if that is after `seen`. */
  changedAfter(conflictKey: string, seen: number): number | null {
    const seq = this.#seqs.get(conflictKey);
    return seq !== undefined && seq > seen ? seq : null;
  }

  /** The rows whose changes after `seen` had to do with it; none in an index of recent changes without rows. */
  concurrentChanges(conflictKey: string, seen: number): readonly KeyValues[] {
    const known = this.#concurrentChanges?.get(conflictKey);
    if (known instanceof ConcurrentChanges) return known.after(seen);
    return known && known.seq > seen ? [known.key] : [];
  }

  /** Every conflict key that was changed after `seen`. */
  *changedSince(seen: number): Generator<string> {
    for (const [conflictKey, seq] of this.#seqs) if (seq > seen) yield conflictKey;
  }

  /** Nobody will ask about changes up to `seen` any more. */
  discard(seen: number): void {
    this.#bound = Math.max(this.#bound, seen);
    for (const [conflictKey, seq] of this.#seqs) {
      if (seq > seen) return;
      this.#seqs.delete(conflictKey);
      this.#concurrentChanges?.delete(conflictKey);
    }
  }

  get size(): number {
    return this.#seqs.size;
  }
}

/** Exact where a conflict key is not. */
function exactText(key: KeyValues): string {
  return key.map((value) => (Buffer.isBuffer(value) ? value.toString('base64') : String(value))).join('\0');
}

/** Tables that a log leaves out: where it said so last. */
export class LeftOut {
  readonly #tables = new Map<string, { readonly seq: number; readonly table: Suspension }>();

  add(table: Suspension, seq: number): void {
    this.#tables.set(nameOf(table), { seq, table });
  }

  /** The table, if the log has said behind `seen` that it leaves it out, though it may hold it again. */
  of(table: TableName, seen: number): Suspension | null {
    const found = this.#tables.get(nameOf(table));
    return found && found.seq > seen ? found.table : null;
  }

  discard(seen: number): void {
    for (const [name, { seq }] of this.#tables) if (seq <= seen) this.#tables.delete(name);
  }

  /** It leaves out nothing that anybody could ask about. */
  get none(): boolean {
    return this.#tables.size === 0;
  }
}

/** The log has the server's names, the routes may have them in another case: of two tables one more is suspended at worst. */
function nameOf(table: TableName): string {
  return foldedName(tableName(table));
}

export interface PeerChangesOptions {
  /**
   * The source, and the regions that have an index of recent changes of their own: what was forwarded from there is no change of this log's
   * region.
   */
  readonly others: readonly string[];
  /** The keys of a table of that log, as the target has them; null: a table that this pipeline does not carry. */
  keysOf(table: TableSchema): Promise<Keys | null> | Keys | null;
  /** A change that had seen so much is of a table that the source has dropped behind that: the source leaves it out. */
  isGone(table: TableName, seen: Seen): Promise<boolean>;
  /** The same for a resolution, which names its table only. Null as well: it is of another channel, so nobody here takes it. */
  keysOfResolution(resolution: TableName & { readonly channel: string }): Promise<Keys | null>;
}

/** What was changed, and the keys by which it counts. */
export interface Changed {
  readonly keys: Keys;
  readonly images: readonly (Row | null)[];
}

export class PeerChanges {
  readonly #options: PeerChangesOptions;
  readonly #keys = new Map<TableSchema, Keys | null>();

  constructor(options: PeerChangesOptions) {
    this.#options = options;
  }

  /** Null: nothing that counts here. */
  async of(body: RecordBody): Promise<Changed | null> {
    switch (body.kind) {
      case 'row': {
        const { op, before, after } = body.event;
        // A row that was read is no change of anybody.
        if (op === 'r') return null;
        const { path } = body.event.source;
        if (isKnown(path, this.#options.others) || (await this.#options.isGone(body.table, body.event.transaction.seen))) return null;
        return changed(this.#keys.get(body.table) ?? (await this.#keysOf(body.table)), [before, after]);
      }
      case 'resolution': {
        const keys = await this.#options.keysOfResolution({ channel: body.channel, database: body.database, name: body.table });
        return changed(keys, [body.row ?? body.key]);
      }
      case 'watermark':
      case 'epoch':
      case 'heartbeat':
      case 'routes':
      case 'ddl':
      case 'restart':
      case 'seed':
      case 'chunk':
      case 'barrier':
      case 'unknown':
        return null;
    }
  }

  /** The target's definitions may be others: of a table that was not there, too. */
  forget(): void {
    this.#keys.clear();
  }

  async #keysOf(table: TableSchema): Promise<Keys | null> {
    const known = this.#keys.get(table);
    if (known !== undefined) return known;
    const keys = await this.#options.keysOf(table);
    this.#keys.set(table, keys);
    return keys;
  }
}

/**
 * A copy, of what the source knows anyway, or of what is in another index of recent changes. Counter-example, where three regions write to
 * each other and one forwards to a fourth: C has changed a row after A's change had come, and B's copy of that change, which C has never
 * seen, would be a conflict that home does not meet.
 */
export function isKnown(path: readonly string[], others: readonly string[]): boolean {
  return path.length > 1 && path.slice(0, -1).some((region) => others.includes(region));
}

function changed(keys: Keys | null, images: readonly (Row | null)[]): Changed | null {
  return keys && { keys, images };
}
