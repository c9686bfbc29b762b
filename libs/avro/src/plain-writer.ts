/**
 * Writes what is no column: the source and transaction blocks and the control records, by their schema. JS values are plain: longs
 * are numbers, unions are not wrapped, maps and records are objects.
 */
import type { ByteWriter } from '@lutra/bytes';
import { SyncError } from '@lutra/model';
import { type AvroObject, type AvroRecord, type AvroSchema, isRecord } from './avro-schema.js';

export type Write = (writer: ByteWriter, value: unknown) => void;

const wrong = (what: string): SyncError => new SyncError('INTERNAL', `the value is not ${what}`);

function writeNumber(writer: ByteWriter, value: unknown): void {
  if (typeof value !== 'number') throw wrong('a number');
  writer.long(value);
}

function writeInt(writer: ByteWriter, value: unknown): void {
  if (typeof value !== 'number' || value !== (value | 0)) throw wrong('a whole number of 32 bits');
  writer.long(value);
}

function writeString(writer: ByteWriter, value: unknown): void {
  if (typeof value !== 'string') throw wrong('a text');
  writer.string(value);
}

function writeBoolean(writer: ByteWriter, value: unknown): void {
  if (typeof value !== 'boolean') throw wrong('true or false');
  writer.byte(value ? 1 : 0);
}

export function plainWriter(schema: AvroSchema): Write {
  if (Array.isArray(schema)) return optionalWriter(schema);
  const object = (typeof schema === 'string' ? { type: schema } : schema) as AvroObject;
  if (isRecord(object)) return recordWriter(object);
  switch (object.type) {
    case 'long':
      return writeNumber;
    case 'int':
      return writeInt;
    case 'string':
      return writeString;
    case 'boolean':
      return writeBoolean;
    case 'array':
      return arrayWriter(plainWriter(object.items!));
    case 'map':
      return mapWriter(plainWriter(object.values!));
    default:
      throw new SyncError('INTERNAL', `no plain value is written as Avro ${JSON.stringify(object.type)}`);
  }
}

function optionalWriter(union: readonly AvroSchema[]): Write {
  if (union.length !== 2 || union[0] !== 'null') throw new SyncError('INTERNAL', 'only unions of null and one type are written');
  const write = plainWriter(union[1]!);
  return (writer, value) => {
    if (value === null) {
      writer.byte(0);
      return;
    }
    writer.byte(2);
    write(writer, value);
  };
}

function recordWriter(record: AvroRecord): Write {
  const fields = record.fields.map((field) => ({ name: field.name, write: plainWriter(field.type) }));
  return (writer, value) => {
    for (const { name, write } of fields) write(writer, (value as Record<string, unknown>)[name]);
  };
}

function arrayWriter(write: Write): Write {
  return (writer, value) => {
    if (!Array.isArray(value)) throw wrong('a list');
    if (value.length > 0) writer.long(value.length);
    for (const item of value) write(writer, item);
    writer.byte(0);
  };
}

function mapWriter(write: Write): Write {
  return (writer, value) => {
    const keys = Object.keys(value as object);
    if (keys.length > 0) writer.long(keys.length);
    for (const key of keys) {
      writer.string(key);
      write(writer, (value as Record<string, unknown>)[key]);
    }
    writer.byte(0);
  };
}
