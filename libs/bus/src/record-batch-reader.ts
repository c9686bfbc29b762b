/**
 * Record batches → records. What a fetch brings must be what we wrote: consecutive offsets, sound checksums, no transactions.
 * Anything else is a named error; nothing is passed over.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ByteReader, MalformedError } from '@lutra/bytes';
import { SyncError } from '@lutra/model';
import { compressionMask, decompress } from './compression.js';
import type { RawRecord } from './options.js';
import { afterLength, batchLayout, checksum } from './record-batch.js';

const timestampOfLog = 0b1000;
const transactional = 0b1_0000;
const control = 0b10_0000;

/** A batch as it came, not looked into yet. */
export interface RawBatch {
  readonly bytes: Buffer;
  readonly firstOffset: number;
  readonly nextOffset: number;
}

export interface BatchIdentity extends Pick<RawBatch, 'firstOffset' | 'nextOffset'> {
  readonly checksum: number;
}

/**
 * Cuts the bytes of a fetch into batches. Brokers cut off at a byte limit, so the last batch may be torn: it comes again.
 * @param expected the offset that was asked for: the first batch may begin before it, never after it
 * @throws SyncError LOG_GAP, RECORD_INVALID
 */
export function splitBatches(bytes: Buffer, expected: number): RawBatch[] {
  const batches: RawBatch[] = [];
  let next = expected;
  for (let at = 0; bytes.length - at >= afterLength;) {
    const size = afterLength + bytes.readInt32BE(at + batchLayout.length);
    if (size > bytes.length - at) break;
    const batch = readHead(bytes.subarray(at, at + size), next);
    at += size;
    if (batches.length === 0 && batch.nextOffset <= next) continue; // all of it lies before what was asked for
    const follows = batches.length === 0 ? batch.firstOffset <= next : batch.firstOffset === next;
    if (!follows) throw gap(next, batch.firstOffset);
    batches.push(batch);
    next = batch.nextOffset;
  }
  return batches;
}

/** Without the bytes of the batch, which would keep those of its whole fetch. The checksum covers producer, numbers, times, records. */
export function identityOf({ firstOffset, nextOffset, bytes }: RawBatch): BatchIdentity {
  return { firstOffset, nextOffset, checksum: bytes.readUInt32BE(batchLayout.crc) };
}

function readHead(bytes: Buffer, near: number): RawBatch {
  if (bytes.length < batchLayout.records) throw invalid(near, 'a batch is too short');
  if (bytes.readInt8(batchLayout.magic) !== 2) throw invalid(near, `record format ${bytes.readInt8(batchLayout.magic)}, expected 2`);
  const firstOffset = Number(bytes.readBigInt64BE(batchLayout.baseOffset));
  return { bytes, firstOffset, nextOffset: firstOffset + bytes.readInt32BE(batchLayout.lastOffsetDelta) + 1 };
}

/**
 * The records of one batch from an offset on; a promise only for what is large.
 * @throws SyncError LOG_GAP (an offset is missing), RECORD_INVALID (checksum, format, written in a transaction)
 */
export function readBatch(batch: RawBatch, from: number): RawRecord[] | Promise<RawRecord[]> {
  const { bytes, firstOffset, nextOffset } = batch;
  if (checksum(bytes.subarray(batchLayout.attributes)) !== bytes.readUInt32BE(batchLayout.crc)) {
    throw invalid(firstOffset, 'the checksum of a batch is wrong');
  }
  const attributes = bytes.readInt16BE(batchLayout.attributes);
  if ((attributes & (transactional | control)) !== 0) throw invalid(firstOffset, 'a batch was written in a transaction');
  const count = bytes.readInt32BE(batchLayout.count);
  if (count !== nextOffset - firstOffset) throw gap(firstOffset, nextOffset, `${count} records`);
  const data = decompress(bytes.subarray(batchLayout.records), attributes & compressionMask, firstOffset);
  const records = { firstOffset, count, from, clock: readClock(bytes, attributes) };
  return data instanceof Promise
    ? data.then((plain) => nextTurn(plain)).then((plain) => readRecords(plain, records))
    : readRecords(data, records);
}

/** Time delta → time. */
function readClock(bytes: Buffer, attributes: number): (delta: number) => number {
  const base = Number(bytes.readBigInt64BE(batchLayout.baseTimestamp));
  const max = Number(bytes.readBigInt64BE(batchLayout.maxTimestamp));
  return (attributes & timestampOfLog) === 0 ? (delta) => base + delta : () => max;
}

interface RecordsToRead {
  readonly firstOffset: number;
  readonly count: number;
  readonly from: number;
  readonly clock: (delta: number) => number;
}

function readRecords(data: Buffer, records: RecordsToRead): RawRecord[] {
  try {
    return recordsOf(data, records);
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    throw invalid(records.firstOffset, 'a batch is malformed', error);
  }
}

function recordsOf(data: Buffer, { firstOffset, count, from, clock }: RecordsToRead): RawRecord[] {
  const reader = new ByteReader(data);
  const texts = new HeaderTexts(reader);
  const records: RawRecord[] = [];
  for (let index = 0; index < count; index++) {
    const length = reader.length();
    const end = reader.offset + length;
    if (firstOffset + index >= from) records.push(readRecord(reader, { offset: firstOffset + index, index, clock, texts }));
    else reader.offset = end;
    if (reader.offset !== end) throw new MalformedError('a record does not end where it says');
  }
  reader.end();
  return records;
}

