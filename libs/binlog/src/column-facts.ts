/**
 * What the table map's optional metadata, and the server, tell of its columns: sign, character set, values, kind of geometry, length.
 * What is not proven lossless is refused, by column.
 */
import { SyncError, tableName } from '@lutra/model';
import type { TableName, YearSign } from '@lutra/model';
import type { ColumnFacts, Metadata, RawColumn, Told } from '@lutra/rows';
import { rulesOf } from '@lutra/rows';
import { readSigns } from './signs.js';
import { metadataField, readCollations, readNumbers, readValueLists } from './table-map.js';
import type { TableMap } from './table-map.js';

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

/** The optional metadata run over the columns of one kind each, in their order: hence the queues. */
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
  const count = (...kinds: Metadata[]): number => raw.filter(({ metadata }) => kinds.includes(metadata)).length;
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
  const numbers = raw.filter(({ metadata }) => metadata === 'number' || metadata === 'year');
  const isYear = numbers.map(({ metadata }) => metadata === 'year');
  const afterYear = (): ColumnName =>
    positions[raw.findIndex((column, i) => column.metadata === 'number' && raw.slice(0, i).some(({ metadata }) => metadata === 'year'))]!;
  return readSigns(encoded, { isYear, yearSign, refuse: (why) => refused(afterYear(), why) }).values();
}

/** Texts by another name: a vector to MySQL, a geometry to MariaDB. */
function asText({ flavor }: ServerFacts): Metadata {
  return flavor === 'mariadb' ? 'geometry' : 'vector';
}

/** What completes a column; to be called column after column. */
export function completion(
  map: TableMap,
  raw: readonly RawColumn[],
  server: Placed,
): (column: RawColumn, position: ColumnName) => ColumnFacts {
  const { unsigned, texts, choices, enums, sets, geometries, dimensions } = queuesOf(map, raw, server);
  const passText = (metadata: Metadata): void => {
    if (metadata === asText(server) && next(texts) !== binaryCollation)
      throw new SyncError('BINLOG_DECODE', `a table map whose ${metadata} is no text`);
  };
  const tell: Readonly<Record<Metadata, (position: ColumnName) => Partial<Told>>> = {
    number: () => ({ unsigned: next(unsigned) }),
    year: () => ({}),
    text: (position) => ({ charset: charsetOf(next(texts), position, server) }),
    enum: (position) => ({ charset: charsetOf(next(choices), position, server), members: next(enums) }),
    set: (position) => ({ charset: charsetOf(next(choices), position, server), members: next(sets) }),
    geometry: () => ({ number: next(geometries) }),
    vector: () => ({ number: next(dimensions) }),
    none: () => ({}),
  };
  return (column, position) => {
    passText(column.metadata);
    const where = `${tableName(position)}.${position.column}`;
    const refuse = (why: string): SyncError => refused(position, why);
    return rulesOf(column.type).binlog.complete(column, { flavor: server.flavor, where, refuse, ...tell[column.metadata](position) });
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

function charsetOf(collation: number, position: ColumnName, { charsets }: ServerFacts): string {
  const charset = charsets.get(collation);
  if (charset !== undefined) return charset;
  throw refused(position, `its collation ${collation} is not known to the server`);
}
