/** A column as information_schema of its server describes it (target-table.ts in libs/mysql reads it). */
import type { ColumnType, GeometryType } from '@lutra/model';

export interface ServerColumn {
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
