/** The records that a Publisher was given, for those that stand in its place. */
import type { FramedRecords, OutRecord } from '../src/index.js';
import { frameBatch } from '../src/record-batch.js';
import { readBatch } from '../src/record-batch-reader.js';

export function recordsOf(records: readonly OutRecord[] | FramedRecords): readonly OutRecord[] {
  if (!('batch' in records)) return records;
  const { batch, count } = records;
  const stamp = { producerId: 0n, producerEpoch: 0, sequence: 0 };
  const bytes = frameBatch({ batch: Buffer.from(batch), count, bits: 0, timestampMs: 0 }, stamp);
  const found = readBatch({ bytes, firstOffset: 0, nextOffset: count }, 0);
  if (found instanceof Promise) throw new Error('a batch without compression is read at once');
  return found.map(({ key, value, headers }) => ({ key, value: value ?? Buffer.alloc(0), headers }));
}
