/**
 * Pages of conflicts that lie at several targets, newest first. Pure. Each target counts its own ids, so a page ends at one id for each:
 * that is the cursor. Within a target the order is that of the ids; between targets that of the times, as far as clocks agree. So nothing
 * comes twice, and nothing is left out.
 */
import { SyncError } from '@lutra/model';

/** Endpoint → the last id that was shown. */
export type Cursor = ReadonlyMap<string, number>;

export interface Found<T> {
  readonly target: string;
  /** Newest first, not more than were asked for. */
  readonly entries: readonly T[];
}

export interface Page<T> {
  readonly entries: readonly T[];
  readonly next: string | null;
}

interface Ordered {
  readonly id: number;
  readonly decidedAt: string;
}

/** @param from the cursor that was asked for @param limit how many of each target were asked for */
export function mergePages<T extends Ordered>(found: readonly Found<T>[], { from, limit }: { from: Cursor; limit: number }): Page<T> {
  const heads = found.map(({ target, entries }) => ({ target, entries, taken: 0 }));
  const page: T[] = [];
  while (page.length < limit) {
    const [newest] = heads
      .flatMap((head) => {
        const entry = head.entries[head.taken];
        return entry ? [{ head, entry }] : [];
      })
      .toSorted((a, b) => (a.entry.decidedAt > b.entry.decidedAt ? -1 : 1));
    if (!newest) break;
    newest.head.taken += 1;
    page.push(newest.entry);
  }
  const more = heads.some(({ entries, taken }) => taken < entries.length || entries.length === limit);
  if (!more) return { entries: page, next: null };
  const cursor = new Map(from);
  for (const { target, entries, taken } of heads) {
    const last = entries[taken - 1];
    if (last) cursor.set(target, last.id);
  }
  return { entries: page, next: [...cursor].map(([target, id]) => `${target}:${id}`).join(',') };
}

/** @param targets those of the pipeline that was asked for @throws SyncError CONFIG_INVALID */
export function parseCursor(text: string | undefined, targets: readonly string[]): Cursor {
  if (text === undefined) return new Map();
  const [only] = targets;
  if (/^\d{1,15}$/.test(text) && only !== undefined && targets.length === 1) return new Map([[only, Number(text)]]);
  const parts = text.split(',').map((part) => /^([a-z0-9-]+):(\d{1,15})$/.exec(part));
  if (parts.every((part) => part !== null)) return new Map(parts.map(([, target = '', id]) => [target, Number(id)]));
  throw new SyncError('CONFIG_INVALID', 'before: what "next" of a page gave; or an id, together with a pipeline');
}
