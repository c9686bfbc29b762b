/**
 * Reads what is no column: the source and transaction blocks and the control records, by the schema they were written with. JS values
 * are plain: longs are numbers, unions are not wrapped, maps and records are objects without a prototype.
 */
import type { ByteReader } from '@lutra/bytes';
import { type AvroObject, type AvroRecord, type AvroSchema, isRecord } from './avro-schema.js';
import { malformed } from '@lutra/rows';

export type Read = (reader: ByteReader) => unknown;

export function plainReader(schema: AvroSchema): Read {
  if (Array.isArray(schema)) return unionReader(schema.map((branch: AvroSchema) => plainReader(branch)));
  const object = (typeof schema === 'string' ? { type: schema } : schema) as AvroObject;
  if (isRecord(object)) return recordReader(object);
  switch (object.type) {
    case 'null':
      return () => null;
    case 'long':
      return (reader) => reader.long();
    case 'int':
      return (reader) => reader.int();
    case 'string':
      return repeated((reader) => reader.string());
    case 'bytes':
      return (reader) => reader.bytes();
    case 'boolean':
      return (reader) => reader.boolean();
    case 'float':
      return (reader) => reader.float();
    case 'double':
      return (reader) => reader.double();
    case 'array':
      return repeated(arrayReader(plainReader(object.items!)));
    case 'map':
      return repeated(mapReader(plainReader(object.values!)));
    default:
      throw malformed(`no plain value is read as Avro ${JSON.stringify(object.type)}`);
  }
}

/**
 * Most texts, lists and maps of a block are the same as in the record before (GTID, file, path, seen): then the value made for that one
 * is used again. Equal bytes are an equal value, because an Avro value tells its own end.
 */
export function repeated<T>(read: (reader: ByteReader) => T): (reader: ByteReader) => T {
  let last: { readonly bytes: Uint8Array; readonly value: T } | null = null;
  return (reader) => {
    if (last !== null && reader.matches(last.bytes)) return last.value;
    const from = reader.offset;
    const value = read(reader);
    last = { bytes: reader.since(from), value };
    return value;
  };
}

function unionReader(branches: readonly Read[]): Read {
  return (reader) => {
    const read = branches[reader.long()];
    if (read === undefined) throw malformed('a union has no such branch');
    return read(reader);
  };
}

function recordReader(record: AvroRecord): Read {
  const fields = record.fields.map((field) => ({ name: field.name, read: plainReader(field.type) }));
  return (reader) => {
    const value = Object.create(null) as Record<string, unknown>;
    for (const { name, read } of fields) value[name] = read(reader);
    return value;
  };
}

/** Arrays and maps come in blocks; a negative count is followed by the block's size in bytes. */
function blocks(reader: ByteReader, readItem: () => void): void {
  for (let count = reader.long(); count !== 0; count = reader.long()) {
    if (count < 0) reader.long();
    for (let left = Math.abs(count); left > 0; left--) readItem();
  }
}

function arrayReader(read: Read): Read {
  return (reader) => {
    const items: unknown[] = [];
    blocks(reader, () => items.push(read(reader)));
    return items;
  };
}

function mapReader(read: Read): Read {
  return (reader) => {
    const entries = Object.create(null) as Record<string, unknown>;
    blocks(reader, () => {
      const key = reader.string();
      entries[key] = read(reader);
    });
    return entries;
  };
}
