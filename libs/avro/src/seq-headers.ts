/** The headers of row records, as bytes: they differ in their number only, which is counted up in its digits. */
import { headerBytes } from '@lutra/bytes';
import { headerNames, type RecordHeader } from '@lutra/model';
import { toHeaders } from './headers.js';

const [zero, nine] = [0x30, 0x39];

export class SeqHeaders {
  readonly #of: Omit<RecordHeader, 'seq'>;
  readonly #schema: string;
  #bytes: Buffer = Buffer.alloc(0);
  /** Of the number that stands in them: its digits end here. */
  #end = 0;
  #seq = -1;

  constructor(of: Omit<RecordHeader, 'seq'>, schema: string) {
    this.#of = of;
    this.#schema = schema;
  }

  /** Most of them, whatever the number. */
  get most(): number {
    return this.#bytes.length + 32;
  }

  sizeOf(seq: number): number {
    if (seq !== this.#seq) this.#set(seq);
    return this.#bytes.length;
  }

  /** Into `b` at `p`; returns the place behind. */
  write(b: Buffer, p: number, seq: number): number {
    if (seq !== this.#seq) this.#set(seq);
    b.set(this.#bytes, p);
    return p + this.#bytes.length;
  }

  #set(seq: number): void {
    const isNext = seq === this.#seq + 1;
    this.#seq = seq;
    if (!(isNext && this.#countUp())) this.#make(seq);
  }

  /** False: the next number has a digit more. */
  #countUp(): boolean {
    const bytes = this.#bytes;
    let at = this.#end - 1;
    while (bytes[at] === nine) bytes[at--] = zero;
    const digit = bytes[at]!;
    if (digit < zero || digit > nine) return false;
    bytes[at] = digit + 1;
    return true;
  }

  #make(seq: number): void {
    const headers = toHeaders({ ...this.#of, seq }, this.#schema);
    const names = Object.keys(headers);
    const upTo = names.slice(0, names.indexOf(headerNames.seq) + 1).map((name) => [name, headers[name] ?? ''] as const);
    this.#bytes = headerBytes(headers);
    this.#end = headerBytes(Object.fromEntries(upTo)).length;
  }
}
