/**
 * A record of a topic: its headers (the identity of the log) and its payload, either one row event or a control record.
 * Control records travel in the same topic, so their order against the rows is free.
 */
import type { DdlClause, DdlModify, DdlSession, DdlTable } from './ddl.js';
import type { RouteFingerprints } from './route.js';
import type { LogPosition, RowEvent, Seen } from './transaction.js';
import type { Position } from './position.js';
import type { Suspension } from './suspension.js';
import type { Row, TableSchema } from './table.js';

export const recordKinds = [
  'row',
  'epoch',
  'heartbeat',
  'routes',
  'ddl',
  'restart',
  'watermark',
  'resolution',
  'seed',
  'chunk',
  'barrier',
] as const;
export type RecordKind = (typeof recordKinds)[number];

/**
 * Kinds that a reader which does not know them passes by, counting their seq: they are marked in the log. Never one that changes rows,
 * routes or positions.
 */
export const skippableKinds: readonly RecordKind[] = ['barrier'];

/**
 * Headers of every record. `seq` counts the valid records of a log from 0 without a gap; an epoch record takes no seq of its own
 * (its writer has not read the tail yet) and carries −1.
 */
export interface RecordHeader {
  /** unknown: of a later level, and marked as one that may be passed by. */
  readonly kind: RecordKind | 'unknown';
  /** UUID made with the topic; '' on an epoch record, whose writer may not know it yet. */
  readonly log: string;
  readonly seq: number;
  readonly epoch: number;
}

/** Names of the Kafka headers; values are UTF-8 text. */
export const headerNames = {
  kind: 'lutra-kind',
  log: 'lutra-log',
  seq: 'lutra-seq',
  epoch: 'lutra-epoch',
  schema: 'lutra-schema',
  /** On control records only: Kafka Connect's predicates can ask whether a header is there, not what it says. */
  control: 'lutra-control',
  /** `1` on records that a reader which does not know their kind may pass by. */
  skip: 'lutra-skip',
} as const;

export type ControlRecord =
  /** A new leader: records of older epochs after this one are void; the transaction left open before it is void. */
  | { readonly kind: 'epoch'; readonly endpoint: string; readonly leader: string; readonly tsMs: number }
  /** Everything up to `position` has been read and published; rows may be none for a long time. */
  | {
      readonly kind: 'heartbeat';
      readonly endpoint: string;
      readonly position: Position;
      readonly seen: Seen;
      /**
       * So many resolutions of what lies behind `position` are in the log already: a new leader begins at the position of the one before
       * it.
       */
      readonly resolutions: number;
      /** Id of the last transaction behind `position` whose rows are in the log already; null: there is none. */
      readonly publishedThrough: string | null;
      readonly tsMs: number;
    }
  /** From here on the topic holds the tables that these patterns match: those of these pipelines' routes. */
  | {
      readonly kind: 'routes';
      readonly endpoint: string;
      readonly tables: readonly string[];
      readonly pipelines: RouteFingerprints;
      /** Of the same pipelines: uid → `<channel>.<pipeline>`, for people. */
      readonly names: Readonly<Record<string, string>>;
      /** Tables that they match and that are not in the topic from here on. Absent: none. Each `routes` record says all of them again. */
      readonly suspended?: readonly Suspension[] | undefined;
      /** Of the configuration that they are of, with the id of its write: a ZooKeeper that does not continue it is older or another. */
      readonly revision: number;
      readonly write: string;
      /** server_uuid of the source: positions behind the record were read from it. null: it has none. */
      readonly server: string | null;
      readonly tsMs: number;
    }
  /**
   * A schema change of the source, between two transactions: a transaction of its own. In this form since level 3; no build below it wrote
   * one.
   */
  | {
      readonly kind: 'ddl';
      readonly endpoint: string;
      /** The source's GTID, or `file:pos` of its begin; `/create` behind it for a CREATE … SELECT. The same if the record comes twice. */
      readonly id: string;
      /** The session's default database; '' if it had none. */
      readonly database: string;
      /** As the source ran it: the marks of executable comments are taken out. */
      readonly sql: string;
      /** Its kind, like 'ALTER TABLE'. */
      readonly statement: string;
      /** All that it names, in the order of the text. */
      readonly tables: readonly DdlTable[];
      /** Why the tables cannot be made out; null: they are all there. */
      readonly doubt: string | null;
      /** All that it does; null: it does something else too. */
      readonly clauses: readonly DdlClause[] | null;
      readonly session: DdlSession;
      readonly flavor: 'mysql' | 'mariadb';
      readonly version: string;
      /**
       * Rows that were written before it and behind it can live beside each other, so that it may run while both sides write, as far as
       * its text tells: if each of `modifies` only widens its column, and no column that it drops is a part of a key. Of what cannot be
       * made out: false.
       */
      readonly compatible: boolean;
      /** Columns that it defines anew; only where it is compatible. */
      readonly modifies: readonly DdlModify[];
      /** Where it was first run, and the regions that it has passed since. */
      readonly origin: string;
      readonly path: readonly string[];
      /** At this place. */
      readonly seen: Seen;
      /** Where it ends; of a CREATE … SELECT, where it begins. */
      readonly position: Position;
      readonly tsMs: number;
    }
  /**
   * An operator told capture to go on elsewhere in the source: what follows begins at `position`, which does not follow from what came
   * before.
   */
  | {
      readonly kind: 'restart';
      readonly endpoint: string;
      /** Of the order, so that it is carried out once. */
      readonly id: string;
      readonly position: Position;
      readonly seen: Seen;
      readonly reason: string;
      readonly tsMs: number;
    }
  /**
   * A pipeline that writes to the endpoint asked for it: all that was committed there before `token` was written stands before this record.
   */
  | {
      readonly kind: 'watermark';
      readonly endpoint: string;
      /** Its uid. */
      readonly pipeline: string;
      readonly token: string;
      readonly tsMs: number;
    }
  /** What a conflict made of a row in the home region. It replaces the row elsewhere unless that was changed there after `seen`. */
  | {
      readonly kind: 'resolution';
      readonly endpoint: string;
      /** Which pipeline's loader met the conflict: its uid. */
      readonly pipeline: string;
      /** Of that pipeline. It concerns all pipelines of the channel, those that are created later too. */
      readonly channel: string;
      /** In the names of the endpoint. */
      readonly database: string;
      readonly table: string;
      /** The columns of its primary key. */
      readonly key: Row;
      /** All columns but generated ones; null: the row is to be gone. */
      readonly row: Row | null;
      /** With the transaction that met the conflict. */
      readonly seen: Seen;
      readonly tsMs: number;
    }
  | SeedRecord
  | ChunkRecord
  | BarrierRecord;

