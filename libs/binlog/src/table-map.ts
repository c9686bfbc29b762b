/**
 * The table map event, which comes before the rows: its parts, not yet what they mean. Nothing is guessed from the database's present
 * state, because the table may have changed since: names, signs, character sets and values all come with the event.
 */
import { ByteReader } from '@lutra/bytes';
import { SyncError } from '@lutra/model';

/** Which table, without a look at its columns. */
export interface TableMapHead {
  readonly tableId: number;
  readonly database: string;
  readonly name: string;
  /** Everything after the table id: equal bytes mean the same version of the same table. */
  readonly version: Buffer;
}

export interface TableMap {
  readonly types: readonly number[];
  /** Per column: what its type needs to be read (length, digits, …), packed by type. */
  readonly typeData: Buffer;
  /** The optional metadata by field number. */
  readonly fields: ReadonlyMap<number, Buffer>;
}

export function readTableMapHead(body: Buffer): TableMapHead {
  const reader = new ByteReader(body);
  const tableId = reader.u48();
  const version = body.subarray(reader.offset);
  const { database, name } = readName(reader);
  return { tableId, database, name, version };
}

function readName(reader: ByteReader): { database: string; name: string } {
  reader.skip(2); // flags
  const database = reader.utf8(reader.u8());
  reader.skip(1);
  const name = reader.utf8(reader.u8());
  reader.skip(1);
  return { database, name };
}

/** @param version of the head. @throws SyncError BINLOG_DECODE, BINLOG_UNSUPPORTED */
export function readTableMap(version: Buffer): TableMap {
  const reader = new ByteReader(version);
  readName(reader);
  const columns = reader.lengthEncoded();
  const types = [...reader.take(columns)];
  const typeData = reader.take(reader.lengthEncoded());
  reader.skip((columns + 7) >> 3); // which columns may be NULL
  const fields = new Map<number, Buffer>();
  while (reader.left > 0) {
    const field = reader.u8();
    const content = reader.take(reader.lengthEncoded());
    if (fields.has(field)) throw new SyncError('BINLOG_DECODE', `a table map with metadata field ${field} twice`);
    if (field > metadataField.vectorDimension) {
      throw new SyncError('BINLOG_UNSUPPORTED', `a table map with metadata field ${field}, which Lutra does not know`);
    }
    fields.set(field, content);
  }
  return { types, typeData, fields };
}

/** Table_map_event::Optional_metadata_field_type */
export const metadataField = {
  signedness: 1,
  defaultCharset: 2,
  columnCharset: 3,
  columnName: 4,
  setValues: 5,
  enumValues: 6,
  geometryType: 7,
  simplePrimaryKey: 8,
  prefixPrimaryKey: 9,
  enumSetDefaultCharset: 10,
  enumSetColumnCharset: 11,
  vectorDimension: 13,
} as const;

/** Collation ids of `count` columns: either one default and pairs (column, other id), or one id for each. */
export function readCollations(byDefault: Buffer | undefined, each: Buffer | undefined, count: number): number[] {
  if (count === 0) return [];
  if (byDefault !== undefined) {
    const [collation = 0, ...pairs] = readNumbers(byDefault);
    const collations = Array<number>(count).fill(collation);
    for (let i = 0; i < pairs.length; i += 2) {
      if (pairs[i]! >= count) throw new SyncError('BINLOG_DECODE', 'a table map with a character set for a column that it does not have');
      collations[pairs[i]!] = pairs[i + 1]!;
    }
    return collations;
  }
  const collations = each === undefined ? [] : readNumbers(each);
  if (collations.length !== count) throw new SyncError('BINLOG_DECODE', 'a table map without the character sets of its columns');
  return collations;
}

export function readNumbers(bytes: Buffer): number[] {
  const reader = new ByteReader(bytes);
  const numbers: number[] = [];
  while (reader.left > 0) numbers.push(reader.lengthEncoded());
  return numbers;
}

export function readNames(bytes: Buffer): string[] {
  const reader = new ByteReader(bytes);
  const names: string[] = [];
  while (reader.left > 0) names.push(reader.utf8(reader.lengthEncoded()));
  return names;
}

/** The values of each enum or set column. */
export function readValueLists(bytes: Buffer | undefined, count: number): Buffer[][] {
  const reader = new ByteReader(bytes ?? Buffer.alloc(0));
  const lists: Buffer[][] = [];
  while (reader.left > 0) {
    lists.push(Array.from({ length: reader.lengthEncoded() }, () => reader.take(reader.lengthEncoded())));
  }
  if (lists.length !== count) throw new SyncError('BINLOG_DECODE', 'a table map without the values of its enum and set columns');
  return lists;
}
