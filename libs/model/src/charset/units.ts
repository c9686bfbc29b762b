/**
 * Collects UTF-16 code units as a string, in bounded memory beside it. One at a time: they share that memory, so that a short text costs
 * nothing more.
 */
const shared = new Uint16Array(4096);
const sharedBytes = Buffer.from(shared.buffer);

export class Units {
  #count = 0;
  #text = '';

  /** A code point, or half of a pair. */
  add(point: number): void {
    if (this.#count > shared.length - 2) this.#flush();
    if (point > 0xffff) {
      shared[this.#count++] = 0xd800 + ((point - 0x10000) >> 10);
      shared[this.#count++] = 0xdc00 + (point & 0x3ff);
    } else shared[this.#count++] = point;
  }

  text(): string {
    this.#flush();
    return this.#text;
  }

  #flush(): void {
    this.#text += sharedBytes.toString('utf16le', 0, 2 * this.#count);
    this.#count = 0;
  }
}
