/**
 * The newest entries, up to a number and a size, whichever way they came: noted here, read in the topic, or made from the history. One that
 * comes twice is kept once. `floor` says from which offset of the topic on all of it is here; what lies before is read when it is asked
 * for.
 */
import { keyOf } from './entry.js';
import type { AuditEntry } from '@lutra/model';

/** The two documents of a change are kept as text: most are never looked at. */
export interface Kept {
  readonly entry: Omit<AuditEntry, 'change'>;
  readonly change: string | null;
  /** In the topic; Infinity: not seen there yet. */
  readonly offset: number;
}

export interface MemoryLimits {
  readonly entries: number;
  /** Of the JSON of all entries. */
  readonly bytes: number;
}

const usual: MemoryLimits = { entries: 50_000, bytes: 64 * 1024 * 1024 };
/** Of what is too much, removed at once, so that not each entry means a search for the oldest. */
const share = 0.1;

export class AuditMemory {
  readonly #limits: MemoryLimits;
  readonly #byKey = new Map<string, Kept>();
  #bytes = 0;
  #floor: number | null = null;
  #sorted: readonly Kept[] | null = null;

  constructor(limits: Partial<MemoryLimits> = {}) {
    this.#limits = { ...usual, ...limits };
  }

  /** null: nothing of the topic was read. */
  get floor(): number | null {
    return this.#floor;
  }

  get isFull(): boolean {
    return this.#byKey.size >= this.#limits.entries || this.#bytes >= this.#limits.bytes;
  }

  /** Newest first. */
  get newest(): readonly Kept[] {
    this.#sorted ??= [...this.#byKey.values()].sort(byTime);
    return this.#sorted;
  }

  add(entry: AuditEntry, offset = Infinity): void {
    const key = keyOf(entry);
    const known = this.#byKey.get(key);
    if (known && known.offset <= offset) return;
    const kept = keptOf(entry, offset);
    this.#byKey.set(key, kept);
    this.#bytes += sizeOf(kept) - (known ? sizeOf(known) : 0);
    this.#sorted = null;
    if (this.#byKey.size > this.#limits.entries || this.#bytes > this.#limits.bytes) this.#removeOldest();
  }

  /** All of the topic from `offset` on is here. */
  reaches(offset: number): void {
    this.#floor = offset;
  }

  /** Nothing is known of the topic any more: it may be another one. */
  forgetTopic(): void {
    this.#floor = null;
    for (const [key, kept] of this.#byKey) this.#byKey.set(key, { ...kept, offset: Infinity });
    this.#sorted = null;
  }

  #removeOldest(): void {
    const { entries, bytes } = this.#limits;
    for (const [key, kept] of [...this.#byKey].sort(([, a], [, b]) => byOffset(a, b))) {
      if (this.#byKey.size <= entries * (1 - share) && this.#bytes <= bytes * (1 - share)) return;
      this.#byKey.delete(key);
      this.#bytes -= sizeOf(kept);
      if (kept.offset < Infinity && this.#floor !== null) this.#floor = Math.max(this.#floor, kept.offset + 1);
    }
  }
}

export function keptOf({ change, ...entry }: AuditEntry, offset: number): Kept {
  return { entry, change: change && JSON.stringify(change), offset };
}

export function byTime({ entry: a }: Pick<Kept, 'entry'>, { entry: b }: Pick<Kept, 'entry'>): number {
  return b.at - a.at || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0);
}

/** What the topic has, in its order, before what it does not have yet. */
function byOffset(a: Kept, b: Kept): number {
  return a.offset === b.offset ? a.entry.at - b.entry.at : a.offset - b.offset;
}

function sizeOf({ entry, change }: Kept): number {
  return (
    200 +
    entry.id.length +
    entry.by.length +
    entry.request.length +
    entry.reason.length +
    (entry.subject?.length ?? 0) +
    (change?.length ?? 0)
  );
}
