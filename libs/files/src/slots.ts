/** So many at once; who comes first begins first. */
import { untilAborted } from '@lutra/runtime';

const never = new AbortController().signal;

export class Slots {
  #free: number;
  readonly #waiting = new Set<() => void>();

  constructor(count: number) {
    this.#free = count;
  }

  /** @throws SyncError ABORTED */
  async run<T>(work: () => Promise<T>, signal = never): Promise<T> {
    const release = await this.take(signal);
    try {
      return await work();
    } finally {
      release();
    }
  }

  /** @returns gives it back, and does nothing when it is called again. @throws SyncError ABORTED */
  async take(signal = never): Promise<() => void> {
    await untilAborted<void>(signal, (resolve) => {
      if (this.#free > 0) {
        this.#free -= 1;
        resolve();
        return () => undefined;
      }
      const turn = (): void => resolve();
      this.#waiting.add(turn);
      return () => void this.#waiting.delete(turn);
    });
    let isHeld = true;
    return () => {
      if (isHeld) this.#release();
      isHeld = false;
    };
  }

  #release(): void {
    const [next] = this.#waiting;
    if (!next) {
      this.#free += 1;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