export type DdlRecord = Extract<ControlRecord, { kind: 'ddl' }>;

/**
 * All that was committed at the endpoint up to the binlog position that somebody asked for stands before this record. These pipelines
 * commit what they have and save their checkpoint here, so that the row at the target proves it. Twice is harmless. Since level 5.
 */
export interface BarrierRecord {
  readonly kind: 'barrier';
  readonly endpoint: string;
  /** Of the order. */
  readonly id: string;
  /** Uids of the pipelines that are waited for. */
  readonly pipelines: readonly string[];
  readonly tsMs: number;
}

/** A table begins to be seeded, or no more of it comes. Since level 2. */
export interface SeedRecord {
  readonly kind: 'seed';
  readonly endpoint: string;
  /** Uids of the pipelines that the rows are for; others pass it by. */
  readonly pipelines: readonly string[];
  /** Id of the order. */
  readonly request: string;
  /** In the names of the endpoint. */
  readonly database: string;
  readonly table: string;
  /** end: each chunk of it is ticked off. */
  readonly phase: SeedPhase;
  /** What SHOW CREATE TABLE printed, where targets that lack the table may create it. Null: they may not. */
  readonly definition: string | null;
  /** Last keys of the parts of the table, but of its last part; none: it has one part. What a target has begun stays as it was. */
  readonly ends: readonly Row[];
  /** What a row costs that is there and differs: `source`, `target`, `stop`, or the region that wins. */
  readonly onExisting: string;
  readonly tsMs: number;
}

export const seedPhases = ['begin', 'end', 'cancel'] as const;
export type SeedPhase = (typeof seedPhases)[number];

/**
 * Rows of the source as they are at this place of the log. They follow at once as one transaction of its own whose id is `id`, with op `r`;
 * without rows nothing follows. If anything else follows, the record is void. Since level 2.
 */
export interface ChunkRecord {
  readonly kind: 'chunk';
  readonly endpoint: string;
  readonly pipelines: readonly string[];
  /** Of the transaction with its rows. */
  readonly id: string;
  readonly purpose: ChunkPurpose;
  /** Id of the order that asked for it; '' for an application. */
  readonly request: string;
  readonly database: string;
  readonly table: string;
  readonly part: ChunkPart | null;
  /** Primary keys that were asked for, whether their rows are there or not; none where `part` is not null. */
  readonly keys: readonly Row[];
  /** How many rows follow. */
  readonly rows: number;
  /** At this place. */
  readonly seen: Seen;
  readonly tsMs: number;
}

/** All rows whose keys are greater than `from` and not greater than `to`; null: no bound. A table has the parts 0, 1, …, each in order. */
export interface ChunkPart {
  readonly part: number;
  readonly from: Row | null;
  readonly to: Row | null;
}

/**
 * seed: written where missing, ticked off in lutra.seed · resync: the same for single rows · probe: compared, never written · repair:
 * replaces what is there, and what is gone here is deleted there; one way only · table: all rows of a table without a key, for an empty
 * one, ticked off together (since level 3)
 */
export const chunkPurposes = ['seed', 'resync', 'probe', 'repair', 'table'] as const;
export type ChunkPurpose = (typeof chunkPurposes)[number];

/** Of a kind that a later level added: nothing but its name is known, and its seq counts. */
export interface UnknownRecord {
  readonly kind: 'unknown';
  readonly name: string;
}

export type RecordBody = { readonly kind: 'row'; readonly table: TableSchema; readonly event: RowEvent } | ControlRecord | UnknownRecord;

/** A record as read from the topic. */
export interface LogRecord {
  readonly offset: number;
  readonly header: RecordHeader;
  readonly body: RecordBody;
}

export type { LogPosition };
