/** The allowlist of column types: what a type has in the table map, and which of them we read. */
import type { ByteReader } from '@lutra/bytes';
import type { ColumnType } from '@lutra/model';

/** What the optional metadata of the table map tells of a column: sign, character set, values, kind of geometry, length, or nothing. */
export type Family = 'number' | 'year' | 'text' | 'enum' | 'set' | 'geometry' | 'vector' | 'plain';

/** A column as far as its type and its type's data say. Text types are told from binary ones by their character set only. */
export interface RawColumn {
  readonly family: Family;
  readonly type: ColumnType;
  readonly length?: number;
  readonly precision?: number;
  readonly scale?: number;
  /** Bytes of the length before a value (char, text, json, geometry, vector), or of the value itself (enum, set). */
  readonly prefix?: number;
}

/** For messages about types that are not allowed. */
const refusedNames: Readonly<Record<number, string>> = {
  7: 'timestamp in the format before MySQL 5.6',
  11: 'time in the format before MySQL 5.6',
  12: 'datetime in the format before MySQL 5.6',
  140: 'compressed text or blob',
  141: 'compressed varchar or varbinary',
};

export function refusedName(type: number): string {
  return refusedNames[type] ?? `number ${type}`;
}

/** Undefined for a type that is not on the allowlist. Numbers: enum_field_types of MySQL. */
export function readColumnType(type: number, data: ByteReader): RawColumn | undefined {
  return columnTypes[type]?.(data);
}

type TypeReader = (data: ByteReader) => RawColumn | undefined;

const columnTypes: Readonly<Record<number, TypeReader>> = {
  1: () => ({ family: 'number', type: 'tinyint' }),
  2: () => ({ family: 'number', type: 'smallint' }),
  3: () => ({ family: 'number', type: 'int' }),
  4: (data) => floating(data, 'float', 4),
  5: (data) => floating(data, 'double', 8),
  8: () => ({ family: 'number', type: 'bigint' }),
  9: () => ({ family: 'number', type: 'mediumint' }),
  10: () => ({ family: 'plain', type: 'date' }),
  13: () => ({ family: 'year', type: 'year' }),
  15: (data) => sized('varchar', data.u16()),
  16: (data) => ({ family: 'plain', type: 'bit', length: data.u8() + 8 * data.u8() }),
  17: (data) => ({ family: 'plain', type: 'timestamp', scale: data.u8() }),
  18: (data) => ({ family: 'plain', type: 'datetime', scale: data.u8() }),
  19: (data) => ({ family: 'plain', type: 'time', scale: data.u8() }),
  242: (data) => ({ family: 'vector', type: 'vector', prefix: data.u8() }),
  245: (data) => ({ family: 'plain', type: 'json', prefix: data.u8() }),
  246: (data) => ({ family: 'number', type: 'decimal', precision: data.u8(), scale: data.u8() }),
  252: (data) => ({ family: 'text', type: 'text', prefix: data.u8() }),
  254: (data) => charOrChoice(data.u8(), data.u8()),
  255: (data) => ({ family: 'geometry', type: 'geometry', prefix: data.u8() }),
};

function floating(data: ByteReader, type: 'float' | 'double', size: number): RawColumn {
  if (data.u8() !== size) throw new RangeError(`a ${type} that has not ${size} bytes`);
  return { family: 'number', type };
}

function sized(type: 'char' | 'varchar', length: number): RawColumn {
  return { family: 'text', type, length, prefix: length > 255 ? 2 : 1 };
}

/** CHAR, ENUM and SET share a type: the real one is in the first byte, together with two bits of CHAR's length, inverted. */
function charOrChoice(first: number, second: number): RawColumn | undefined {
  if (first === 247) return { family: 'enum', type: 'enum', prefix: second };
  if (first === 248) return { family: 'set', type: 'set', prefix: second };
  if ((first | 0x30) !== 254) return undefined;
  return sized('char', (((first & 0x30) ^ 0x30) << 4) | second);
}
