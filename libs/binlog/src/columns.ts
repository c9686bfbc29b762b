/**
 * From a table map to the table's schema. A type, character set or table map that is not proven lossless is refused here, before any row
 * of the table is read.
 */
import { geometryTypes, SyncError, tableName, untoldOnMariadb } from '@lutra/model';
import type { ColumnSchema, TableName, TableSchema, YearSign } from '@lutra/model';
import { ByteReader } from './byte-reader.js';
import { readColumnType, refusedName } from './column-type.js';
import type { Family, RawColumn } from './column-type.js';
import { readSigns } from './signs.js';
import { metadataField, readCollations, readNames, readNumbers, readTableMap, readValueLists } from './table-map.js';
import type { TableMap, TableMapHead } from './table-map.js';
import { textDecoder } from './text.js';
import type { TextDecoder } from './text.js';

/** What the server says of itself that a table map leaves open. */
export interface ServerFacts {
  readonly flavor: 'mysql' | 'mariadb';
  /** Collation id → character set. */
  readonly charsets: ReadonlyMap<number, string>;
  /** Of the server that wrote the file. */
  readonly yearSign: YearSign;
}

export interface Column {
  readonly schema: ColumnSchema;
  /** Bytes of the length before a value, or of an enum's or set's value; 0 for the other types. */
  readonly prefix: number;
}

export interface TableVersion {
  readonly schema: TableSchema;
  readonly columns: readonly Column[];
}

/** @throws SyncError SOURCE_SETTINGS, COLUMN_UNSUPPORTED, BINLOG_DECODE, BINLOG_UNSUPPORTED */
export function readTableVersion(head: TableMapHead, facts: ServerFacts): TableVersion {
  const map = readTableMap(head.version);
  const names = namesOf(map, tableName(head));
  const places = names.map((column): ColumnPlace => ({ database: head.database, name: head.name, column }));
  const raw = readRawColumns(map, places);
  const complete = completion(map, raw, { ...facts, places });
  const columns = raw.map((column, index) => {
    return { schema: { name: names[index]!, ...complete(column, places[index]!) }, prefix: column.prefix ?? 0 };
  });
  const schemas = columns.map(({ schema }) => schema);
  const primaryKey = readPrimaryKey(map).map((index) => nameAt(schemas, index));
  return { schema: { database: head.database, name: head.name, columns: schemas, primaryKey }, columns };
}

interface ColumnPlace extends TableName {
  readonly column: string;
}

function refused(place: ColumnPlace, why: string): SyncError {
  const details = { database: place.database, table: place.name, column: place.column };
  return new SyncError('COLUMN_UNSUPPORTED', `${tableName(place)}.${place.column}: ${why}`, { details });
}

function namesOf(map: TableMap, table: string): string[] {
  const encoded = map.fields.get(metadataField.columnName);
  if (encoded === undefined) {
    throw new SyncError('SOURCE_SETTINGS', `${table}: its rows were written without column names; set binlog_row_metadata=FULL`);
  }
  const names = readNames(encoded);
  if (names.length === map.types.length) return names;
  throw new SyncError('BINLOG_DECODE', `${table}: ${names.length} names of ${map.types.length} columns`);
}

function readRawColumns(map: TableMap, places: readonly ColumnPlace[]): RawColumn[] {
  const data = new ByteReader(map.typeData);
  const columns = map.types.map((type, index) => {
    const column = readColumnType(type, data);
    if (column) return column;
    throw refused(places[index]!, `columns of type ${refusedName(type)} are not supported`);
  });
  if (data.left > 0) throw new SyncError('BINLOG_DECODE', 'a table map with more type data than columns');
  return columns;
}

type Facts = Omit<ColumnSchema, 'name'>;

