/**
 * All that Lutra knows of a column type: how it stands in the binlog, in Avro and in SQL, and when two of its values are one. types/ has
 * one file for each family of types; types.ts is the map, and does not compile until a type is complete.
 *
 * Whatever a rule makes for a column is made once per table version or statement plan (table-version.ts), never per value. A codec that is
 * compiled to code is made at the same places: it takes a column, and gives what reads or writes its values.
 */
import { type ColumnSchema, type ColumnType, type LargeValue, SyncError, type Value } from '@lutra/model';
import type { ByteReader, ByteWriter } from '@lutra/bytes';
import type { Compared, LiteralForm, Writer } from './sql.js';
import type { ServerColumn } from './server-column.js';
import type { SqlValue } from './staged-sql.js';

/** What holds for all values of a type, for those that ask for a property and not for the type. */
export type Kind =
  | 'whole'
  /** Digits, exact. */
  | 'decimal'
  | 'floating'
  /** A date, a time, a year: ordered, and some clock gives it. */
  | 'clock'
  /** ENUM, SET: one of a list, or some. */
  | 'choice'
  /** A few bits, as bytes. */
  | 'bits'
  /** May be so large that a value is sent beside its statement. */
  | 'text'
  | 'bytes'
  | 'document';

export interface TypeRules {
  readonly kind: Kind;
  /** As what a value may reach largeValueBytes, so that rows must be asked for such values; null: no value does. */
  readonly large: 'text' | 'bytes' | null;
  readonly binlog: BinlogRules;
  /** @throws SyncError INTERNAL if the column lacks what its type needs */
  readonly avro: (column: ColumnSchema) => ColumnCodec;
  readonly compiled: CompiledRules;
  readonly sql: SqlRules;
  readonly values: ValueRules;
  readonly server: ServerRules;
}

// Binlog

export interface BinlogRules {
  /** The forms in which servers write it. Text types are told from binary ones by their character set only: those have no forms. */
  readonly forms: readonly WireForm[];
  readonly complete: (raw: RawColumn, told: Told) => ColumnFacts;
  /** @param where table and column, for messages */
  readonly reader: (column: WireColumn, where: string) => ValueReader;
}

export interface WireForm {
  /** enum_field_types of MySQL. Types that share a number are told apart by its data. */
  readonly number: number;
  /** Of its data in the table map. */
  readonly bytes: 0 | 1 | 2;
  /** Null: the data are of another type with this number. A text: what it is, of a form that is not read. */
  readonly column: string | ((data: Buffer) => RawColumn | null);
}

/** Which optional metadata of the table map tell of a column. They run over its columns of one kind each, in their order. */
export type Metadata = 'number' | 'year' | 'text' | 'enum' | 'set' | 'geometry' | 'vector' | 'none';

/** A column as far as its type's number and data say. */
export interface RawColumn {
  readonly metadata: Metadata;
  readonly type: ColumnType;
  readonly length?: number;
  readonly precision?: number;
  readonly scale?: number;
  /** Bytes of the length before a value (char, text, json, geometry, vector), or of the value itself (enum, set). */
  readonly prefix?: number;
}

/** What the table map's metadata, and the server, add to a column; each where its `metadata` says so. */
export interface Told {
  readonly flavor: 'mysql' | 'mariadb';
  readonly unsigned?: boolean;
  readonly charset?: string;
  /** Of ENUM and SET. */
  readonly members?: readonly Buffer[];
  /** The number of a geometry's kind; a vector's dimensions. */
  readonly number?: number;
  /** Table and column, for messages. */
  readonly where: string;
  /** SyncError COLUMN_UNSUPPORTED with the column's name. */
  readonly refuse: (why: string) => SyncError;
}

export type ColumnFacts = Omit<ColumnSchema, 'name'>;

export interface WireColumn {
  readonly schema: ColumnSchema;
  readonly raw: Pick<RawColumn, 'prefix'>;
}

/** Gives a LargeValue where making the value takes long. */
export type ValueReader = (image: ByteReader) => Value | LargeValue;

export function need(value: number | undefined): number {
  if (value === undefined) throw new RangeError('a column without its size');
  return value;
}

// Avro: lossless; what is not of the column's type or range is refused on both sides, without naming the value.

export type AvroType = { readonly type: string } & Readonly<Record<string, unknown>>;

export interface ColumnCodec {
  /** The Avro type without Lutra's properties. */
  readonly avro: AvroType;
  /** @throws SyncError INTERNAL (another JS type) or VALUE_UNSUPPORTED (out of range) */
  readonly write: (output: ByteWriter, value: Value) => void;
  /** @throws SyncError RECORD_INVALID */
  readonly read: (input: ByteReader) => Exclude<Value, null> | LargeValue;
}

export function wrongType(column: ColumnSchema, value: Value | undefined): SyncError {
  return new SyncError('INTERNAL', `a ${value instanceof Uint8Array ? 'Buffer' : typeof value} is no value of ${column.type}`);
}

export function outOfRange(column: ColumnSchema): SyncError {
  return new SyncError('VALUE_UNSUPPORTED', `the value is out of range of ${column.type}`);
}

// Compiled: the same bytes as by `binlog` and `avro`, without an object or a text a value (docs/decisions/0038-compiled-codec.md).

export interface CompiledRules {
  /** From a row image into Avro. */
  readonly toAvro: (column: WireColumn) => ToAvro;
  /** How a value stands in Avro, and whether the codec of objects would take it. */
  readonly fromAvro: (column: ColumnSchema) => FromAvro;
  /**
   * From Avro into SQL, in our own session, as `sql.stored` writes it.
   * @param column as it is written: character set, members and length are the target's
   */
  readonly toSql: (column: ColumnSchema) => ToSql;
}

