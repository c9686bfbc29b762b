/** A table of a server as information_schema describes it (target-table.ts reads it). */
import type { TableName } from '@lutra/model';
import type { ServerColumn } from '@lutra/rows';
import type { Computed } from './computed.js';

export type TargetColumn = ServerColumn;

export interface UniqueKey {
  readonly name: string;
  /** Empty string for an expression. */
  readonly columns: readonly string[];
  readonly nullable: boolean;
}

export type ForeignKeyRule = 'RESTRICT' | 'NO ACTION' | 'CASCADE' | 'SET NULL' | 'SET DEFAULT';

export interface ForeignKey {
  readonly name: string;
  readonly columns: readonly string[];
  readonly parent: TableName;
  readonly parentColumns: readonly string[];
  readonly onDelete: ForeignKeyRule;
  readonly onUpdate: ForeignKeyRule;
  /** The table references itself. */
  readonly self: boolean;
}

export interface TargetTable extends TableName {
  readonly engine: string;
  readonly columns: readonly TargetColumn[];
  readonly primaryKey: readonly string[];
  /** The index of `primaryKey`, where a unique key stands for it (keyed.ts); else PRIMARY. */
  readonly primaryIndex?: string;
  /** The primary key is not among them. In the order of the definition. */
  readonly uniqueKeys: readonly UniqueKey[];
  readonly foreignKeys: readonly ForeignKey[];
  /** A foreign key of some table, perhaps itself, points here. */
  readonly referenced: boolean;
  /** Foreign keys, its own or of tables that point here, that change child rows by themselves (CASCADE, SET NULL). */
  readonly cascades: readonly string[];
  /** Unique keys, the primary one included, that cover only the beginning of a column. */
  readonly prefixKeys: readonly string[];
  readonly triggers: number;
  /** Of these, the names of those that can change a row before it is written, and do not say what they do where `@lutra_apply` is set. */
  readonly unguardedTriggers: readonly string[];
  /** Of the others, the names of those that do not say so either: what they write to other tables is written for applied rows too. */
  readonly firingTriggers: readonly string[];
  /** Of an online tool that works on the table: they write to its shadow alone. Absent: none. */
  readonly toolTriggers?: number;
  /** What the server computes when a row is written. */
  readonly computed: readonly Computed[];
  /** A foreign key that points here changes rows of other tables: what they compute is computed with a row of this one. */
  readonly changesChildren: boolean;
  readonly server: TargetServer;
}

/** What a literal depends on. */
export interface TargetServer {
  readonly flavor: 'mysql' | 'mariadb';
  /** Literals of instants may have an offset to UTC (MySQL from 8.0.19 on). */
  readonly offsets: boolean;
  /** Its own zone; see systemZone(). */
  readonly systemZone: string;
}
