/** The words of keyless.ts: a table is how often it has each value. */

export type Value = 'a' | 'b';
export type Rows = Readonly<Record<Value, number>>;

/** Of one row with the value; there may be equal ones. */
export interface Change {
  readonly before: Value | null;
  readonly after: Value | null;
}

export type Logged =
  | ({ readonly kind: 'change' } & Change)
  | { readonly kind: 'begin' | 'end' }
  /** What changes meanwhile is in no log: the table has left the routes and comes back. */
  | { readonly kind: 'gap' }
  | { readonly kind: 'chunk'; readonly rows: Rows; readonly part: 0 | 1; readonly parts: 1 | 2 };

export interface KeylessRules {
  /** Of all rows and gaps, until the place; of rows alone; none: a consistent read. */
  readonly locks: 'all' | 'rows' | 'none';
  /** Changes before the chunk: passed over; applied, an update without its row written whole; applied where they fit. */
  readonly before: 'passed over' | 'written whole' | 'where they fit';
  /** Until the chunk is in, from the first change or only from the first one behind the beginning of the read. */
  readonly state: 'from the beginning' | 'none';
  /** A chunk where one is in already. */
  readonly again: 'passed over' | 'taken';
  /** Rows that are there when a chunk comes. */
  readonly there: 'refused' | 'kept';
  /** The tick: in the transaction of the rows, or before it. */
  readonly tick: 'with the rows' | 'before';
  /** Behind a rewind: what is before the place of the rows is passed over, by the place that is kept; what lies behind is refused. */
  readonly rewound: 'by the place' | 'applied';
  /** Of one chunk in two parts: it is in when the last one is, or the first one. */
  readonly parts: 'one' | 'each alone';
  /** A tick whose table was in no log for a while. */
  readonly gap: 'void' | 'stays';
}

export const keylessProtocol: KeylessRules = {
  locks: 'all',
  before: 'passed over',
  state: 'from the beginning',
  again: 'passed over',
  there: 'refused',
  tick: 'with the rows',
  rewound: 'by the place',
  parts: 'one',
  gap: 'void',
};

export interface KeylessCase {
  readonly rows: Rows;
  readonly writes: readonly Change[];
  /** Writes that the log does not carry (lutra.skip, copies), anywhere between them. */
  readonly unlogged: readonly Change[];
  /** Rows at the target. */
  readonly there: Rows;
  readonly kills: number;
  readonly rewinds: number;
  /** A person skips a chunk. */
  readonly skips: number;
  readonly gaps: number;
}

/** What capture has read and not published. */
export interface Reading {
  readonly rows: Rows;
  /** End of the binlog then. */
  readonly high: number;
}

export interface KeylessState {
  readonly rows: Rows;
  /** null: a write that the log does not carry. */
  readonly binlog: readonly (Change | null)[];
  readonly script: readonly Change[];
  readonly unlogged: readonly Change[];
  /** Up to where the binlog is in the log. */
  readonly read: number;
  readonly reading: Reading | null;
  readonly log: readonly Logged[];
  readonly here: Rows;
  /** Where in the log the rows that are in were read; null: none are. */
  readonly whole: number | null;
  readonly isBegun: boolean;
  readonly isDone: boolean;
  readonly applied: number;
  /** Applied before a rewind, up to here. */
  readonly before: number;
  /** Parts of a chunk, or its tick, that are in before the rest is. */
  readonly half: number;
  readonly refused: boolean;
  readonly kills: number;
  readonly rewinds: number;
  readonly skips: number;
  readonly gaps: number;
}

export const none: Rows = { a: 0, b: 0 };

export function isEmpty({ a, b }: Rows): boolean {
  return a === 0 && b === 0;
}

export function textOf({ a, b }: Rows): string {
  return `${a} a, ${b} b`;
}

/** Null: there is no such row. */
export function changed(rows: Rows, { before, after }: Change): Rows | null {
  if (before !== null && rows[before] === 0) return null;
  const less = before === null ? rows : { ...rows, [before]: rows[before] - 1 };
  return after === null ? less : { ...less, [after]: less[after] + 1 };
}

export function added(rows: Rows, more: Rows): Rows {
  return { a: rows.a + more.a, b: rows.b + more.b };
}
