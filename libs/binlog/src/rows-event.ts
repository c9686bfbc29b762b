/** Rows from a rows event. Promises every row and every column of it, or an error: a row image that is not full is refused. */
import { ByteReader } from '@lutra/bytes';
import { finishRow, ofTable, rowKey, SyncError, tableName } from '@lutra/model';
import type { ImageBytes, Row, RowImage, TableSchema, Value } from '@lutra/model';
import { rowCounter, rulesOf } from '@lutra/rows';
import type { CountRows, ValueReader } from '@lutra/rows';
import type { TableVersion } from './columns.js';
import type { RowsType } from './event-types.js';

/** Decodes the rows of one table version. */
export interface RowsDecoder {
  readonly schema: TableSchema;
  /** @param body of the event, from its table id on */
  decode(body: Buffer, type: RowsType): RowImage[];
  /** The rows as they stand in the body. Null: they must be decoded, which tells what is wrong, or here no code is made. */
  images(body: Buffer, type: RowsType): ImageBytes | null;
  /** Makes the large values of what was decoded, which stand in the rows as LargeValue until then. */
  finish(rows: readonly RowImage[]): Promise<void>;
}

type MutableRow = Record<string, Value>;

export function rowsDecoder({ schema, columns }: TableVersion): RowsDecoder {
  const table = tableName(schema);
  const readers = columns.map((column) => rulesOf(column.schema.type).binlog.reader(column, `${table}.${column.schema.name}`));
  const names = schema.columns.map(({ name }) => name);
  const readImage = imageReader(schema, names, readers);
  return {
    schema,
    images: imagesReader(columns),
    decode: (body, type) => {
      const reader = new ByteReader(body);
      skipHead(reader, type);
      const columnCount = reader.lengthEncoded();
      if (columnCount !== names.length) throw new RangeError(`${columnCount} columns in a rows event, ${names.length} in its table map`);
      for (let images = type.op === 'u' ? 2 : 1; images > 0; images--) requireFullImage(reader, names, table);
      const rows: RowImage[] = [];
      try {
        do rows.push(readRow(reader, type.op, readImage));
        while (reader.left > 0);
      } catch (error) {
        throw placed(error, schema);
      }
      return rows;
    },
    finish: async (rows) => {
      try {
        for (const { before, after } of rows)
          for (const row of [before, after])
            await finishRow(row, (error, column) => atColumn(error, { table: schema, row: row ?? {}, column }));
      } catch (error) {
        throw placed(error, schema);
      }
    },
  };
}

/** Looks for where rows begin and end, and at nothing else of them. */
function imagesReader(columns: TableVersion['columns']): RowsDecoder['images'] {
  const counters = new Map<1 | 2, CountRows | null>();
  const counterOf = (images: 1 | 2): CountRows | null => {
    let count = counters.get(images);
    if (count === undefined) counters.set(images, (count = rowCounter(columns, images)));
    return count;
  };
  return (body, type) => {
    const images = type.op === 'u' ? 2 : 1;
    const count = counterOf(images);
    const from = count && startOfRows(body, type, { images, columns: columns.length });
    if (!count || from === null) return null;
    const view = new DataView(body.buffer, body.byteOffset, body.length);
    const { rows, last } = count(body, view, from, body.length);
    return rows === 0 ? null : { columns, source: body, view, from, end: body.length, rows, last };
  };
}

/** Null: what stands before them is not as it must be, or lacks a column. */
function startOfRows(body: Buffer, type: RowsType, of: { readonly images: 1 | 2; readonly columns: number }): number | null {
  const reader = new ByteReader(body);
  try {
    skipHead(reader, type);
    if (reader.lengthEncoded() !== of.columns) return null;
    for (let image = 0; image < of.images; image++)
      for (let left = of.columns; left > 0; left -= 8) if (!hasAll(reader.u8(), left)) return null;
    return reader.offset;
  } catch {
    return null;
  }
}

/** Of one byte of a bitmap. Servers set the bits behind the last column too (seen: MySQL 9.7), or do not. */
function hasAll(bits: number, left: number): boolean {
  const wanted = 0xff >> Math.max(0, 8 - left);
  return (bits & wanted) === wanted;
}

/** With the table of what cannot be read, and its column, which begins the message of a value that is refused. */
function placed(error: unknown, { database, name, columns }: TableSchema): unknown {
  const table = tableName({ database, name });
  if (error instanceof RangeError) {
    return new SyncError('BINLOG_DECODE', `${table}: ${error.message}`, { cause: error, details: { database, table: name } });
  }
  if (!(error instanceof SyncError)) return error;
  const column = columns.find((each) => error.message.startsWith(`${table}.${each.name}: `))?.name;
  return ofTable(error.again(error.message, { details: { database, table: name, column, ...error.details } }), { database, name });
}

