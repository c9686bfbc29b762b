/**
 * From a table map to the table's schema. A type, character set or table map that is not proven lossless is refused here, before any row
 * of the table is read.
 */
import { ByteReader } from '@lutra/bytes';
import { SyncError, tableName } from '@lutra/model';
import type { ColumnSchema, TableSchema } from '@lutra/model';
import type { RawColumn, WireColumn } from '@lutra/rows';
import { wireColumn } from '@lutra/rows';
import { completion, refused } from './column-facts.js';
import type { ColumnName, ServerFacts } from './column-facts.js';
import { metadataField, readNames, readNumbers, readTableMap } from './table-map.js';
import type { TableMap, TableMapHead } from './table-map.js';

export interface TableVersion {
  readonly schema: TableSchema;
  readonly columns: readonly WireColumn[];
}

/** @throws SyncError SOURCE_SETTINGS, COLUMN_UNSUPPORTED, BINLOG_DECODE, BINLOG_UNSUPPORTED */
export function readTableVersion(head: TableMapHead, facts: ServerFacts): TableVersion {
  const map = readTableMap(head.version);
  const names = namesOf(map, tableName(head));
  const columnNames = names.map((column): ColumnName => ({ database: head.database, name: head.name, column }));
  const raw = readRawColumns(map, columnNames);
  const complete = completion(map, raw, { ...facts, positions: columnNames });
  const columns = raw.map((column, i) => ({ schema: { name: names[i]!, ...complete(column, columnNames[i]!) }, raw: column }));
  const schemas = columns.map(({ schema }) => schema);
  const primaryKey = readPrimaryKey(map).map((index) => nameAt(schemas, index));
  return { schema: { database: head.database, name: head.name, columns: schemas, primaryKey }, columns };
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

function readRawColumns(map: TableMap, columnNames: readonly ColumnName[]): RawColumn[] {
  const data = new ByteReader(map.typeData);
  const columns = map.types.map((type, index) => {
    const column = wireColumn(type, (bytes) => data.take(bytes));
    if (typeof column !== 'string') return column;
    throw refused(columnNames[index]!, `columns of type ${column} are not supported`);
  });
  if (data.left > 0) throw new SyncError('BINLOG_DECODE', 'a table map with more type data than columns');
  return columns;
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