interface RecordToRead {
  readonly offset: number;
  readonly index: number;
  readonly clock: (delta: number) => number;
  readonly texts: HeaderTexts;
}

function readRecord(reader: ByteReader, { offset, index, clock, texts }: RecordToRead): RawRecord {
  reader.skip(1); // attributes: none are defined
  const timestampMs = clock(reader.long());
  const delta = reader.long();
  if (delta !== index) throw gap(offset, offset - index + delta);
  const keyLength = reader.long();
  const keyAt = keyLength === -1 ? -1 : reader.skip(keyLength);
  const value = nullable(reader);
  const headers = texts.headers(reader.long());
  return new BatchRecord({ offset, timestampMs, value, headers }, { data: reader.source, at: keyAt, length: keyLength });
}

interface KeyBytes {
  readonly data: Buffer;
  /** −1: it has none. */
  readonly at: number;
  readonly length: number;
}

/** Hardly anybody asks for keys: a view of each would cost more than the rest of the record. */
class BatchRecord implements RawRecord {
  readonly offset: number;
  readonly timestampMs: number;
  readonly value: Buffer | null;
  readonly headers: RawRecord['headers'];
  readonly #data: Buffer;
  readonly #keyAt: number;
  readonly #keyLength: number;

  constructor({ offset, timestampMs, value, headers }: Omit<RawRecord, 'key'>, { data, at, length }: KeyBytes) {
    this.offset = offset;
    this.timestampMs = timestampMs;
    this.value = value;
    this.headers = headers;
    this.#data = data;
    this.#keyAt = at;
    this.#keyLength = length;
  }

  get key(): Buffer | null {
    return this.#keyAt === -1 ? null : this.#data.subarray(this.#keyAt, this.#keyAt + this.#keyLength);
  }
}

/** A view of bytes with their length before them; null where that is −1. */
function nullable(reader: ByteReader): Buffer | null {
  const length = reader.long();
  return length === -1 ? null : reader.take(length);
}

interface HeaderText {
  readonly from: number;
  readonly length: number;
  readonly text: string | null;
}

/** Records of a batch have mostly the same headers in the same order: comparing bytes is cheaper than making strings. */
class HeaderTexts {
  readonly #reader: ByteReader;
  readonly #last: HeaderText[] = [];
  /** Of the record before, which had so many; null: it is not like others. */
  #before: Readonly<Record<string, string>> | null = null;
  #count = 0;

  constructor(reader: ByteReader) {
    this.#reader = reader;
  }

  headers(count: number): Readonly<Record<string, string>> {
    const like = count === this.#count ? this.#before : null;
    this.#before = null;
    let headers: Record<string, string> = like === null ? {} : { ...like };
    for (let header = 0; header < count; header++) {
      const isNamed = this.#next(2 * header);
      const isValued = this.#next(2 * header + 1);
      if (isNamed && isValued && like !== null) continue;
      if (!isNamed && like !== null) return this.#anew(header, count);
      headers = this.#with(headers, header);
    }
    // Where a name comes twice the last value counts.
    const isSimple = like !== null || Object.keys(headers).length === count;
    this.#before = isSimple ? headers : null;
    this.#count = count;
    return headers;
  }

  /** Names are other ones: those that are read already, too, are put into a new object, in their order. */
  #anew(read: number, count: number): Readonly<Record<string, string>> {
    let headers: Record<string, string> = {};
    for (let header = 0; header < count; header++) {
      if (header > read) {
        this.#next(2 * header);
        this.#next(2 * header + 1);
      }
      headers = this.#with(headers, header);
    }
    return headers;
  }

  #with(headers: Record<string, string>, header: number): Record<string, string> {
    const name = this.#last[2 * header]?.text ?? null;
    if (name === null) throw new MalformedError('a header has no name');
    headers[name] = this.#last[2 * header + 1]?.text ?? '';
    return headers;
  }

  /** True: as in the record before. @param place among the record's names and values */
  #next(place: number): boolean {
    const reader = this.#reader;
    const length = reader.long();
    const last = this.#last[place];
    if (length === -1) {
      this.#last[place] = { from: 0, length, text: null };
      return last?.length === -1;
    }
    const from = reader.skip(length);
    if (last && last.length === length && this.#isSame(last.from, from, length)) return true;
    this.#last[place] = { from, length, text: reader.source.toString('utf8', from, from + length) };
    return false;
  }

  #isSame(a: number, b: number, length: number): boolean {
    const { source } = this.#reader;
    // From behind: numbers that are counted up differ there.
    for (let i = length - 1; i >= 0; i--) if (source[a + i] !== source[b + i]) return false;
    return true;
  }
}

function gap(expected: number, found: number, holding?: string): SyncError {
  const what = holding === undefined ? `found ${found}` : `a batch up to ${found} holds ${holding}`;
  return new SyncError('LOG_GAP', `offset ${expected} is missing: ${what}`, { details: { offset: expected } });
}

function invalid(offset: number, what: string, cause?: unknown): SyncError {
  return new SyncError('RECORD_INVALID', `offset ${offset}: ${what}`, { cause, details: { offset } });
}
