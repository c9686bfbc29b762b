/** The client's own encoder and decoder are the oracle of ours, in both directions. */
import { SyncError } from '@lutra/model';
import { Reader, createRecordsBatch, readRecordsBatches } from '@platformatic/kafka';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Compression } from './compression.js';
import type { OutRecord, RawRecord } from './options.js';
import { checksum, frameBatch, packRecords } from './record-batch.js';
import { readBatch, splitBatches } from './record-batch-reader.js';

const stamp = { producerId: 4711n, producerEpoch: 3, sequence: 2 ** 31 - 1 };
const compressions: readonly Compression[] = ['none', 'gzip', 'lz4', 'zstd'];

const bytes = (maxLength: number) => fc.uint8Array({ maxLength }).map((data) => Buffer.from(data));
const aRecord: fc.Arbitrary<OutRecord> = fc.record({
  key: fc.option(bytes(40)),
  value: bytes(3000),
  headers: fc.dictionary(
    fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme' }).filter((name) => name !== '__proto__'),
    fc.string({ unit: 'grapheme' }),
    {
      maxKeys: 6,
      noNullPrototype: true,
    },
  ),
});
const someRecords = fc.array(aRecord, { minLength: 1, maxLength: 200 });
const anyCompression = fc.constantFrom(...compressions);

async function write(records: readonly OutRecord[], compression: Compression = 'none', firstOffset = 0): Promise<Buffer> {
  const batch = frameBatch(await packRecords(records, compression), stamp);
  batch.writeBigInt64BE(BigInt(firstOffset), 0); // as the broker does; not covered by the checksum
  return batch;
}

function record(text: string): OutRecord {
  return { key: null, value: Buffer.from(text), headers: {} };
}

/** Changes bytes and fixes the checksum, as a broker that rewrites a batch would. */
function patch(batch: Buffer, change: (batch: Buffer) => void): Buffer {
  const copy = Buffer.from(batch);
  change(copy);
  copy.writeUInt32BE(checksum(copy.subarray(21)), 17);
  return copy;
}

async function readAll(data: Buffer, from: number) {
  const records: RawRecord[] = [];
  for (const batch of splitBatches(data, from)) records.push(...(await Promise.resolve(readBatch(batch, from))));
  return records;
}

describe('a record batch', () => {
  it('reads back as it was written', async () => {
    await fc.assert(
      fc.asyncProperty(someRecords, anyCompression, fc.nat(2 ** 45), async (records, compression, offset) => {
        const read = await readAll(await write(records, compression, offset), offset);
        expect(read.map(({ key, value, headers }) => ({ key, value, headers }))).toEqual(records);
        expect(read.map((record) => record.offset)).toEqual(records.map((_, index) => offset + index));
      }),
      { numRuns: 60 },
    );
  });

  it('is what the client reads from it', async () => {
    await fc.assert(
      fc.asyncProperty(someRecords, anyCompression, async (records, compression) => {
        const [batch] = readRecordsBatches(Reader.from(await write(records, compression)));
        expect(batch).toMatchObject({
          producerId: 4711n,
          producerEpoch: 3,
          firstSequence: 2 ** 31 - 1,
          lastOffsetDelta: records.length - 1,
          magic: 2,
        });
        const read = batch?.records.map(({ key, value, headers }) => ({
          key,
          value,
          headers: Object.fromEntries((headers as unknown as [Buffer, Buffer][]).map(([name, text]) => [String(name), String(text)])),
        }));
        expect(read).toEqual(records);
        expect(batch?.records.map((record) => record.offsetDelta)).toEqual(records.map((_, index) => index));
      }),
      { numRuns: 60 },
    );
  });

  it('written by the client reads the same, with its timestamps', async () => {
    await fc.assert(
      fc.asyncProperty(someRecords, fc.constantFrom(...compressions, 'snappy' as const), async (records, compression) => {
        const messages = records.map(({ key, value, headers }, index) => ({
          key: key ?? undefined,
          value,
          headers: new Map(Object.entries(headers).map(([name, text]) => [Buffer.from(name), Buffer.from(text)])),
          topic: 't',
          partition: 0,
          timestamp: BigInt(1_700_000_000_000 + ((index * 7919) % 100_000) - 50_000),
        }));
        const batch = createRecordsBatch(messages, { compression }).buffer;
        const read = await readAll(batch, 0);
        expect(read.map(({ key, value, headers }) => ({ key, value, headers }))).toEqual(records);
        expect(read.map((record) => BigInt(record.timestampMs))).toEqual(messages.map((message) => message.timestamp));
      }),
      { numRuns: 60 },
    );
  });
});

