/**
 * Records → a record batch (format 2, https://kafka.apache.org/documentation/#recordbatch). Written here and not by the client, whose
 * encoder makes some twenty small buffers a record; the client's own decoder is the oracle in the tests. Its records are written by
 * RecordFrames (libs/bytes).
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Writer, crc32c } from '@platformatic/kafka';
import { headerBytes, RecordFrames } from '@lutra/bytes';
import { compress, compressionBits, minCompressedBytes } from './compression.js';
import type { Compression } from './compression.js';
import { batchHeadBytes } from './options.js';
import type { FramedRecords, OutRecord } from './options.js';

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
  records: batchHeadBytes,
} as const;
/** Of a record: names and values of its headers, roughly. */
const roomOfHeaders = 512;
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

export async function packRecords(records: readonly OutRecord[] | FramedRecords, compression: Compression): Promise<PackedRecords> {
  const timestampMs = Date.now();
  const [plain, count] = 'batch' in records ? [records.batch, records.count] : [encodeRecords(records), records.length];
  const size = plain.length - batchLayout.records;
  if (size > largeBytes) await nextTurn();
  const chosen = size < minCompressedBytes ? 'none' : compression;
  const batch = chosen === 'none' ? plain : withRoom(await compressed(plain.subarray(batchLayout.records), chosen));
  if (batch.length > largeBytes) await nextTurn();
  return { count, timestampMs, bits: compressionBits[chosen], batch };
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

/** The records, after room for the head. */
function encodeRecords(records: readonly OutRecord[]): Buffer {
  const frames = new RecordFrames(batchLayout.records);
  const total = records.reduce((sum, { key, value }) => sum + (key?.length ?? 0) + value.length + roomOfHeaders, 0);
  frames.room(total);
  for (const { key, value, headers } of records) frames.add({ key, value, headers: headerBytes(headers) });
  return frames.finish();
}
