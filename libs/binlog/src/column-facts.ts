/**
 * What the table map's optional metadata, and the server, add to the types of its columns: sign, character set, values, kind of geometry,
 * length. What is not proven lossless is refused here, by column.
 */
import { ByteReader } from '@lutra/bytes';
import { geometryTypes, SyncError, tableName, untoldOnMariadb } from '@lutra/model';
import type { ColumnSchema, TableName, YearSign } from '@lutra/model';
import type { Family, RawColumn } from './column-type.js';
import { readSigns } from './signs.js';
import { metadataField, readCollations, readNumbers, readValueLists } from './table-map.js';
import type { TableMap } from './table-map.js';
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

export interface ColumnName extends TableName {
  readonly column: string;
}

export function refused(position: ColumnName, why: string): SyncError {
  const details = { database: position.database, table: position.name, column: position.column };
  return new SyncError('COLUMN_UNSUPPORTED', `${tableName(position)}.${position.column}: ${why}`, { details });
}

export type ColumnFacts = Omit<ColumnSchema, 'name'>;

/** The optional metadata run over the columns of one family each, in their order: hence the queues. */
interface Queues {
  readonly unsigned: Iterator<boolean>;
  /** Collations. */
  readonly texts: Iterator<number>;
  /** Of ENUM and SET together. */
  readonly choices: Iterator<number>;
  readonly enums: Iterator<readonly Buffer[]>;
  readonly sets: Iterator<readonly Buffer[]>;
  readonly geometries: Iterator<number>;
  readonly dimensions: Iterator<number>;
}

interface Placed extends ServerFacts {
  readonly positions: readonly ColumnName[];
}

function queuesOf({ fields }: TableMap, raw: readonly RawColumn[], server: Placed): Queues {
  const count = (...families: Family[]): number => raw.filter(({ family }) => families.includes(family)).length;
  const collations = (byDefault: number, each: number, columns: number): Iterator<number> =>
    readCollations(fields.get(byDefault), fields.get(each), columns).values();
  const field = metadataField;
  return {
    unsigned: signsOf(fields.get(field.signedness), raw, server),
    texts: collations(field.defaultCharset, field.columnCharset, count('text', asText(server))),
    choices: collations(field.enumSetDefaultCharset, field.enumSetColumnCharset, count('enum', 'set')),
    enums: readValueLists(fields.get(field.enumValues), count('enum')).values(),
    sets: readValueLists(fields.get(field.setValues), count('set')).values(),
    geometries: numbersOf(fields.get(field.geometryType), count('geometry')).values(),
    dimensions: numbersOf(fields.get(field.vectorDimension), count('vector')).values(),
  };
}

function signsOf(encoded: Buffer | undefined, raw: readonly RawColumn[], { yearSign, positions }: Placed): Iterator<boolean> {
  const numbers = raw.filter(({ family }) => family === 'number' || family === 'year');
  const isYear = numbers.map(({ family }) => family === 'year');
  const afterYear = (): ColumnName =>
    positions[raw.findIndex((column, i) => column.family === 'number' && raw.slice(0, i).some(({ family }) => family === 'year'))]!;
  return readSigns(encoded, { isYear, yearSign, refuse: (why) => refused(afterYear(), why) }).values();
}

/** Texts by another name: a vector to MySQL, a geometry to MariaDB. */
function asText({ flavor }: ServerFacts): Family {
  return flavor === 'mariadb' ? 'geometry' : 'vector';
}

/** What completes a column; to be called column after column. */
export function completion(
  map: TableMap,
  raw: readonly RawColumn[],
  server: Placed,
): (column: RawColumn, position: ColumnName) => ColumnFacts {
  const { unsigned, texts, choices, enums, sets, geometries, dimensions } = queuesOf(map, raw, server);
  const passText = (family: Family): void => {
    if (family === asText(server) && next(texts) !== binaryCollation)
      throw new SyncError('BINLOG_DECODE', `a table map whose ${family} is no text`);
  };
  const choice = (column: RawColumn, position: ColumnName, values: readonly Buffer[]): ColumnFacts =>
    completeChoice(column, { position, charset: charsetOf(next(choices), position, server), values });
  const byFamily: Readonly<Record<Family, (column: RawColumn, position: ColumnName) => ColumnFacts>> = {
    number: (column) => completeNumber(column, next(unsigned)),
    year: ({ type }) => ({ type }),
    text: (column, position) =>
      completeText(column, { position, charset: charsetOf(next(texts), position, server), flavor: server.flavor }),
    enum: (column, position) => choice(column, position, next(enums)),
    set: (column, position) => choice(column, position, next(sets)),
    geometry: ({ type }) => ({ type, geometry: geometryOf(next(geometries)) }),
    vector: ({ type }) => ({ type, length: 4 * next(dimensions) }),
    plain: ({ type, length, scale }) => ({ type, ...(length !== undefined && { length }), ...(scale !== undefined && { scale }) }),
  };
  return (column, position) => {
    passText(column.family);
    return byFamily[column.family](column, position);
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

function completeNumber({ type, precision, scale }: RawColumn, unsigned: boolean): ColumnFacts {
  if (type === 'float' || type === 'double') return { type };
  return type === 'decimal' ? { type, unsigned, precision, scale } : { type, unsigned };
}

interface TextFacts {
  readonly position: ColumnName;
  readonly charset: string;
  readonly flavor: 'mysql' | 'mariadb';
}

function completeText({ type, length }: RawColumn, { position, charset, flavor }: TextFacts): ColumnFacts {
  if (charset !== 'binary') {
    requireDecoder(position, charset);
    return type === 'text' ? { type, charset } : { type, length, charset };
  }
  if (type === 'text') return { type: 'blob' };
  const binaryType = type === 'char' ? 'binary' : 'varbinary';
  if (flavor === 'mariadb') throw refused(position, untoldOnMariadb(binaryType));
  return { type: binaryType, length };
}

interface ChoiceFacts {
  readonly position: ColumnName;
  readonly charset: string;
  readonly values: readonly Buffer[];
}

function completeChoice({ type }: RawColumn, { position, charset, values }: ChoiceFacts): ColumnFacts {
  const decode = requireDecoder(position, charset);
  const where = `${tableName(position)}.${position.column}`;
  return { type, charset, values: values.map((value) => decode(new ByteReader(value), value.length, where)) };
}

function requireDecoder(position: ColumnName, charset: string): TextDecoder {
  const decode = textDecoder(charset);
  if (decode) return decode;
  throw refused(position, `the character set ${charset} is not supported`);
}

function charsetOf(collation: number, position: ColumnName, { charsets }: ServerFacts): string {
  const charset = charsets.get(collation);
  if (charset !== undefined) return charset;
  throw refused(position, `its collation ${collation} is not known to the server`);
}
