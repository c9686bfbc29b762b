/**
 * Row images of a rows event → records, in one pass: one function per table version and operation, whose loop writes framing, key, value
 * and headers of one row behind the other into the batch. The bytes are those of the codec of objects (encoder.ts), which writes what the
 * function leaves to it: a row that is large, or has a value that is not usual, or none.
 */
import { ByteWriter, type RecordFrames } from '@lutra/bytes';
import type { ImageBytes, RowEvent, TableSchema } from '@lutra/model';
import { closeLength, compiled, imageCode, varint } from '@lutra/rows';
import { type EventParts, eventParts } from './envelope.js';
import type { SeqHeaders } from './seq-headers.js';

/** Rows of one table, in their order, that nobody has looked into. */
export interface RowsRun {
  /** Of the first row, without images: the others differ in their numbers, and have no session. */
  readonly event: RowEvent;
  readonly images: ImageBytes;
}

export interface RunPosition {
  /** Of the batch. */
  readonly limitBytes: number;
  /** A record of that size is for the codec of objects. */
  readonly largeBytes: number;
  /** Of the next record. */
  readonly seq: number;
}

/** full: of the batch. other: the next row is for the codec of objects. */
export type RunState = 'done' | 'full' | 'other';

/** What the function takes and gives: more than one value, each time anew. */
interface Pass {
  b: Buffer;
  d: DataView;
  p: number;
  /** No record begins that could end behind it, unless it is the first one of its batch. */
  limit: number;
  /** A record of that size is told of by its row: the codec of objects makes it. */
  large: number;
  index: number;
  seq: number;
  row: number;
  order: number;
  /** Of the first row; null: it is written. */
  first: Uint8Array | null;
  /** Rows that were written. */
  rows: number;
  /** Why it ended before the end. */
  stop: 'full' | 'room' | 'other' | '';
  need: number;
  readonly source: Uint8Array;
  readonly middle: Uint8Array;
  readonly rest: Uint8Array;
  readonly headers: SeqHeaders;
}

type EncodeRows = (src: Buffer, sv: DataView, s: number, end: number, pass: Pass) => number;

/** Beyond that a row is for the codec of objects, which has the event loop have its turns. */
const mostOfRow = 256 * 1024;

const parts = { source: new ByteWriter(4096), none: new Uint8Array() };

export class RunWriter {
  /** Rows that are written. */
  rows = 0;
  readonly #run: RowsRun;
  readonly #encode: EncodeRows;
  readonly #pass: Pass;
  #at: number;

  constructor(
    encode: EncodeRows,
    run: RowsRun,
    of: { readonly parts: EventParts; readonly headers: SeqHeaders; readonly frames: RecordFrames },
  ) {
    const { event, images } = run;
    const { slab: b, view: d, at: p } = of.frames;
    this.#run = run;
    this.#encode = encode;
    this.#at = images.from;
    this.#pass = {
      b,
      d,
      p,
      limit: 0,
      large: 0,
      index: 0,
      seq: 0,
      row: event.source.row,
      order: event.transaction.totalOrder,
      rows: 0,
      stop: '',
      need: 0,
      headers: of.headers,
      ...eventBytes(of.parts, run),
    };
  }

  /** Writes into the batch up to its limit. */
  write(frames: RecordFrames, { limitBytes, largeBytes, seq }: RunPosition): RunState {
    const { images } = this.#run;
    const pass = this.#pass;
    pass.seq = seq;
    pass.large = largeBytes;
    for (;;) {
      pass.b = frames.slab;
      pass.d = frames.view;
      pass.p = frames.at;
      pass.index = frames.count;
      pass.limit = frames.at - frames.bytes + limitBytes;
      pass.rows = 0;
      pass.stop = '';
      this.#at = this.#encode(images.source, images.view, this.#at, images.end, pass);
      frames.wrote(pass.rows, pass.p);
      this.rows += pass.rows;
      if (pass.stop === '') return 'done';
      if (pass.stop !== 'room') return pass.stop;
      if (pass.need > mostOfRow) return 'other';
      frames.room(pass.need);
    }
  }
}

/** What the rows share. */
function eventBytes({ source, middle, rest }: EventParts, { event, images }: RowsRun): Pick<Pass, 'source' | 'middle' | 'rest' | 'first'> {
  const writer = parts.source;
  const bytesOf = (write: () => void): Uint8Array => {
    writer.begin();
    write();
    return writer.finish();
  };
  const isAlone = images.rows === 1;
  const behind = { ...event, transaction: { ...event.transaction, session: null } };
  return {
    source: bytesOf(() => source(writer, event)),
    middle: bytesOf(() => middle(writer, event)),
    first: bytesOf(() => rest(writer, event)),
    rest: isAlone ? parts.none : bytesOf(() => rest(writer, behind)),
  };
}