/** The optional metadata run over the columns of one family each, in their order: hence the queues. To be called column after column. */
function completion(
  { fields }: TableMap,
  raw: readonly RawColumn[],
  server: ServerFacts & { readonly places: readonly ColumnPlace[] },
): (column: RawColumn, place: ColumnPlace) => Facts {
  const count = (...families: Family[]): number => raw.filter(({ family }) => families.includes(family)).length;
  const collations = (byDefault: number, each: number, columns: number): Iterator<number> =>
    readCollations(fields.get(byDefault), fields.get(each), columns).values();
  const field = metadataField;
  const numbers = raw.filter(({ family }) => family === 'number' || family === 'year');
  const isYear = numbers.map(({ family }) => family === 'year');
  const afterYear = (): ColumnPlace =>
    server.places[raw.findIndex((column, i) => column.family === 'number' && raw.slice(0, i).some(({ family }) => family === 'year'))]!;
  const refuse = (why: string): SyncError => refused(afterYear(), why);
  const unsigned = readSigns(fields.get(field.signedness), { isYear, yearSign: server.yearSign, refuse }).values();
  // Both are texts by another name: a vector to MySQL, a geometry to MariaDB.
  const asText = server.flavor === 'mariadb' ? 'geometry' : 'vector';
  const texts = collations(field.defaultCharset, field.columnCharset, count('text', asText));
  const passText = (family: Family): void => {
    if (family === asText && next(texts) !== binaryCollation)
      throw new SyncError('BINLOG_DECODE', `a table map whose ${family} is no text`);
  };
  const choices = collations(field.enumSetDefaultCharset, field.enumSetColumnCharset, count('enum', 'set'));
  const enums = readValueLists(fields.get(field.enumValues), count('enum')).values();
  const sets = readValueLists(fields.get(field.setValues), count('set')).values();
  const geometries = numbersOf(fields.get(field.geometryType), count('geometry')).values();
  const dimensions = numbersOf(fields.get(field.vectorDimension), count('vector')).values();
  const byFamily: Readonly<Record<Family, (column: RawColumn, place: ColumnPlace) => Facts>> = {
    number: (column) => completeNumber(column, next(unsigned)),
    year: ({ type }) => ({ type }),
    text: (column, place) => completeText(column, { place, charset: charsetOf(next(texts), place, server), flavor: server.flavor }),
    enum: (column, place) => completeChoice(column, { place, charset: charsetOf(next(choices), place, server), values: next(enums) }),
    set: (column, place) => completeChoice(column, { place, charset: charsetOf(next(choices), place, server), values: next(sets) }),
    geometry: ({ type }) => ({ type, geometry: geometryOf(next(geometries)) }),
    vector: ({ type }) => ({ type, length: 4 * next(dimensions) }),
    plain: ({ type, length, scale }) => ({ type, ...(length !== undefined && { length }), ...(scale !== undefined && { scale }) }),
  };
  return (column, place) => {
    passText(column.family);
    return byFamily[column.family](column, place);
  };
}

function next<T>(queue: Iterator<T>): T {
  const { done, value } = queue.next();
  if (done === true) throw new RangeError('a table map whose metadata do not fit its columns');
  return value;
}

/** Of columns without a character set. */
const binaryCollation = 63;

function numbersOf(bytes: Buffer | undefined, columns: number): readonly number[] {
  const numbers = bytes === undefined ? [] : readNumbers(bytes);
  if (numbers.length === columns) return numbers;
  throw new SyncError('BINLOG_DECODE', 'a table map without the kinds of its geometry columns, or the lengths of its vectors');
}

function geometryOf(number: number): NonNullable<ColumnSchema['geometry']> {
  const type = geometryTypes[number];
  if (type !== undefined) return type;
  throw new SyncError('BINLOG_DECODE', `a table map with a geometry column of kind ${number}`);
}

function completeNumber({ type, precision, scale }: RawColumn, unsigned: boolean): Facts {
  if (type === 'float' || type === 'double') return { type };
  return type === 'decimal' ? { type, unsigned, precision, scale } : { type, unsigned };
}

interface TextFacts {
  readonly place: ColumnPlace;
  readonly charset: string;
  readonly flavor: 'mysql' | 'mariadb';
}

function completeText({ type, length }: RawColumn, { place, charset, flavor }: TextFacts): Facts {
  if (charset !== 'binary') {
    requireDecoder(place, charset);
    return type === 'text' ? { type, charset } : { type, length, charset };
  }
  if (type === 'text') return { type: 'blob' };
  const binaryType = type === 'char' ? 'binary' : 'varbinary';
  if (flavor === 'mariadb') throw refused(place, untoldOnMariadb(binaryType));
  return { type: binaryType, length };
}

interface ChoiceFacts {
  readonly place: ColumnPlace;
  readonly charset: string;
  readonly values: readonly Buffer[];
}

function completeChoice({ type }: RawColumn, { place, charset, values }: ChoiceFacts): Facts {
  const decode = requireDecoder(place, charset);
  const where = `${tableName(place)}.${place.column}`;
  return { type, charset, values: values.map((value) => decode(new ByteReader(value), value.length, where)) };
}

function requireDecoder(place: ColumnPlace, charset: string): TextDecoder {
  const decode = textDecoder(charset);
  if (decode) return decode;
  throw refused(place, `the character set ${charset} is not supported`);
}

function charsetOf(collation: number, place: ColumnPlace, { charsets }: ServerFacts): string {
  const charset = charsets.get(collation);
  if (charset !== undefined) return charset;
  throw refused(place, `its collation ${collation} is not known to the server`);
}

/** Column numbers, in key order. The second form has a prefix length after each. */
function readPrimaryKey({ fields }: TableMap): number[] {
  const simple = fields.get(metadataField.simplePrimaryKey);
  if (simple !== undefined) return readNumbers(simple);
  const prefixed = fields.get(metadataField.prefixPrimaryKey);
  return prefixed === undefined ? [] : readNumbers(prefixed).filter((_, i) => i % 2 === 0);
}

function nameAt(columns: readonly ColumnSchema[], index: number): string {
  const column = columns[index];
  if (column) return column.name;
  throw new SyncError('BINLOG_DECODE', 'a table map with a key over a column that it does not have');
}