/**
 * How long a value is in a row image, and the code that writes it. Code has numbers in it and names of functions (compiled/image-code.ts),
 * never a name or a text of a table.
 */
export interface ToAvro {
  /** Bytes of a value in a row image, or of the length before it. */
  readonly size: number | { readonly prefix: 1 | 2 | 3 | 4 };
  /** In Avro it takes at most so many times the bytes of the image, and so many beside; with more, the row is written by objects. */
  readonly times: number;
  readonly plus: number;
  readonly constant?: unknown;
  /**
   * A statement: reads from `src` and `sv`, its view, and writes to `b` and `d`, its view, at `p`, which it moves. What it throws sends the
   * row to the codec of objects, which says what is wrong or writes it.
   */
  readonly code: (names: ValueNames) => string;
}

/** Code as in ToAvro (compiled/row-code.ts). */
export interface FromAvro {
  /** A varint, a length and bytes, or so many bytes. */
  readonly layout: 'varint' | 'sized' | 4 | 8;
  readonly constant?: unknown;
  /** An expression: of a varint, whose bytes end before `n`, where it ends, or −1; else a condition. */
  readonly check: (names: AvroNames) => string;
}

export interface ToSql {
  /** A literal takes at most four times the bytes of its value, and so many beside. */
  readonly plus: number;
  readonly constant?: unknown;
  /**
   * A statement: reads from `src` and `sv`, its view, and writes to `b` and `d`, its view, at `p`, which it moves; or makes it −1: the row
   * is for the codec of objects.
   */
  readonly code: (names: AvroNames & { readonly start: string }) => string;
}

/** Where a value of `n` bytes is; `start`: where its length is. `k`: the column's constant. */
export interface AvroNames {
  readonly at: string;
  readonly n: string;
  readonly k: string;
}

/** Where a value is: names of variables, and of the column's constant. */
export interface ValueNames {
  /** From here on, of `n` bytes where a length stands before it. */
  readonly s: string;
  readonly n: string;
  readonly k: string;
}

// SQL

export interface SqlRules {
  /** What is written. A value that could be stored as another one without an error has no literal. */
  readonly stored: (column: ColumnSchema, form: LiteralForm) => Writer;
  /** What the column is compared with: the same, but for values that no text finds. */
  readonly compared: (column: ColumnSchema, form: LiteralForm) => Writer;
  /** Condition that holds for exactly this value in every session, where `=` does not say so; null: it does. */
  readonly inAnySession: (column: ServerColumn, literal: (value: string) => string) => ((value: string) => string) | null;
  /** Condition that holds for exactly this value, of a column of a table without primary key: `same` where `<=>` says no more. */
  readonly exactly: (column: Compared) => Condition;
  /**
   * What the server is asked for, so that nothing is lost on the way.
   * @param column an ENUM's or SET's values are those of the table that is read, in its order
   */
  readonly selected: (column: ColumnSchema, quoted: string) => string;
  /** `key IN (…)` compares exactly and by the index. A key of another type is found by `=`, which is slower and as exact. */
  readonly inList: boolean;
}

/** @param text the value's literal, or what stands for it. @param same `column <=> literal`, or what says so in every session */
export type Condition = (value: SqlValue, text: string, same: string) => string;

/** Of most types: a literal serves for all. */
export function plainSql(stored: SqlRules['stored'], inList = false): SqlRules {
  return {
    stored,
    compared: stored,
    inAnySession: () => null,
    exactly: () => (_value, _text, same) => same,
    selected: (_column, quoted) => quoted,
    inList,
  };
}

// Values

export type Found = string | number | bigint | Buffer;

export interface ValueRules {
  /** What a SELECT through our session gave, as a row event of the source carries it. */
  readonly found: (column: ColumnSchema, found: Found) => Exclude<Value, null>;
  /** The same text for values that the target stores as the same, and for no others. */
  readonly storedForm: (value: Exclude<Value, null>) => string;
  /** The target stores the same for both: as equal stored forms say, or sooner. */
  readonly same: (a: Exclude<Value, null>, b: Exclude<Value, null>) => boolean;
  /** Of values that a key takes for one, one text, on whichever side it was written; a collation says more about texts. */
  readonly keyText: (target: ServerColumn | undefined) => (value: Exclude<Value, null>) => string;
}

export function sameBy(storedForm: ValueRules['storedForm']): Pick<ValueRules, 'storedForm' | 'same'> {
  return { storedForm, same: (a, b) => Object.is(a, b) || storedForm(a) === storedForm(b) };
}

// The server's definition

export interface ServerRules {
  /** DATA_TYPE of information_schema, in lower case. */
  readonly names: readonly string[];
  /** Why capture refuses the rows of such a column, told before the first one; null: it does not. */
  readonly refused: (column: ServerColumn, flavor: 'mysql' | 'mariadb') => string | null;
  /** Why the target's column cannot hold what the source's holds, to the byte; null: it can. */
  readonly difference: (source: ColumnSchema, target: ServerColumn) => string | null;
}

export function never(): null {
  return null;
}

/** Types must be the same. @param smaller why a column of the same type cannot hold it */
export function sameType(smaller: ServerRules['difference'] = never): ServerRules['difference'] {
  return (source, target) => (source.type === target.type ? smaller(source, target) : `is ${target.columnType} instead of ${source.type}`);
}
