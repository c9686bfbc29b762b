/**
 * What the binlog reader has met in a table while a chunk of it is under way, and what that makes of the chunk's rows at a place of the
 * log. Pure.
 *
 * A row that was read is what its last change before the read left, and it is what the next change says it was before. So a change in the
 * window is one of the row if and only if one of its images has exactly the row's primary key: no collation is asked. Of a key that has no
 * row there is no such image: for those the keys are compared as the server compares them (`prepare`).
 *
 * A row is dropped only if a transaction that the log carries to everybody has its primary key. Counter-examples: a transaction with
 * lutra.skip, or a copy, touched it: the log does not bring the row. Another row with one of its unique values was touched: the log brings
 * that one. Such rows are read again.
 */
import { isBefore } from '@lutra/binlog';
import type { FilePosition, Row, RowImage } from '@lutra/model';
import { askFor, primaryConflictKey, uniqueConflictKeys } from '@lutra/mysql';
import type { Keys } from '@lutra/mysql';

export interface Touch {
  /** Begin of its transaction. */
  readonly at: FilePosition;
  /** It goes to each pipeline that reads the table, as an ordinary change. */
  readonly published: boolean;
  /** Without the columns that are in no key. */
  readonly images: readonly Row[];
}

/** asked: no row has this key. */
export interface Candidate {
  readonly key: Row;
  readonly row: Row | null;
  /** Number of the first touch that counts for it. */
  readonly since: number;
}

export type Fate = 'stays' | 'dropped' | 'read again';

/** Keys of one window; a transaction with more makes the chunk too large for it. */
export const maxTouchedKeys = 50_000;

export class TouchWindow {
  readonly #columns: ReadonlySet<string>;
  readonly #touches: Touch[] = [];
  #keys = 0;
  #discarded: string | null = null;

  /** @param columns of the primary key and of unique keys */
  constructor(columns: Iterable<string>) {
    this.#columns = new Set(columns);
  }

  /** Why nothing that was read in it may be published; null: it may. */
  get discarded(): string | null {
    return this.#discarded;
  }

  get isTooLarge(): boolean {
    return this.#keys > maxTouchedKeys;
  }

  /** What comes from here on. */
  get mark(): number {
    return this.#touches.length;
  }

  /** The table is not what it was, or nobody knows what happened to it. */
  discard(why: string): void {
    this.#discarded ??= why;
    this.#touches.length = 0;
  }

  add(images: readonly RowImage[], { at, published }: Pick<Touch, 'at' | 'published'>): void {
    if (this.#discarded !== null) return;
    const rows = images.flatMap(({ before, after }) => [before, after].flatMap((row) => (row === null ? [] : [this.#cut(row)])));
    this.#keys += rows.length;
    if (this.isTooLarge) return this.discard('too many of its rows were changed meanwhile');
    this.#touches.push({ at, published, images: rows });
  }

  /** The first touch of a transaction behind this position. */
  firstFrom(position: FilePosition): number {
    const index = this.#touches.findIndex(({ at }) => !isBefore(at, position));
    return index === -1 ? this.mark : index;
  }

  /** Asks for what the server must say before fates() is called with such keys. */
  async prepare(keys: Keys, candidates: readonly Candidate[]): Promise<void> {
    if (this.#touches.length === 0) return;
    const images = this.#touches.flatMap((touch) => touch.images);
    await askFor([...images, ...candidates.map(({ key, row }) => row ?? key)].map((row) => [keys, row] as const));
  }

  /** In the order of the candidates. */
  fates(keys: Keys, candidates: readonly Candidate[]): readonly Fate[] {
    if (this.#touches.length === 0) return candidates.map(() => 'stays');
    const indexes = new Map<number, TouchedKeys>();
    return candidates.map(({ key, row, since }) => {
      let touched = indexes.get(since);
      if (!touched) indexes.set(since, (touched = touchedKeys(keys, this.#touches.slice(since))));
      const primary = primaryConflictKey(keys, row ?? key) ?? '';
      if (touched.published.has(primary)) return 'dropped';
      if (touched.other.has(primary)) return 'read again';
      const unique = row === null ? [] : uniqueConflictKeys(keys, row);
      return unique.some((one) => touched.unique.has(one)) ? 'read again' : 'stays';
    });
  }

  #cut(row: Row): Row {
    return Object.fromEntries(Object.entries(row).filter(([name]) => this.#columns.has(name)));
  }
}

interface TouchedKeys {
  /** Primary keys. */
  readonly published: ReadonlySet<string>;
  readonly other: ReadonlySet<string>;
  readonly unique: ReadonlySet<string>;
}

function touchedKeys(keys: Keys, touches: readonly Touch[]): TouchedKeys {
  const found = { published: new Set<string>(), other: new Set<string>(), unique: new Set<string>() };
  for (const { images, published } of touches)
    for (const row of images) {
      const primary = primaryConflictKey(keys, row);
      if (primary !== null) (published ? found.published : found.other).add(primary);
      for (const unique of uniqueConflictKeys(keys, row)) found.unique.add(unique);
    }
  return found;
}
