/** A table of a server as information_schema describes it (target-table.ts reads it). */
import type { ColumnType, GeometryType, TableName } from '@lutra/model';
import type { Computed } from './computed.js';

export interface TargetColumn {
  readonly name: string;
  /** 'other': not on the allowlist. */
  readonly type: ColumnType | 'other';
  /** As declared: `int unsigned`, `enum('a','b')`. */
  readonly columnType: string;
  /** Of an ENUM or SET that may not print as it is, if its server tells them. */
  readonly members?: readonly string[];
  readonly nullable: boolean;
  readonly hasDefault: boolean;
  readonly autoIncrement: boolean;
  readonly generated: boolean;
  /** As its server prints it; null: not generated. */
  readonly expression: string | null;
  /** ON UPDATE CURRENT_TIMESTAMP */
  readonly onUpdateTimestamp: boolean;
  readonly unsigned: boolean;
  readonly charset: string | null;
  readonly collation: string | null;
  /** Text and binary types: bytes; bit: bits. */
  readonly length: number | null;
  /** Text types: characters. */
  readonly characters: number | null;
  readonly precision: number | null;
  /** decimal: digits after the point; temporal types: fraction digits. */
  readonly scale: number | null;
  /** Null: no geometry. */
  readonly geometry: GeometryType | null;
  /** Of a geometry column that takes no other. */
  readonly srid: number | null;
}

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
