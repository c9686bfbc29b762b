/**
 * From a table map to the table's schema: the allowlist. A type, character set or table map that is not proven lossless is refused here,
 * before any row of the table is read.
 */
import { SyncError, tableName } from '@lutra/model';
import type { ColumnSchema, ColumnType, TableSchema } from '@lutra/model';
import { ByteReader } from './byte-reader.js';
import { metadataField, readBits, readCollations, readNames, readNumbers, readTableMap, readValueLists } from './table-map.js';
import type { TableMap, TableMapHead } from './table-map.js';
import { textDecoder } from './text.js';

/** What the server says of itself that a table map leaves open. */
export interface ServerFacts {
  readonly flavor: 'mysql' | 'mariadb';
  /** Collation id → character set. */
  readonly charsets: ReadonlyMap<number, string>;
}

type Family = 'number' | 'text' | 'enum' | 'set' | 'plain';

/** A column as far as its type and its type's data say. */
interface RawColumn {
  readonly family: Family;
  readonly type: ColumnType;
  readonly length?: number;
  readonly precision?: number;
  readonly scale?: number;
  /** Bytes of the length before a value (char, text, json), or of the value (enum, set). */
  readonly prefix?: number;
}

export interface Column extends ColumnSchema {
  readonly prefix?: number;
}

/** Names for messages about types that are not allowed. */
const refusedNames: Readonly<Record<number, string>> = {
  7: 'timestamp in the format before MySQL 5.6',
  11: 'time in the format before MySQL 5.6',
  12: 'datetime in the format before MySQL 5.6',
  140: 'compressed text or blob',
  141: 'compressed varchar or varbinary',
  242: 'vector',
  255: 'geometry',
};

const plainTypes: Readonly<Record<number, { family: Family; type: ColumnType }>> = {
  1: { family: 'number', type: 'tinyint' },
  2: { family: 'number', type: 'smallint' },
  3: { family: 'number', type: 'int' },
  8: { family: 'number', type: 'bigint' },
  9: { family: 'number', type: 'mediumint' },
  10: { family: 'plain', type: 'date' },
  13: { family: 'number', type: 'year' },
};

/** Reads what a type has in the table map; undefined for a type that is not on the allowlist. */
function readColumn(type: number, data: ByteReader): RawColumn | undefined {
  switch (type) {
    case 4:
    case 5:
      data.skip(1);
      return { family: 'number', type: type === 4 ? 'float' : 'double' };
    case 246:
      return { family: 'number', type: 'decimal', precision: data.u8(), scale: data.u8() };
    case 16: {
      const bits = data.u8();
      return { family: 'plain', type: 'bit', length: bits + 8 * data.u8() };
    }
    case 15: {
      const length = data.u16();
      return { family: 'text', type: 'varchar', length, prefix: length > 255 ? 2 : 1 };
    }
    case 254:
      return readString(data.u8(), data.u8());
    case 252:
      return { family: 'text', type: 'text', prefix: data.u8() };
    case 245:
      return { family: 'plain', type: 'json', prefix: data.u8() };
    case 17:
      return { family: 'plain', type: 'timestamp', scale: data.u8() };
    case 18:
      return { family: 'plain', type: 'datetime', scale: data.u8() };
    case 19:
      return { family: 'plain', type: 'time', scale: data.u8() };
    default:
      return plainTypes[type];
  }
}

/** CHAR, ENUM and SET share a type: the real one is in the first byte, together with two bits of CHAR's length, inverted. */
function readString(first: number, second: number): RawColumn | undefined {
  if (first === 247) return { family: 'enum', type: 'enum', prefix: second };
  if (first === 248) return { family: 'set', type: 'set', prefix: second };
  if ((first | 0x30) !== 254) return undefined;
  const length = (((first & 0x30) ^ 0x30) << 4) | second;
  return { family: 'text', type: 'char', length, prefix: length > 255 ? 2 : 1 };
}

export interface TableVersion {
  readonly schema: TableSchema;
  readonly columns: readonly Column[];
}

/** @throws SyncError SOURCE_SETTINGS, COLUMN_UNSUPPORTED, BINLOG_DECODE, BINLOG_UNSUPPORTED */
export function readTableVersion(head: TableMapHead, facts: ServerFacts): TableVersion {
  const map = readTableMap(head.version);
  const table = tableName(head);
  const encodedNames = map.fields.get(metadataField.columnName);
  if (encodedNames === undefined) {
    throw new SyncError('SOURCE_SETTINGS', `${table}: its rows were written without column names; set binlog_row_metadata=FULL`);
  }
  const names = readNames(encodedNames);
  if (names.length !== map.types.length)
    throw new SyncError('BINLOG_DECODE', `${table}: ${names.length} names of ${map.types.length} columns`);
  const raw = readRawColumns(map, (index) => `${table}.${names[index]}`);
  const columns = complete({ map, raw, names, table, facts });
  const schema: TableSchema = {
    database: head.database,
    name: head.name,
    columns: columns.map(({ prefix: _, ...column }) => column),
    primaryKey: readPrimaryKey(map).map((index) => columnAt(columns, index).name),
  };
  return { schema, columns };
}

