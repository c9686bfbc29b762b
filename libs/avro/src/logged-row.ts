/**
 * A row event whose images stay as they stand in its record until somebody asks for them: most rows become SQL without that. Each image is
 * checked before (row-code.ts in libs/rows), so asking for it throws nothing.
 */
import { ByteReader } from '@lutra/bytes';
import type { LoggedImages, Op, Row, RowEvent, RowSource, TableSchema, TransactionBlock } from '@lutra/model';
import { type CheckRow, malformed, rowCheck } from '@lutra/rows';

/** Reads `["null", Value]`. */
export type ReadImage = (reader: ByteReader) => Row | null;

/** Between an image's branch and its first column. */
const branchBytes = 1;

interface ImagesOf {
  readonly table: TableSchema;
  readonly read: ReadImage;
}

class Images implements LoggedImages {
  readonly table: TableSchema;
  source: Buffer;
  view: DataView;
  before: number;
  after: number;
  readonly bytes: number;
  readonly #read: ReadImage;
  #from: number;
  /** Undefined: not made. */
  #beforeRow: Row | null | undefined;
  #afterRow: Row | null | undefined;

  constructor(of: ImagesOf, { source, view }: Whole, at: { readonly before: number; readonly after: number; readonly end: number }) {
    const { before, after, end } = at;
    this.table = of.table;
    this.#read = of.read;
    this.source = source;
    this.view = view;
    this.before = before;
    this.after = after;
    this.#from = (before < 0 ? after : before) - branchBytes;
    this.bytes = end - this.#from;
  }

  get beforeRow(): Row | null {
    if (this.#beforeRow === undefined) this.#beforeRow = this.#row(this.before);
    return this.#beforeRow;
  }

  get afterRow(): Row | null {
    if (this.#afterRow === undefined) this.#afterRow = this.#row(this.after);
    return this.#afterRow;
  }

  #row(at: number): Row | null {
    return at < 0 ? null : this.#read(new ByteReader(this.source, at - branchBytes));
  }

  keep(): void {
    if (this.#from === 0 && this.source.length === this.bytes) return;
    const kept = Buffer.allocUnsafeSlow(this.bytes);
    this.source.copy(kept, 0, this.#from, this.#from + this.bytes);
    this.source = kept;
    this.view = new DataView(kept.buffer);
    if (this.before >= 0) this.before -= this.#from;
    if (this.after >= 0) this.after -= this.#from;
    this.#from = 0;
  }
}

/** All of the memory that a record is a view of: records of a batch share it, and a view of each would cost more than reading it. */
interface Whole {
  readonly memory: ArrayBufferLike;
  readonly source: Buffer;
  readonly view: DataView;
}

function wholeOf({ buffer }: Buffer): Whole {
  return { memory: buffer, source: Buffer.from(buffer), view: new DataView(buffer) };
}

/** Where the images of the record that is being read begin and end. */
export class ImagePlaces {
  readonly #of: ImagesOf;
  readonly #check: CheckRow;
  #whole: Whole = wholeOf(Buffer.alloc(0));
  /** Of the record, and its end, in all of the memory. */
  #base = 0;
  #limit = 0;
  #end = 0;

  constructor(of: ImagesOf, check: CheckRow) {
    this.#of = of;
    this.#check = check;
  }

  /** Null: the engine makes no code. */
  static of(table: TableSchema, read: ReadImage): ImagePlaces | null {
    const check = rowCheck(table.columns);
    return check && new ImagePlaces({ table, read }, check);
  }

  begin({ source }: ByteReader): void {
    if (source.buffer !== this.#whole.memory) this.#whole = wholeOf(source);
    this.#base = source.byteOffset;
    this.#limit = this.#base + source.length;
  }

  /** Where the next image begins; −1: there is none. @throws unusualImage */
  next(reader: ByteReader): number {
    const branch = reader.u8();
    if (branch === 0) return -1;
    if (branch !== 2) throw malformed('a union has no such branch');
    const { source, view } = this.#whole;
    const at = this.#base + reader.offset;
    const end = this.#check(source, view, at, this.#limit);
    if (end < 0) throw unusualImage;
    this.#end = end;
    reader.offset = end - this.#base;
    return at;
  }

  images(before: number, after: number): LoggedImages | null {
    return before < 0 && after < 0 ? null : new Images(this.#of, this.#whole, { before, after, end: this.#end });
  }
}

/** It is for the codec of objects, which says what is wrong with it or reads it. */
export const unusualImage = new RangeError('an image that is not usual');

type Facts = Pick<RowEvent, 'op' | 'source' | 'transaction' | 'tsMs'>;

export class LoggedRow implements RowEvent {
  readonly op: Op;
  readonly source: RowSource;
  readonly transaction: TransactionBlock;
  readonly tsMs: number;
  readonly images: LoggedImages | undefined;

  constructor({ op, source, transaction, tsMs }: Facts, images: LoggedImages | null) {
    this.op = op;
    this.source = source;
    this.transaction = transaction;
    this.tsMs = tsMs;
    this.images = images ?? undefined;
  }

  get before(): Row | null {
    return this.images?.beforeRow ?? null;
  }

  get after(): Row | null {
    return this.images?.afterRow ?? null;
  }
}