describe('reading what a fetch brought', () => {
  it('begins in the middle of a batch where it was asked to, and leaves a torn batch for the next fetch', async () => {
    const first = await write([record('a'), record('b'), record('c')], 'none', 10);
    const second = await write([record('d')], 'none', 13);
    const data = Buffer.concat([first, second, first.subarray(0, 30)]);
    expect((await readAll(data, 11)).map((record) => [record.offset, String(record.value)])).toEqual([
      [11, 'b'],
      [12, 'c'],
      [13, 'd'],
    ]);
    expect(splitBatches(data.subarray(0, first.length - 1), 11)).toEqual([]);
  });

  it('names a hole between batches, before the first one, and one that goes back', async () => {
    const at10 = await write([record('a'), record('b')], 'none', 10);
    const at13 = await write([record('c')], 'none', 13);
    expect(() => splitBatches(Buffer.concat([at10, at13]), 10)).toThrow(expect.objectContaining({ code: 'LOG_GAP' }));
    expect(() => splitBatches(at10, 9)).toThrow(expect.objectContaining({ code: 'LOG_GAP' }));
    expect(() => splitBatches(Buffer.concat([at10, at10]), 10)).toThrow(expect.objectContaining({ code: 'LOG_GAP' }));
  });

  it('names records that compaction took out of a batch', async () => {
    const batch = await write([record('a'), record('b')]);
    const fewer = patch(batch, (copy) => copy.writeInt32BE(2, 23)); // last offset delta 2, but two records
    await expect(readAll(fewer, 0)).rejects.toThrow(expect.objectContaining({ code: 'LOG_GAP' }));
  });

  it.each([
    ['a wrong checksum', (batch: Buffer) => (batch[batch.length - 1] = (batch.at(-1) ?? 0) ^ 1) && batch],
    ['an older format', (batch: Buffer) => batch.writeInt8(1, 16) && batch],
    ['a transaction', (batch: Buffer) => patch(batch, (copy) => copy.writeInt16BE(0b1_0000, 21))],
    ['a control batch', (batch: Buffer) => patch(batch, (copy) => copy.writeInt16BE(0b10_0000, 21))],
    ['a record that runs over its end', (batch: Buffer) => patch(batch, (copy) => (copy[61] = 0x7e))],
    ['an unknown compression', (batch: Buffer) => patch(batch, (copy) => copy.writeInt16BE(7, 21))],
    ['data that do not decompress', (batch: Buffer) => patch(batch, (copy) => copy.writeInt16BE(4, 21))],
  ])('refuses %s', async (_, damage) => {
    const batch = damage(await write([record('a'), record('b')]));
    await expect(readAll(batch as Buffer, 0)).rejects.toThrow(expect.objectContaining({ code: 'RECORD_INVALID' }));
  });

  it('with any byte of its records changed gives records, RECORD_INVALID or LOG_GAP, never another error', async () => {
    const headed = { key: Buffer.from('k'), value: Buffer.alloc(100, 1), headers: { name: 'text', other: '' } };
    const batch = await write([record('a'), headed, headed]);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 61, max: batch.length - 1 }), fc.integer({ min: 1, max: 255 }), async (at, mask) => {
        const changed = patch(batch, (copy) => (copy[at]! ^= mask));
        const outcome = await readAll(changed, 0).then(
          ({ length }) => length,
          (error: unknown) => (error instanceof SyncError ? error.code : error),
        );
        expect([3, 'RECORD_INVALID', 'LOG_GAP']).toContain(outcome);
      }),
      { numRuns: 1000 },
    );
  });

  it('takes the time of the whole batch where the log sets it', async () => {
    const batch = patch(await write([record('a'), record('b')]), (copy) => {
      copy.writeInt16BE(0b1000, 21);
      copy.writeBigInt64BE(123_456n, 35);
    });
    expect((await readAll(batch, 0)).map((record) => record.timestampMs)).toEqual([123_456, 123_456]);
  });
});