export interface RowsCompilerOptions {
  readonly table: TableSchema;
  readonly valueId: number;
  readonly keyId: number | null;
}

/** Makes the function of a table version and an operation when it is first asked for. */
export class RowsCompiler {
  readonly parts: EventParts | null;
  readonly #options: RowsCompilerOptions;
  readonly #made = new WeakMap<ImageBytes['columns'], Map<string, EncodeRows>>();

  constructor(options: RowsCompilerOptions) {
    this.#options = options;
    this.parts = eventParts(options.table);
  }

  encode(op: RowEvent['op'], columns: ImageBytes['columns']): EncodeRows {
    let byOp = this.#made.get(columns);
    if (!byOp) this.#made.set(columns, (byOp = new Map()));
    let encode = byOp.get(op);
    if (!encode) byOp.set(op, (encode = encodeRows(op, columns, this.#options)));
    return encode;
  }
}

/** A magic byte, and the schema's id in four: the head of Confluent's format. */
function prefix(id: number): string {
  return [0, id >>> 24, (id >>> 16) & 0xff, (id >>> 8) & 0xff, id & 0xff].map((byte) => `b[p++] = ${byte};`).join(' ');
}

/** Kafka's and Confluent's bytes around a record. */
const frameBytes = 64;

function encodeRows(op: RowEvent['op'], columns: ImageBytes['columns'], { table, valueId, keyId }: RowsCompilerOptions): EncodeRows {
  const { scan, image, key, most, constants } = imageCode(columns);
  const [hasBefore, hasAfter] = [op !== 'c', op !== 'd'];
  const keys = table.primaryKey.map((name) => table.columns.findIndex((column) => column.name === name));
  const [ofImages, ofKey] = [most(), most(keys)];
  const fixed = (hasBefore && hasAfter ? 2 : 1) * ofImages.plus + ofKey.plus + frameBytes;
  const keyCode = `const keyAt = p++; ${prefix(keyId ?? 0)}\n${key(hasAfter ? 'y' : 'x', keys)}\np = closeKey(b, keyAt, p);`;
  const code = `return function encodeRows(src, sv, s, end, pass) {
const { b, d, limit, large, source, middle, rest, headers } = pass;
const most = b.length, fixed = ${fixed} + source.length + middle.length + (pass.first ?? rest).length + headers.most;
let { p, index, seq, row, order, first } = pass;
let start = s, at = p, rows = 0, stop = '';
try {
while (s < end) {
start = s; at = p;
${hasBefore ? scan('x') : ''}
${hasAfter ? scan('y') : ''}
const need = (s - start) * ${ofImages.times + ofKey.times} + fixed;
if (at + need > limit && index !== 0) { stop = 'full'; s = start; break; }
if (at + need > most) { stop = 'room'; pass.need = need; s = start; break; }
p += 2;
b[p++] = 0; b[p++] = 0;
p = varint(b, p, index);
${keyId === null ? 'b[p++] = 1;' : keyCode}
const valueAt = p; p += 2;
${prefix(valueId)}
${hasBefore ? `b[p++] = 2;\n${image('x')}` : 'b[p++] = 0;'}
${hasAfter ? `b[p++] = 2;\n${image('y')}` : 'b[p++] = 0;'}
b.set(source, p); p = varint(b, p + source.length, row);
b.set(middle, p); p = varintNumber(b, p + middle.length, order); p = varintNumber(b, p, order);
const ends = first ?? rest;
b.set(ends, p); p = closeLength(b, valueAt, p + ends.length);
p = closeLength(b, at, headers.write(b, p, seq));
if (p > most || p - at >= large) throw tooLong();
first = null; index++; seq++; row++; order++; rows++;
}
} catch { stop = 'other'; s = start; p = at; }
pass.p = p; pass.index = index; pass.seq = seq; pass.row = row; pass.order = order; pass.first = first; pass.rows = rows; pass.stop = stop;
return s;
};`;
  return compiled<EncodeRows>(code, constants, { closeLength, closeKey, tooLong });
}

/** One byte was left for its length. */
function closeKey(b: Buffer, at: number, end: number): number {
  const length = end - at - 1;
  if (length < 0x40) {
    b[at] = length << 1;
    return end;
  }
  const size = length < 0x2000 ? 2 : 3;
  b.copyWithin(at + size, at + 1, end);
  varint(b, at, length);
  return at + size + length;
}

function tooLong(): RangeError {
  return new RangeError('a row that became longer than expected');
}
