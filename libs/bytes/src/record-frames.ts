/**
 * Kafka's records, one behind the other in one buffer, with room before them for the head of their batch
 * (https://kafka.apache.org/documentation/#record). A finished batch is a view of its slab, which is not written again before all batches
 * in it are given back, if ever. Who makes records by code writes into the slab himself: `room`, then `slab`, `view` and `at`, then
 * `wrote`.
 */
import { ByteWriter, longSize } from './byte-writer.js';

export interface FramedRecord {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array;
  /** As headerBytes() makes them. */
  readonly headers: Uint8Array;
}

const slabBytes = 64 * 1024;
/** A slab of more is not kept for the next batch. */
const mostKept = 1024 * 1024;
/** A batch is begun in a slab with no less. */
const leastBytes = 8 * 1024;
/** Slabs of that size are used again: memory that was never touched costs more than all that is written to it. */
const reusedBytes = mostKept;
const mostFree = 2;

export class RecordFrames {
  readonly #headBytes: number;
  #slab: Buffer = Buffer.allocUnsafeSlow(slabBytes);
  #view = viewOf(this.#slab);
  #start = 0;
  #at = 0;
  #count = 0;
  #largest = 0;
  /** Batches of each large slab that somebody holds. */
  readonly #held = new Map<ArrayBufferLike, number>();
  readonly #free: Buffer[] = [];

  constructor(headBytes: number) {
    this.#headBytes = headBytes;
    this.#begin();
  }

  /** Records of the batch that is open. */
  get count(): number {
    return this.#count;
  }

  /** Bytes of the batch that is open, with its head. */
  get bytes(): number {
    return this.#at - this.#start;
  }

  get slab(): Buffer {
    return this.#slab;
  }

  get view(): DataView {
    return this.#view;
  }

  /** Where the next record begins in the slab. */
  get at(): number {
    return this.#at;
  }

  /** For so many bytes more. What was asked for is there in `slab` and `view`, which may be others than before. */
  room(bytes: number): void {
    if (this.#at + bytes <= this.#slab.length) return;
    this.#renew(slabFor(Math.max(this.bytes + bytes, this.#largest)));
  }

  /** So many records, up to this place of the slab. */
  wrote(records: number, at: number): void {
    this.#count += records;
    this.#at = at;
  }

  add(record: FramedRecord): void {
    const body = bodySize(record, this.#count);
    this.room(longSize(body) + body);
    const { slab } = this;
    let at = putLong(slab, this.#at, body);
    slab[at++] = 0; // attributes
    slab[at++] = 0; // time since the batch's base
    at = putLong(slab, at, this.#count);
    at = record.key === null ? putLong(slab, at, -1) : putBytes(slab, at, record.key);
    at = putBytes(slab, at, record.value);
    slab.set(record.headers, at);
    this.wrote(1, at + record.headers.length);
  }

  /** The batch: room for its head, and its records. */
  finish(): Buffer {
    const batch = this.#slab.subarray(this.#start, this.#at);
    this.#largest = Math.max(batch.length, Math.floor(this.#largest / 2));
    if (this.#slab.length === reusedBytes) this.#held.set(batch.buffer, (this.#held.get(batch.buffer) ?? 0) + 1);
    this.#start = this.#at;
    this.#begin();
    return batch;
  }

  /** Nobody reads this batch any more. */
  giveBack({ buffer }: Buffer): void {
    const held = this.#held.get(buffer);
    if (held === undefined) return;
    this.#held.set(buffer, held - 1);
    this.#reuse(buffer);
  }

  #reuse(buffer: ArrayBufferLike): void {
    if (this.#held.get(buffer) !== 0 || buffer === this.#slab.buffer) return;
    this.#held.delete(buffer);
    if (this.#free.length < mostFree) this.#free.push(Buffer.from(buffer));
  }

  #begin(): void {
    this.#at = this.#start;
    this.#count = 0;
    // One like the last one should not have to move.
    const wanted = Math.min(this.#largest, mostKept / 2) + leastBytes;
    if (this.#slab.length > mostKept || this.#slab.length - this.#start < wanted) this.#renew(slabFor(wanted));
    this.#at += this.#headBytes;
  }

  /** Another slab, with what there is of the batch. */
  #renew(bytes: number): void {
    const before = this.#slab;
    const slab = (bytes === reusedBytes && this.#free.pop()) || Buffer.allocUnsafeSlow(bytes);
    before.copy(slab, 0, this.#start, this.#at);
    this.#at -= this.#start;
    this.#start = 0;
    this.#slab = slab;
    this.#view = viewOf(slab);
    this.#reuse(before.buffer);
  }
}

/** Their number, then each name and value with its length. */
export function headerBytes(headers: Readonly<Record<string, string>>): Buffer {
  const writer = new ByteWriter(1024);
  const entries = Object.entries(headers);
  writer.begin();
  writer.long(entries.length);
  for (const [name, value] of entries) {
    writer.string(name);
    writer.string(value);
  }
  return writer.finish();
}

/** With as much again, so that a batch that grows is not moved at each step. */
function slabFor(bytes: number): number {
  if (bytes > mostKept) return bytes;
  return bytes > slabBytes ? mostKept : slabBytes;
}

function viewOf({ buffer, byteOffset, length }: Buffer): DataView {
  return new DataView(buffer, byteOffset, length);
}

function bodySize({ key, value, headers }: FramedRecord, index: number): number {
  const ofKey = key === null ? longSize(-1) : longSize(key.length) + key.length;
  return 2 + longSize(index) + ofKey + longSize(value.length) + value.length + headers.length;
}

function putBytes(slab: Buffer, at: number, bytes: Uint8Array): number {
  const from = putLong(slab, at, bytes.length);
  slab.set(bytes, from);
  return from + bytes.length;
}

function putLong(slab: Buffer, at: number, value: number): number {
  let zigzag = ((value << 1) ^ (value >> 31)) >>> 0;
  while (zigzag > 0x7f) {
    slab[at++] = (zigzag & 0x7f) | 0x80;
    zigzag >>>= 7;
  }
  slab[at++] = zigzag;
  return at;
}
