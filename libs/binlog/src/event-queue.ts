/**
 * Events between the connection, which pushes, and the reader, which pulls. Bounded by the caller: it sees `bytes` and is told of each
 * pull.
 */
/** Places of events that were given out; then the rest moves up. */
const mostGivenOut = 10_000;

export class EventQueue {
  /** What was given out is undefined, so that it can be freed while the queue never runs empty. */
  #events: (Buffer | undefined)[] = [];
  #next = 0;
  #bytes = 0;
  #error: Error | null = null;
  #wake: (() => void) | null = null;

  /** Bytes of the events that wait. */
  get bytes(): number {
    return this.#bytes;
  }

  get failed(): boolean {
    return this.#error !== null;
  }

  push(event: Buffer): void {
    if (this.#error !== null) return;
    this.#events.push(event);
    this.#bytes += event.length;
    this.#wake?.();
  }

  /** Ends the queue: what was pushed before is still given out, then the error is thrown. */
  fail(error: Error): void {
    this.#error ??= error;
    this.#wake?.();
  }

  /** Drops what waits, too. */
  abort(error: Error): void {
    this.#events = [];
    this.#next = 0;
    this.#bytes = 0;
    this.#error = error;
    this.#wake?.();
  }

  /** The next event, or undefined if none waits now. */
  shift(): Buffer | undefined {
    const event = this.#events[this.#next];
    if (event === undefined) return undefined;
    this.#events[this.#next++] = undefined;
    this.#bytes -= event.length;
    if (this.#next === this.#events.length || this.#next >= mostGivenOut) {
      this.#events = this.#events.slice(this.#next);
      this.#next = 0;
    }
    return event;
  }

  /** Resolves when an event waits. @throws the error of `fail` when none will come */
  async wait(): Promise<void> {
    while (this.#next >= this.#events.length) {
      if (this.#error !== null) throw this.#error;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = null;
    }
  }
}