export function tableIdOf(body: Buffer): number {
  return body.readUIntLE(0, 6);
}

export function flagsOf(body: Buffer): number {
  return body.readUInt16LE(6);
}

function skipHead(reader: ByteReader, type: RowsType): void {
  reader.skip(6 + 2); // table id, flags
  if (!type.extra) return;
  const size = reader.u16(); // its own two bytes included
  reader.skip(size - 2);
}

/** Of an index over an expression. MySQL 8.0.15 names such columns in the table map, and leaves them out of the rows. */
const hiddenName = /^[0-9a-f]{32}$/;

function requireFullImage(reader: ByteReader, names: readonly string[], table: string): void {
  const present = reader.take((names.length + 7) >> 3);
  for (const [i, name] of names.entries()) {
    if ((present[i >> 3]! & (1 << (i & 7))) !== 0) continue;
    if (hiddenName.test(name)) {
      const why = 'an index over an expression, whose hidden column this server does not log';
      throw new SyncError('COLUMN_UNSUPPORTED', `${table}: ${why}`);
    }
    throw new SyncError('BINLOG_UNSUPPORTED', `${table}: rows without the column ${name}: set binlog_row_image=FULL`);
  }
}

type ImageReader = (reader: ByteReader) => Row;

function readRow(reader: ByteReader, op: RowsType['op'], readImage: ImageReader): RowImage {
  const first = readImage(reader);
  if (op === 'c') return { before: null, after: first };
  if (op === 'd') return { before: first, after: null };
  return { before: first, after: readImage(reader) };
}

/**
 * Rows inherit nothing, so that a column may have any name, `__proto__` included; and they are all made by one constructor, so that the
 * engine knows their shape.
 */
function imageReader(table: TableSchema, names: readonly string[], readers: readonly ValueReader[]): ImageReader {
  const nothing: object = Object.freeze(Object.create(null));
  const Image = function () {} as unknown as new () => MutableRow;
  Image.prototype = nothing;
  const nullBytes = (names.length + 7) >> 3;
  /** From where a value begins: those of the key, as far as nothing else is amiss. */
  const readKey = (reader: ByteReader, row: MutableRow, { nulls, from }: { nulls: number; from: number }): void => {
    try {
      for (let i = from; i < names.length && table.primaryKey.some((name) => row[name] === undefined); i++)
        row[names[i]!] = (reader.source[nulls + (i >> 3)]! & (1 << (i & 7))) === 0 ? (readers[i]!(reader) as Value) : null;
    } catch {
      // The error that is under way is told without it.
    }
  };
  return (reader) => {
    const nulls = reader.skip(nullBytes);
    const row = new Image();
    let i = 0;
    try {
      for (; i < names.length; i++)
        row[names[i]!] = (reader.source[nulls + (i >> 3)]! & (1 << (i & 7))) === 0 ? (readers[i]!(reader) as Value) : null;
    } catch (error) {
      // The bytes of a text that is none have been read.
      if (error instanceof SyncError && error.code === 'VALUE_UNSUPPORTED') readKey(reader, row, { nulls, from: i + 1 });
      throw atColumn(error, { table, row, column: names[i]! });
    }
    return row;
  };
}

/**
 * What cannot be decoded names its table, its column and, where the key stands before it, its row. What is not ours comes from bytes that
 * do not fit, or from the engine.
 */
function atColumn(error: unknown, { table, row, column }: { table: TableSchema; row: Row; column: string }): SyncError {
  const key = table.primaryKey.every((name) => row[name] !== undefined) ? rowKey(table, row) : undefined;
  const details = { database: table.database, table: table.name, column, ...(key && { key }) };
  const [name, ofRow] = [`${tableName(table)}.${column}`, key ? `, ${key}` : ''];
  if (error instanceof SyncError) {
    const message = error.message.includes(name) ? error.message : `${name}: ${error.message}`;
    return error.again(`${message}${ofRow}`, { details });
  }
  const where = `${name}${ofRow}`;
  if ((error as NodeJS.ErrnoException).code === 'ERR_STRING_TOO_LONG')
    return new SyncError('VALUE_UNSUPPORTED', `${where}: a text is longer than 512 MiB`, { cause: error, details });
  return new SyncError('BINLOG_DECODE', `${where}: a value cannot be decoded`, { cause: error, details });
}
