/** Row images ⇄ Avro's Value records, and the primary key's Key record. Every column is there on both sides, or it is an error. */
import type { ByteReader, ByteWriter } from '@lutra/bytes';
import { type ColumnSchema, finishRow, type Row, SyncError, type TableSchema, tableName, type Value } from '@lutra/model';
import { codecError, malformed } from './codec-error.js';
import { rulesOf } from './types.js';

/** A column's error, with the table and the column it happened at; never the value. */
function at(table: TableSchema, column: ColumnSchema, error: unknown): SyncError {
  const { code, message } = codecError(error);
  const where = `${tableName(table)}.${column.name}`;
  return new SyncError(code, `${where}: ${message}`, { cause: error, details: { table: tableName(table), column: column.name } });
}

const missing = (): SyncError => new SyncError('INTERNAL', 'the row lacks the column');

export type WriteRow = (output: ByteWriter, row: Row) => void;

export function rowWriter(table: TableSchema): WriteRow {
  const columns = table.columns.map((column) => ({ column, name: column.name, write: rulesOf(column.type).avro(column).write }));
  return (output, row) => {
    for (const { column, name, write } of columns) {
      const value = row[name];
      if (value === null) {
        output.byte(0);
        continue;
      }
      try {
        if (value === undefined) throw missing();
        output.byte(2);
        write(output, value);
      } catch (error) {
        throw at(table, column, error);
      }
    }
  };
}

/** The key's columns are not null in any server, so they are no unions. */
export function keyWriter(table: TableSchema): WriteRow {
  const columns = table.primaryKey.map((name) => {
    const column = table.columns.find((candidate) => candidate.name === name)!;
    return { column, name, write: rulesOf(column.type).avro(column).write };
  });
  return (output, row) => {
    for (const { column, name, write } of columns) {
      try {
        const value = row[name];
        if (value === undefined) throw missing();
        if (value === null) throw new SyncError('INTERNAL', 'a column of the primary key is null');
        write(output, value);
      } catch (error) {
        throw at(table, column, error);
      }
    }
  };
}

type RowClass = new () => Record<string, Value>;

/**
 * For rows of one table: objects that inherit nothing, so that a column may be called `__proto__` or `constructor`. Not
 * Object.create(null): V8 makes hash tables of those, which are slower to fill and to read.
 */
export function emptyRowClass(): RowClass {
  const EmptyRow = function EmptyRow() {} as unknown as RowClass & { prototype: object };
  EmptyRow.prototype = Object.create(null) as object;
  return EmptyRow;
}

/** Reads `["null", Value]`; of a large row finishImages() is to follow. */
export function rowReader(table: TableSchema): (input: ByteReader) => Row | null {
  const columns = table.columns.map((column) => ({ column, name: column.name, read: rulesOf(column.type).avro(column).read }));
  const NewRow = emptyRowClass();
  return (input) => {
    if (!present(input)) return null;
    const row = new NewRow();
    for (const { column, name, read } of columns) {
      try {
        row[name] = present(input) ? (read(input) as Value) : null;
      } catch (error) {
        throw at(table, column, error);
      }
    }
    return row;
  };
}

/** Makes the large values of what rowReader() has read, with turns of the event loop. */
export async function finishImages(table: TableSchema, images: readonly (Row | null)[]): Promise<void> {
  const failed = (error: unknown, name: string): SyncError =>
    at(
      table,
      table.columns.find((column) => column.name === name)!,
      error,
    );
  for (const image of images) await finishRow(image, failed);
}

function present(input: ByteReader): boolean {
  const branch = input.u8();
  if (branch !== 0 && branch !== 2) throw malformed('a union has no such branch');
  return branch === 2;
}
