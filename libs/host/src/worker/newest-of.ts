/** Hands on the newest of values that come in quick succession: the first at once, then at most one an interval, the last one always. */
export class NewestOf<T> {
  readonly #handle: (value: T) => void;
  readonly #intervalMs: number;
  #timer: NodeJS.Timeout | undefined;
  #waiting: { readonly value: T } | undefined;

  constructor(intervalMs: number, handle: (value: T) => void) {
    this.#intervalMs = intervalMs;
    this.#handle = handle;
  }

  push(value: T): void {
    this.#waiting = { value };
    if (this.#timer === undefined) this.#pass();
  }

  /** What waits is dropped. */
  end(): void {
    clearTimeout(this.#timer);
    this.#waiting = undefined;
  }

  #pass(): void {
    this.#timer = undefined;
    const waiting = this.#waiting;
    if (!waiting) return;
    this.#waiting = undefined;
    this.#timer = setTimeout(() => this.#pass(), this.#intervalMs);
    this.#handle(waiting.value);
  }
}
