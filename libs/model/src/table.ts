/** What a table looks like, and what its values look like in memory. Filled from the binlog's own table map (row metadata FULL). */

export interface TableName {
  readonly database: string;
  readonly name: string;
}

/**
 * A value of a row in memory. One JS type per column type, never a lossy one:
 * - tinyint … int (signed or not), year: number · bigint: bigint · float, double: number · decimal: string
 * - char, varchar, text, enum, set, json: string (json: its text; enum, set: choice-text.ts) · binary, varbinary, blob, bit: Buffer (bit:
 *   big-endian, ceil(n/8) bytes)
 * - geometry: Buffer, as the server stores it: 4 bytes SRID (little-endian), then WKB · vector: Buffer, 4 bytes an entry (FLOAT,
 *   little-endian)
 * - date, time, datetime, timestamp: string, as the server prints it with time_zone '+00:00' and all declared fraction digits; zero dates
 *   included
 */
export type Value = null | number | bigint | string | Buffer;

/** Column name → value. Every column of the table is there (row image FULL). */
export type Row = Readonly<Record<string, Value>>;

export const columnTypes = [
  'tinyint',
  'smallint',
  'mediumint',
  'int',
  'bigint',
  'decimal',
  'float',
  'double',
  'year',
  'bit',
  'char',
  'varchar',
  'text',
  'binary',
  'varbinary',
  'blob',
  'enum',
  'set',
  'json',
  'date',
  'time',
  'datetime',
  'timestamp',
  'geometry',
  'vector',
] as const;

/** The allowlist: types that a test proves lossless against the server's own SELECT. text covers tinytext … longtext, blob likewise. */
export type ColumnType = (typeof columnTypes)[number];

/** In the order of their numbers in WKB, and in the table map. A `geometry` takes all of them. */
export const geometryTypes = [
  'geometry',
  'point',
  'linestring',
  'polygon',
  'multipoint',
  'multilinestring',
  'multipolygon',
  'geometrycollection',
] as const;

export type GeometryType = (typeof geometryTypes)[number];

export interface ColumnSchema {
  readonly name: string;
  readonly type: ColumnType;
  /** Whole-number and decimal types only. */
  readonly unsigned?: boolean;
  /** decimal: total digits */
  readonly precision?: number;
  /** decimal: digits after the point; time, datetime, timestamp: fraction digits 0–6 */
  readonly scale?: number;
  /** char, varchar, text, binary, varbinary, vector: maximum bytes; bit: bits */
  readonly length?: number;
  /** Text types: the character set's name. */
  readonly charset?: string;
  /** enum and set: the values, in order. */
  readonly values?: readonly string[];
  /** geometry: which of its types the column takes. */
  readonly geometry?: GeometryType;
}

/** One version of a table. Two row events of one table version share the same object, so that codecs can cache by identity. */
export interface TableSchema {
  readonly database: string;
  readonly name: string;
  readonly columns: readonly ColumnSchema[];
  /** Names of the primary key's columns in key order; empty if there is none. */
  readonly primaryKey: readonly string[];
}

/** `database.table`, for messages and maps. */
export function tableName(table: { readonly database: string; readonly name: string }): string {
  return `${table.database}.${table.name}`;
}

/** Of a key in a message: a key can be a text of any size. */
const maxKeyLength = 200;

/** `id=5, region=eu`: how messages name a row. Undefined for a table without primary key. */
export function rowKey({ primaryKey }: Pick<TableSchema, 'primaryKey'>, row: Row | null): string | undefined {
  if (!row || primaryKey.length === 0) return undefined;
  const text = primaryKey.map((name) => `${name}=${String(row[name])}`).join(', ');
  return text.length > maxKeyLength ? `${text.slice(0, maxKeyLength)}…` : text;
}
