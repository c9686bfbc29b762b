/**
 * A queue between one task that writes and one that reads, bounded in bytes: the bound is the pipeline's back-pressure. Order is kept;
 * nothing is dropped but by fail(). A writer that cannot wait sees `isFull` and stops its source until room() resolves. An item larger
 * than the whole bound is let through alone.
 */

/** Places of taken items that are always kept; beyond, the rest moves up when it is the smaller half. */
const mostTaken = 1000;

export class ByteQueue<T extends object | string | number> {
  readonly #limit: number;
  readonly #resumeAt: number;
  /** What was taken is undefined, so that it can be freed while the queue never runs empty. */
  #items: (T | undefined)[] = [];
  #sizes: number[] = [];
  #head = 0;
  #bytes = 0;
  /** Its error is null where what waits is all that there was to come. */
  #end: { readonly error: unknown } | null = null;
  #failed = false;
  #filled: PromiseWithResolvers<void> | null = null;
  #room: PromiseWithResolvers<void> | null = null;

  /**
   * @param limitBytes from here on it is full
   * @param resumeBytes a writer that waits for room goes on at so many bytes; by default as soon as it is full no more
   */
  constructor(limitBytes: number, resumeBytes = limitBytes - 1) {
    this.#limit = limitBytes;
    this.#resumeAt = resumeBytes;
  }

  /** Bytes of the items that wait. */
  get bytes(): number {
    return this.#bytes;
  }

  get isFull(): boolean {
    return this.#bytes >= this.#limit;
  }

  /** No more items are taken in. */
  get hasEnded(): boolean {
    return this.#end !== null;
  }

  /** Adds an item, also where the queue is full. @throws the error of fail() or close() */
  push(item: T, bytes: number): void {
    if (this.#end !== null) throw this.#end.error ?? new Error('the queue is closed');
    this.#items.push(item);
    this.#sizes.push(bytes);
    this.#bytes += bytes;
    if (this.#filled !== null) this.#wakeReader();
  }

  /** Resolves when a writer may go on. @throws the error of fail() */
  async room(): Promise<void> {
    if (this.isFull && !this.#failed) await (this.#room ??= Promise.withResolvers<void>()).promise;
    if (this.#failed) throw this.#end?.error;
  }

  /** The next item, or undefined if none waits now. */
  shift(): T | undefined {
    const head = this.#head;
    const item = this.#items[head];
    if (item === undefined) return undefined;
    this.#items[head] = undefined;
    this.#bytes -= this.#sizes[head]!;
    this.#head = head + 1;
    if (this.#head >= mostTaken && 2 * this.#head >= this.#items.length) this.#moveUp();
    if (this.#room !== null && this.#bytes <= this.#resumeAt) this.#wakeWriter();
    return item;
  }

  /** Takes what is there, at least one item and at most about `maxBytes`; waits while there is nothing; [] when closed and empty. */
  async take(maxBytes: number): Promise<T[]> {
    const taken: T[] = [];
    // fail() may come between the two.
    do if (!(await this.wait())) return taken;
    while (this.#head >= this.#items.length);
    let bytes = 0;
    do {
      bytes += this.#sizes[this.#head]!;
      taken.push(this.shift()!);
    } while (this.#head < this.#items.length && bytes + this.#sizes[this.#head]! <= maxBytes);
    return taken;
  }

  /** Resolves to true when an item waits, to false when none will come. @throws the error of fail() or close() when none will come */
  async wait(): Promise<boolean> {
    while (this.#head >= this.#items.length) {
      if (this.#end !== null) {
        if (this.#end.error !== null) throw this.#end.error;
        return false;
      }
      await (this.#filled ??= Promise.withResolvers<void>()).promise;
    }
    return true;
  }

  /** No more items will come: what waits is still given out, then the end, or this error. */
  close(error: Error | null = null): void {
    this.#end ??= { error };
    this.#wakeReader();
  }

  /** Ends both sides with this error, at once: what waits is dropped. */
  fail(error: unknown): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#end = { error };
    [this.#items, this.#sizes, this.#head, this.#bytes] = [[], [], 0, 0];
    this.#wakeReader();
    this.#wakeWriter();
  }

  #moveUp(): void {
    this.#items = this.#items.slice(this.#head);
    this.#sizes = this.#sizes.slice(this.#head);
    this.#head = 0;
  }

  #wakeReader(): void {
    this.#filled?.resolve();
    this.#filled = null;
  }

  #wakeWriter(): void {
    this.#room?.resolve();
    this.#room = null;
  }
}
