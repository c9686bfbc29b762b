/**
 * The words of the model: a region with its rows, its log and what it has applied of the others' logs. Everything is data and never changed
 * in place, so that states share what they have in common. What is modelled and what is not: README.md.
 */

export interface Policy {
  readonly kind: 'stop' | 'home' | 'latest' | 'merge' | 'delta' | 'max' | 'min';
  /** `merge`, `delta`, `max`, `min`: who wins a column that both changed. */
  readonly sameColumn?: 'home' | 'latest';
  readonly deletes?: 'win' | 'lose';
}

export type RegionName = 'A' | 'B' | 'C' | 'D';
export type Key = string;

/** `u` is the value of a second unique key, `ver` the version column of policy `latest`, `n` a counter. */
export interface Row {
  readonly v: string;
  readonly ver: number;
  readonly n: number;
  readonly u: string | null;
}
export type Rows = Readonly<Record<Key, Row>>;

/** What is written to one row; before and after as in a row event. */
export interface Change {
  readonly key: Key;
  /** The row gets another primary key: `before` was under `key`, `after` is under this one. */
  readonly to?: Key;
  readonly before: Row | null;
  readonly after: Row | null;
}

/** For each other region: how many records of its log had been applied here. */
export type Seen = Readonly<Record<RegionName, number>>;

/** A record of a region's log. */
export interface LogPosition {
  readonly name: RegionName;
  readonly seq: number;
}

export type Entry =
  | {
      readonly kind: 'local';
      readonly changes: readonly Change[];
      readonly seen: Seen;
      /** The regions that it has passed before this log, the last one last: none for what was written here. */
      readonly path: readonly RegionName[];
      /** Where what it is a copy of was written. */
      readonly of: readonly LogPosition[];
    }
  | {
      readonly kind: 'resolution';
      readonly key: Key;
      readonly row: Row | null;
      readonly seen: Seen;
      /** The neighbour whose transaction met the conflict. */
      readonly from: RegionName;
      /** That transaction, where it was written. */
      readonly of: readonly LogPosition[];
    }
  | {
      /** An `r` row: the row as it is after all that stands before in this log; null: there is none. */
      readonly kind: 'read';
      /** Of a range, where what is not there is only passed; asked for by its key, where that is told; to be compared; of a repair. */
      readonly by: 'range' | 'key' | 'probe' | 'repair';
      readonly key: Key;
      readonly row: Row | null;
      readonly seen: Seen;
      readonly to: RegionName | 'all';
      readonly of: readonly LogPosition[];
    }
  | {
      /** The seed record: the targets of this log are being seeded from here on, or no longer. */
      readonly kind: 'seed';
      readonly phase: 'begin' | 'end';
      readonly seen: Seen;
      readonly to: RegionName | 'all';
      readonly of: readonly LogPosition[];
    };

/** A row that yielded for a unique value alone: `source` reads it again when it has applied all of `behind`. */
export interface Again {
  readonly source: RegionName;
  readonly key: Key;
  readonly behind: Seen;
}

export interface Unequal {
  readonly source: RegionName;
  readonly cause: 'repair' | 'hole';
}

export interface Region {
  readonly rows: Rows;
  /** Writes of the script that are done. */
  readonly written: number;
  /** In the binlog, not yet published. Transactions of loaders stand there too, but leave nothing in the log except resolutions. */
  readonly pending: readonly Entry[];
  /** Published; a record's seq is its index. */
  readonly log: readonly Entry[];
  /** The checkpoints of the pipelines that write here, by source. */
  readonly applied: Seen;
  /** As far as the binlog knows them: what is passed over writes no checkpoint. */
  readonly marked: Seen;
  /** Who is seeding this region's table: rows in the target's database. */
  readonly seeding: readonly RegionName[];
  /** Nobody knows that this region's table is as at these: open entries of lutra.unequal. */
  readonly unequal: readonly Unequal[];
  readonly again: readonly Again[];
  /** Keys of rows that were not written for a unique value, and of those that hold it: listed as differences. */
  readonly clashes: readonly Key[];
}

export interface World {
  readonly regions: Readonly<Partial<Record<RegionName, Region>>>;
  readonly crashesLeft: number;
  readonly worker?: Worker;
}

export interface Looked {
  /** As a probe answered; `sent`: a repair of it is on its way; `ready`: the other region was read again. */
  readonly outcome: 'asked' | 'equal' | 'in flight' | 'different' | 'ready' | 'sent';
  /** At the target and at the source of the pipeline that was verified. */
  readonly here: Row | null;
  readonly there: Row | null;
  /** Repairs of this very difference: after two it is left to a person. */
  readonly tries: number;
}

/** The worker that repairs. What it found is durable, in lutra.difference; where it is in its work is not. */
export interface Worker {
  readonly phase: 'look' | 'asked' | 'repair' | 'end' | 'done';
  readonly looked: Readonly<Record<Key, Looked>>;
  /** Left to a person. */
  readonly listed: readonly Key[];
  /** What the target had when a probe answered: what of it is in flight has to arrive at the source first. */
  readonly behind: Seen;
  readonly killsLeft: number;
  /** It replaced a row that it had not shown to anybody. */
  readonly overwrote: boolean;
}

/**
 * One statement. An update or a move of a row that is missing, an insert or a move to where a row is, and a unique value that is taken
 * write nothing.
 */
export type Statement =
  | { readonly do: 'insert'; readonly key: Key; readonly row: Partial<Row> }
  | { readonly do: 'update'; readonly key: Key; readonly set?: Partial<Row>; readonly add?: number }
  | { readonly do: 'move'; readonly key: Key; readonly to: Key; readonly set?: Partial<Row> }
  | { readonly do: 'delete'; readonly key: Key }
  | SeedStatement;

/** What is no write of an application; alone in its `Write`. */
export type SeedStatement =
  /** Capture publishes the row as it is here: what its watermarks are for (watermark.ts). */
  | { readonly do: 'read'; readonly key: Key; readonly by?: 'key' | 'repair'; readonly to?: RegionName }
  | { readonly do: 'begin' | 'end'; readonly to?: RegionName }
  /** A resolution record: with the row as it is under its lock, or with an image that was read before. */
  | { readonly do: 'repair'; readonly key: Key; readonly image?: Row | null }
  /** A write that is in no log: it was purged, or changed behind the binlog's back. */
  | { readonly do: 'lost'; readonly write: Write }
  /** Capture goes on behind a hole; what follows is in the log. */
  | { readonly do: 'restart' };

/** What a person orders: rows that a verification of source → target found become as the winner's. */
export interface RepairCase extends Pick<Unequal, 'cause'> {
  readonly source: RegionName;
  readonly target: RegionName;
  readonly winner: RegionName;
  readonly keys: readonly Key[];
  /** All regions that the winner's log goes to are repaired, not the other end alone. */
  readonly to?: 'all';
}

/** A transaction of an application. */
export type Write = readonly Statement[];

export interface Case {
  readonly start: Rows;
  /** Regions that begin with other rows. What is lost then is counted, not wrong: home decided about a difference. */
  readonly starts?: Readonly<Partial<Record<RegionName, Rows>>>;
  readonly scripts: Readonly<Partial<Record<RegionName, readonly Write[]>>>;
  /** What regions begin with besides: who is seeding them, what is listed. */
  readonly at?: Readonly<Partial<Record<RegionName, Partial<Pick<Region, 'seeding' | 'unequal' | 'again' | 'clashes'>>>>>;
  readonly repair?: RepairCase;
  /** Rows that must be there at the end, as they are here or at all. */
  readonly wanted?: Readonly<Record<Key, Row | 'any'>>;
}
