/**
 * A queue between one task that reads and one that writes, bounded in bytes: the bound is the pipeline's back-pressure.
 * Order is kept; nothing is dropped. A failure of either side reaches the other.
 */
export class ByteQueue<T> {
  readonly #limit: number;
  #items: { readonly value: T; readonly bytes: number }[] = [];
  #head = 0;
  #bytes = 0;
  #failure: unknown;
  #closed = false;
  #room = Promise.withResolvers<void>();
  #filled = Promise.withResolvers<void>();

  constructor(limitBytes: number) {
    this.#limit = limitBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get length(): number {
    return this.#items.length - this.#head;
  }

  /** Adds an item. Returns a promise only when the writer must wait for room. An item larger than the whole bound is let through alone. */
  push(value: T, bytes: number): void | Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    this.#items.push({ value, bytes });
    this.#bytes += bytes;
    this.#filled.resolve();
    if (this.#bytes >= this.#limit) return this.#waitForRoom();
  }

  /** Takes what is there, at least one item and at most about `maxBytes`; waits while there is nothing; [] when closed and empty. */
  async take(maxBytes: number): Promise<T[]> {
    while (this.length === 0) {
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#closed) return [];
      this.#filled = Promise.withResolvers<void>();
      await this.#filled.promise;
    }
    if (this.#failure !== undefined) throw this.#failure;
    return this.#takeNow(maxBytes);
  }

  /** No more items will come. */
  close(): void {
    this.#closed = true;
    this.#filled.resolve();
  }

  /** Ends both sides with this error. */
  fail(error: unknown): void {
    this.#failure ??= error;
    this.#filled.resolve();
    this.#room.resolve();
  }

  async #waitForRoom(): Promise<void> {
    while (this.#bytes >= this.#limit && this.#failure === undefined) {
      this.#room = Promise.withResolvers<void>();
      await this.#room.promise;
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  #takeNow(maxBytes: number): T[] {
    const taken: T[] = [];
    let bytes = 0;
    for (let item = this.#items[this.#head]; item; item = this.#items[this.#head]) {
      if (taken.length > 0 && bytes + item.bytes > maxBytes) break;
      taken.push(item.value);
      bytes += item.bytes;
      this.#head += 1;
    }
    // Dropping the taken part costs a copy of the rest: only when it is the smaller half.
    if (this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    this.#bytes -= bytes;
    this.#room.resolve();
    return taken;
  }
}
