/**
 * Records → a record batch (format 2, https://kafka.apache.org/documentation/#recordbatch). Written here and not by the client, whose
 * encoder makes some twenty small buffers a record; the client's own decoder is the oracle in the tests.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Writer, crc32c } from '@platformatic/kafka';
import { ByteWriter, longSize } from '@lutra/bytes';
import { compress, compressionBits, minCompressedBytes } from './compression.js';
import type { Compression } from './compression.js';
import type { OutRecord } from './options.js';

/** Where the fields of a batch's head are. */
export const batchLayout = {
  baseOffset: 0,
  length: 8,
  magic: 16,
  crc: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  baseTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  producerEpoch: 51,
  baseSequence: 53,
  count: 57,
  records: 61,
} as const;
/** More than an ordinary batch has. */
export const largeBytes = 1024 * 1024;
/** `length` counts from here. */
export const afterLength = 12;

/** A batch whose head is still to be written. */
export interface PackedRecords {
  readonly count: number;
  readonly timestampMs: number;
  readonly bits: number;
  /** Room for the head, then the records. */
  readonly batch: Buffer;
}

export interface ProducerStamp {
  readonly producerId: bigint;
  readonly producerEpoch: number;
  /** Sequence number of the batch's first record. */
  readonly sequence: number;
}

export async function packRecords(records: readonly OutRecord[], compression: Compression): Promise<PackedRecords> {
  const timestampMs = Date.now();
  const plain = encodeRecords(records);
  const size = plain.length - batchLayout.records;
  if (size > largeBytes) await nextTurn();
  const chosen = size < minCompressedBytes ? 'none' : compression;
  const batch = chosen === 'none' ? plain : withRoom(await compressed(plain.subarray(batchLayout.records), chosen));
  if (batch.length > largeBytes) await nextTurn();
  return { count: records.length, timestampMs, bits: compressionBits[chosen], batch };
}

/** Each copy of a large batch has a turn of its own. */
async function compressed(records: Buffer, compression: Compression): Promise<Buffer> {
  const data = await compress(records, compression);
  if (data.length > largeBytes) await nextTurn();
  return data;
}

function withRoom(data: Buffer): Buffer {
  const batch = Buffer.allocUnsafe(batchLayout.records + data.length);
  data.copy(batch, batchLayout.records);
  return batch;
}

/** Writes the head, in place: the whole batch. */
export function frameBatch({ batch, bits, count, timestampMs }: PackedRecords, stamp: ProducerStamp): Buffer {
  batch.writeBigInt64BE(0n, batchLayout.baseOffset);
  batch.writeInt32BE(batch.length - afterLength, batchLayout.length);
  batch.writeInt32BE(-1, afterLength); // leader epoch: the broker's to fill in
  batch.writeInt8(2, batchLayout.magic);
  batch.writeInt16BE(bits, batchLayout.attributes);
  batch.writeInt32BE(count - 1, batchLayout.lastOffsetDelta);
  batch.writeBigInt64BE(BigInt(timestampMs), batchLayout.baseTimestamp);
  batch.writeBigInt64BE(BigInt(timestampMs), batchLayout.maxTimestamp);
  batch.writeBigInt64BE(stamp.producerId, batchLayout.producerId);
  batch.writeInt16BE(stamp.producerEpoch, batchLayout.producerEpoch);
  batch.writeInt32BE(stamp.sequence, batchLayout.baseSequence);
  batch.writeInt32BE(count, batchLayout.count);
  batch.writeUInt32BE(checksum(batch.subarray(batchLayout.attributes)), batchLayout.crc);
  return batch;
}

/** CRC-32C. Handed over in the client's own buffer type, which is not copied on the way. */
export function checksum(data: Buffer): number {
  return crc32c(Writer.create().append(data).dynamicBuffer);
}

/** A number reserves that much, also where it is the last one of the batch. */
const mostOfNumber = 5;
const head = Buffer.alloc(batchLayout.records);

/** The records, after room for the head. */
function encodeRecords(records: readonly OutRecord[]): Buffer {
  const names = new Map<string, Buffer>();
  const sizes = records.map((record, index) => bodySize(record, index, names));
  let total: number = batchLayout.records;
  for (const size of sizes) total += longSize(size) + size;
  const writer = new ByteWriter(total + mostOfNumber);
  writer.begin();
  writer.copy(head);
  for (let index = 0; index < records.length; index++) {
    writer.long(sizes[index]!);
    writeBody(writer, records[index]!, index, names);
  }
  return writer.finish();
}

/** Bytes of a record after its length. Fills `names`: the few names of headers come again in every record. */
function bodySize(record: OutRecord, index: number, names: Map<string, Buffer>): number {
  let size = 2 + longSize(index); // attributes, time delta 0
  size += longSize(record.key?.length ?? -1) + (record.key?.length ?? 0);
  size += longSize(record.value.length) + record.value.length;
  let headers = 0;
  for (const name in record.headers) {
    const value = Buffer.byteLength(record.headers[name] ?? '');
    size += nameBytes(names, name).length + longSize(value) + value;
    headers += 1;
  }
  return size + longSize(headers);
}

/** A header's name with its length before it. */
function nameBytes(names: Map<string, Buffer>, name: string): Buffer {
  let bytes = names.get(name);
  if (bytes === undefined) {
    const writer = new ByteWriter(3 * name.length + mostOfNumber);
    writer.begin();
    writer.string(name);
    names.set(name, (bytes = writer.finish()));
  }
  return bytes;
}

function writeBody(writer: ByteWriter, { key, value, headers }: OutRecord, index: number, names: Map<string, Buffer>): void {
  writer.byte(0); // attributes
  writer.byte(0); // time since the batch's base
  writer.long(index);
  if (key === null) writer.long(-1);
  else writer.bytes(key);
  writer.bytes(value);
  const keys = Object.keys(headers);
  writer.long(keys.length);
  for (const name of keys) {
    writer.copy(nameBytes(names, name));
    writer.string(headers[name] ?? '');
  }
}
