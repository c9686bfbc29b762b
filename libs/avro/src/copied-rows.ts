/** Rows of one transaction that were read from their table → records, in place: what they share is encoded once. As encode() does. */
import { ByteWriter, longSize, type RecordFrames } from '@lutra/bytes';
import { type Row, type RowEvent, SyncError } from '@lutra/model';
import { varint, varintNumber, type WriteRow } from '@lutra/rows';
import type { EventParts } from './envelope.js';
import { writePrefix } from './schema-ids.js';
import type { SeqHeaders } from './seq-headers.js';

export interface CopiesOptions {
  readonly parts: EventParts;
  readonly headers: SeqHeaders;
  readonly writeRow: WriteRow;
  readonly writeKey: WriteRow;
  readonly valueId: number;
  readonly keyId: number | null;
}

export interface CopyPosition {
  /** Of its record. */
  readonly seq: number;
  /** Of its batch, and from which on a record is not for a batch with others. */
  readonly limitBytes: number;
  readonly largeBytes: number;
}

/** full: it begins the next batch. large: it is for encode(). Nothing is written then. */
export type CopyState = 'added' | 'full' | 'large';

const mostOfNumbers = 64;

export class CopiesWriter {
  readonly #options: CopiesOptions;
  readonly #writer = new ByteWriter();
  readonly #source: Uint8Array;
  readonly #middle: Uint8Array;
  readonly #rest: Uint8Array;

  /** @param event of the first row; the others differ in their images and numbers, and the last one says that it is it */
  constructor(options: CopiesOptions, event: RowEvent) {
    this.#options = options;
    const { source, middle } = options.parts;
    this.#source = this.#bytes((writer) => source(writer, event));
    this.#middle = this.#bytes((writer) => middle(writer, event));
    this.#rest = this.#restOf(event);
  }

  /** @throws as TableEncoder.encode */
  add(frames: RecordFrames, event: RowEvent, { seq, limitBytes, largeBytes }: CopyPosition): CopyState {
    const { keyId, headers } = this.#options;
    const { after, source: of, transaction } = event;
    if (after === null) throw new SyncError('INTERNAL', 'a copied row without an image');
    const key = keyId === null ? null : this.#key(keyId, after);
    const image = this.#image(after);
    const [source, middle, rest] = [this.#source, this.#middle, transaction.last ? this.#restOf(event) : this.#rest];
    const [number, order] = [of.row, transaction.totalOrder];
    const valueBytes = image.length + source.length + longSize(number) + middle.length + 2 * longSize(order) + rest.length;
    const keyBytes = key === null ? 1 : longSize(key.length) + key.length;
    const most = valueBytes + keyBytes + headers.sizeOf(seq) + mostOfNumbers;
    if (most >= largeBytes) return 'large';
    if (frames.count > 0 && frames.bytes + most > limitBytes) return 'full';
    frames.room(most);
    const { slab: b, at, count } = frames;
    const body = 2 + longSize(count) + keyBytes + longSize(valueBytes) + valueBytes + headers.sizeOf(seq);
    let p = varint(b, at, body);
    b[p++] = 0; // attributes
    b[p++] = 0; // time since the batch's base
    p = varint(b, p, count);
    p = key === null ? varint(b, p, -1) : put(b, varint(b, p, key.length), key);
    p = put(b, varint(b, p, valueBytes), image);
    p = varint(b, put(b, p, source), number);
    p = put(b, p, middle);
    p = varintNumber(b, varintNumber(b, p, order), order);
    frames.wrote(1, headers.write(b, put(b, p, rest), seq));
    return 'added';
  }

  #restOf(event: RowEvent): Uint8Array {
    return this.#bytes((writer) => this.#options.parts.rest(writer, event));
  }

  #key(id: number, row: Row): Uint8Array {
    return this.#bytes((writer) => {
      writePrefix(writer, id);
      this.#options.writeKey(writer, row);
    });
  }

  /** The value up to its source block. */
  #image(row: Row): Uint8Array {
    return this.#bytes((writer) => {
      writePrefix(writer, this.#options.valueId);
      writer.byte(0);
      writer.byte(2);
      this.#options.writeRow(writer, row);
    });
  }

  #bytes(write: (writer: ByteWriter) => void): Uint8Array {
    this.#writer.begin();
    write(this.#writer);
    return this.#writer.finish();
  }
}

function put(b: Buffer, p: number, bytes: Uint8Array): number {
  b.set(bytes, p);
  return p + bytes.length;
}
