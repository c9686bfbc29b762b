/** What a column's codec is, and how it refuses a value: by type and range, without naming the value. */
import type { ByteReader, ByteWriter } from '@lutra/bytes';
import { type ColumnSchema, type LargeValue, SyncError, type Value } from '@lutra/model';
import type { AvroObject } from './avro-schema.js';

export interface ColumnCodec {
  /** The Avro type without Lutra's properties. */
  readonly avro: AvroObject;
  /** @throws SyncError INTERNAL (another JS type) or VALUE_UNSUPPORTED (out of range), or what codecError() takes */
  readonly write: (writer: ByteWriter, value: Value) => void;
  /** @throws SyncError RECORD_INVALID, or what codecError() takes */
  readonly read: (reader: ByteReader) => Exclude<Value, null> | LargeValue;
}

export const wrongType = (column: ColumnSchema, value: Value | undefined): SyncError =>
  new SyncError('INTERNAL', `a ${value instanceof Uint8Array ? 'Buffer' : typeof value} is no value of ${column.type}`);
export const outOfRange = (column: ColumnSchema): SyncError =>
  new SyncError('VALUE_UNSUPPORTED', `the value is out of range of ${column.type}`);

export type MakeCodec = (column: ColumnSchema) => ColumnCodec;
