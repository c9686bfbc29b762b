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

/** What a loader makes of `r` rows, and of changes while its table is being seeded (docs/decisions/0032-seeding.md). */
export interface SeedRules {
  /** To which changes after its `seen` an `r` row yields: of each index, of the target's own; or it is decided like a change. */
  readonly readYields: 'all' | 'own' | 'by policy';
  /** Whose row wins where an `r` row differs and nobody changed it: a region's, or always the one that comes or that is there. */
  readonly onExisting: RegionName | 'source' | 'target';
  /** Home sends a resolution record where it keeps its row. */
  readonly keptSent: boolean;
  /** An equal row writes nothing and a differing one is updated; or each is replaced: a delete and an insert in the binlog. */
  readonly readWrites: 'difference' | 'replace';
  /** A row that holds the unique value of an `r` row. */
  readonly holder: 'clash' | 'cleared';
  /** A row that yields for a unique value alone is read again. */
  readonly readAgain: boolean;
  /** A change of a missing row without a concurrent one: written whole for every pipeline, for the seeding one, or decided. */
  readonly whileSeeded: 'whole' | 'whole by the seeding pipeline' | 'decided';
  /** The same for a row that is listed as a clash, also when the seed has ended. */
  readonly listed: 'whole' | 'decided';
  /** A change of a differing row without a concurrent one, while being seeded by the side that wins: taken whole, or decided. */
  readonly whileSeededDiffers: 'taken' | 'decided';
  /** That there is no row is applied one way only, or both ways. */
  readonly tombstones: 'one way' | 'both ways';
  /** A seed ends when each row is applied and none is to be read again, or when all are published. */
  readonly seedEnds: 'when applied' | 'when published';
  /** Home reads when all others have been read and applied at home. */
  readonly seedOrder: 'away first' | 'any';
  /** `r` rows are a target transaction each, or merged with their neighbours like inserts. */
  readonly readsMerge: boolean;
}

/** How differences become equal (docs/decisions/0032-seeding.md, repair). */
export interface RepairRules {
  /** The entry in lutra.unequal: before anything else (of a hole: before the restart), or when the loader meets the repair in the log. */
  readonly raised: 'first' | 'in the log' | 'after the restart';
  /** It ends when probes behind the repair say that all is equal, or when the repair is sent. */
  readonly unequalEnds: 'when equal' | 'when sent';
  /** For a change of a row that differs: an entry of any pipeline counts if it is of a hole; or only one of its own. */
  readonly unequalDiffers: 'of a hole: any' | 'own';
  /** Two ways: an `r` row in the winner's log; or home's resolution record, and where home loses an ordinary change of its own. */
  readonly repairBy: 'r row' | 'home';
  /** By home: what is there must be what the difference shows. */
  readonly compared: boolean;
  /** While a region has an open entry it sends no `r` rows of the table itself; what it sent before has arrived before the first look. */
  readonly readsWait: boolean;
  /** After a hole: what the target changed since is left to a person. */
  readonly spared: boolean;
  readonly workerKills: number;
}

/** What the loaders and captures do. `protocol()` (protocol.ts) is the protocol; each naive rule changes one of these. */
export interface Rules extends SeedRules, RepairRules {
  readonly home: RegionName;
  /**
   * Which regions have pipelines to each other: all (a mesh, where nothing is forwarded), or these pairs, a tree; who has more than one
   * neighbour forwards.
   */
  readonly links: 'all' | readonly (readonly [RegionName, RegionName])[];
  /** Pipelines lead only from A to B to C. */
  readonly oneWay: boolean;
  /** Who decides for good: home; or, of any two neighbours, the one that is nearer to home, or that is one of these. */
  readonly lastWord: 'home' | 'nearer home' | readonly RegionName[];
  /**
   * Whose changes count in an index of recent changes that reads the target's log: all but those that came from the source, or what was
   * written at the target itself.
   */
  readonly ownRecentChanges: 'all but echoes' | 'written here' | 'everything';
  /** A checkpoint is written for what comes back and is passed over, too. */
  readonly echoes: 'unseen' | 'seen';
  readonly policy: Policy;
  /** How a loader decides that is not at home: by the policy, or in every possible way, each in an interleaving of its own. */
  readonly elsewhere: 'policy' | 'any';
  /** `before-image`: a conflict is only what differs from the before image. */
  readonly detect: 'recent-changes' | 'before-image';
  readonly resolutions: 'image' | 'read by capture' | 'read by loader' | 'none';
  /**
   * Rows that get a resolution: that the decision touched or refused to touch, or also those whose changes in the index of recent changes
   * made it a conflict.
   */
  readonly remedied: 'touched' | 'concurrentChanges';
  /** Of a concurrent change that moved a row: both its keys, or only the one that the change fights for. */
  readonly movedConcurrent: 'both keys' | 'shared key';
  /**
   * A primary-key update that meets a conflict: its deletion and its insertion are decided together, each by who changed that key; or each
   * alone, as though everybody who changed one of the two keys had changed both.
   */
  readonly moves: 'together' | 'each half';
  /** Whom a resolution may not overwrite: what was changed at the target, or also what the target applied from third regions. */
  readonly resolutionYields: 'own' | 'all';
  readonly resolutionsInIndex: boolean;
  /** Resolutions are for all neighbours, or only for the one whose change met the conflict, as where a hub has a channel for each. */
  readonly resolutionsFor: 'all' | 'one';
  /** Against what comes from whom a resolution counts as a change of the region that wrote it. */
  readonly resolutionsCount: 'against whom they are for' | 'against all';
  readonly watermark: boolean;
  readonly uniqueConflictKeys: boolean;
  readonly othersRecentChanges: boolean;
  readonly causalWait: boolean;
  /**
   * Elsewhere, a row that is not what the change says it was although nothing in the index of recent changes changed it: decided, or the
   * change is taken whole.
   */
  readonly mismatch: 'decide' | 'take';
  /**
   * `at once` leaves out interleavings that show nothing else: where loaders wait for their watermark, what is published late is as good as
   * read late. The naive rules about capture need `step`.
   */
  readonly capture: 'step' | 'at once';
  /** Source transactions that a target transaction may take at once. */
  readonly merge: number;
  /** Crashes of captures after which resolutions are published again, under new numbers. */
  readonly crashes: number;
  /**
   * What a capture that crashed behind the rows of a forwarded transaction loses of it; `nothing`: it reads it again. `reads`: `r` rows
   * that are not published; they and the last one that is are read once more.
   */
  readonly torn: 'nothing' | 'resolutions' | 'what was seen' | 'reads';
}