function readRawColumns(map: TableMap, nameOf: (index: number) => string): RawColumn[] {
  const data = new ByteReader(map.typeData);
  const columns = map.types.map((type, index) => {
    const column = readColumn(type, data);
    if (column) return column;
    const name = refusedNames[type] ?? `type ${type}`;
    throw new SyncError('COLUMN_UNSUPPORTED', `${nameOf(index)}: columns of type ${name} are not supported`);
  });
  if (data.left > 0) throw new SyncError('BINLOG_DECODE', 'a table map with more type data than columns');
  return columns;
}

interface Parts {
  readonly map: TableMap;
  readonly raw: readonly RawColumn[];
  readonly names: readonly string[];
  readonly table: string;
  readonly facts: ServerFacts;
}

/** The optional metadata run over the columns of one family each, in their order: hence the queues. */
function complete({ map, raw, names, table, facts }: Parts): Column[] {
  const { fields } = map;
  const count = (...families: Family[]): number => raw.filter(({ family }) => families.includes(family)).length;
  const field = metadataField;
  const unsigned = readBits(fields.get(field.signedness), count('number'), 'the signs of its numbers').values();
  const texts = readCollations(fields.get(field.defaultCharset), fields.get(field.columnCharset), count('text')).values();
  const enumSetDefault = fields.get(field.enumSetDefaultCharset);
  const choices = readCollations(enumSetDefault, fields.get(field.enumSetColumnCharset), count('enum', 'set')).values();
  const enums = readValueLists(fields.get(field.enumValues), count('enum')).values();
  const sets = readValueLists(fields.get(field.setValues), count('set')).values();
  return raw.map((column, index) => {
    const name = names[index]!;
    const where = `${table}.${name}`;
    switch (column.family) {
      case 'number':
        return completeNumber(column, name, next(unsigned));
      case 'text':
        return completeText(column, name, { where, charset: charsetOf(next(texts), where, facts), flavor: facts.flavor });
      case 'enum':
      case 'set': {
        const charset = charsetOf(next(choices), where, facts);
        return completeChoice(column, name, { where, charset, values: next(column.family === 'enum' ? enums : sets) });
      }
      case 'plain':
        return completePlain(column, name);
    }
  });
}

function next<T>(queue: Iterator<T>): T {
  const { done, value } = queue.next();
  if (done === true) throw new RangeError('a table map whose metadata do not fit its columns');
  return value;
}

function completeNumber({ type, precision, scale }: RawColumn, name: string, unsigned: boolean): Column {
  if (type === 'float' || type === 'double' || type === 'year') return { name, type };
  return type === 'decimal' ? { name, type, unsigned, precision, scale } : { name, type, unsigned };
}

function completePlain({ type, length, scale, prefix }: RawColumn, name: string): Column {
  if (type === 'bit') return { name, type, length };
  if (type === 'json') return { name, type, prefix };
  return type === 'date' ? { name, type } : { name, type, scale };
}

const binaryTypes: Partial<Record<ColumnType, ColumnType>> = { char: 'binary', varchar: 'varbinary', text: 'blob' };

interface TextFacts {
  readonly where: string;
  readonly charset: string;
  readonly flavor: 'mysql' | 'mariadb';
}

function completeText({ type, length, prefix }: RawColumn, name: string, { where, charset, flavor }: TextFacts): Column {
  if (charset !== 'binary') {
    refuseCharset(where, charset);
    return type === 'text' ? { name, type, charset, prefix } : { name, type, length, charset, prefix };
  }
  const binaryType = binaryTypes[type]!;
  // MariaDB's UUID, INET4, INET6 and VECTOR look like these in the binlog
  if (flavor === 'mariadb' && binaryType !== 'blob') {
    const message = `${where}: on MariaDB, ${binaryType} columns cannot be told from uuid, inet4, inet6 and vector in the binlog`;
    throw new SyncError('COLUMN_UNSUPPORTED', message);
  }
  return binaryType === 'blob' ? { name, type: binaryType, prefix } : { name, type: binaryType, length, prefix };
}

interface ChoiceFacts {
  readonly where: string;
  readonly charset: string;
  readonly values: readonly Buffer[];
}

function completeChoice({ type, prefix }: RawColumn, name: string, { where, charset, values }: ChoiceFacts): Column {
  const decode = refuseCharset(where, charset);
  return { name, type, charset, values: values.map((value) => decode(value, where)), prefix };
}

function refuseCharset(where: string, charset: string): NonNullable<ReturnType<typeof textDecoder>> {
  const decode = textDecoder(charset);
  if (decode) return decode;
  throw new SyncError('COLUMN_UNSUPPORTED', `${where}: the character set ${charset} is not supported`);
}

function charsetOf(collation: number, where: string, facts: ServerFacts): string {
  const charset = facts.charsets.get(collation);
  if (charset === undefined) throw new SyncError('COLUMN_UNSUPPORTED', `${where}: collation ${collation} is not known to the server`);
  return charset;
}

/** Column numbers, in key order. The second form has a prefix length after each. */
function readPrimaryKey({ fields }: TableMap): number[] {
  const simple = fields.get(metadataField.simplePrimaryKey);
  if (simple !== undefined) return readNumbers(simple);
  const prefixed = fields.get(metadataField.prefixPrimaryKey);
  return prefixed === undefined ? [] : readNumbers(prefixed).filter((_, i) => i % 2 === 0);
}

function columnAt(columns: readonly Column[], index: number): Column {
  const column = columns[index];
  if (column === undefined) throw new SyncError('BINLOG_DECODE', 'a table map with a key over a column that it does not have');
  return column;
}
