/**
 * Rows of a table that is being seeded, moved to another key by transactions that the log does not carry (lutra.skip, copies).
 *
 * Counter-example without: the row p is still to be sent. Such a transaction makes q of it, which lies in a range that was sent before. p
 * is not there when it is read again, nobody reads q, and the row never comes.
 *
 * A chunk sends, beside its own rows, what was moved before it came to its first place; later only what was moved out of it. A row that was
 * sent under its old key is sent under the new one too: nobody knows any more that it was.
 */
import type { Row, RowImage } from '@lutra/model';
import { primaryConflictKey } from '@lutra/mysql';
import type { Keys } from '@lutra/mysql';
import { BeginsAnew } from './begins-anew.js';
import type { Candidate } from './touches.js';

interface Move {
  readonly before: Row;
  /** The primary key. */
  readonly after: Row;
}

/** Of one table, that no chunk has sent; and of all, which are kept until the table is done. */
export const mostMoves = 5_000;
const mostKept = 100_000;

export class Moved {
  #all: Move[] = [];
  readonly #sent = new Set<Move>();
  #isTooMany = false;

  add(primaryKey: readonly string[], images: readonly RowImage[]): void {
    for (const { before, after } of images) {
      if (before === null || after === null || this.#isTooMany) continue;
      const of = (row: Row): Row => Object.fromEntries(primaryKey.map((name) => [name, row[name] ?? null]));
      const move = { before: of(before), after: of(after) };
      if (text(move.before) !== text(move.after)) this.#all.push(move);
      this.#isTooMany = this.#all.length - this.#sent.size > mostMoves || this.#all.length > mostKept;
    }
  }

  /** @throws BeginsAnew */
  get waiting(): readonly Move[] {
    if (!this.#isTooMany) return this.#all.filter((move) => !this.#sent.has(move));
    throw new BeginsAnew(`transactions that the log does not carry have moved too many of its rows (${this.#all.length}) to other keys`);
  }

  sent(moves: Iterable<Move>): void {
    for (const move of moves) this.#sent.add(move);
  }

  /** What was sent may not have arrived. */
  resend(): void {
    this.#sent.clear();
  }

  /** All rows are to be read again. */
  forget(): void {
    this.#all = [];
    this.#sent.clear();
    this.#isTooMany = false;
  }
}

/** What one chunk takes of them. */
export class ChunkMoves {
  readonly #moved: Moved;
  readonly #keys: Keys;
  readonly #taken = new Set<Move>();
  /** Keys that were rows of the chunk at some time; of candidates that are known, and not looked at yet. */
  readonly #own = new Set<string>();
  #known: (readonly Candidate[])[] = [];
  #isFirst = true;

  constructor(moved: Moved, keys: Keys) {
    this.#moved = moved;
    this.#keys = keys;
  }

  /** Keys to read beside these. @throws BeginsAnew */
  take(candidates: readonly Candidate[]): readonly Row[] {
    this.#known.push(candidates);
    const { waiting } = this.#moved;
    if (waiting.length === 0) {
      this.#isFirst = false;
      return [];
    }
    const keyOf = (row: Row): string => primaryConflictKey(this.#keys, row) ?? '';
    const keysOf = (some: readonly Candidate[]): readonly string[] => some.map(({ key, row }) => keyOf(row ?? key));
    const there = new Set(keysOf(candidates));
    for (const key of this.#known.flatMap(keysOf)) this.#own.add(key);
    this.#known = [];
    const wanted = new Map<string, Row>();
    for (const move of waiting) {
      if (this.#taken.has(move) || !(this.#isFirst || this.#own.has(keyOf(move.before)))) continue;
      this.#taken.add(move);
      this.#own.add(keyOf(move.after));
      if (!there.has(keyOf(move.after))) wanted.set(keyOf(move.after), move.after);
    }
    this.#isFirst = false;
    return [...wanted.values()];
  }

  published(): void {
    this.#moved.sent(this.#taken);
  }
}

function text(key: Row): string {
  return JSON.stringify(Object.values(key), (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value));
}
