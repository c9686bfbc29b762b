/** Those who wait until something has been read, each for no longer than it says. */

interface Waiter {
  ready(): boolean;
  resolve(): void;
}

export class Waiters {
  #waiting: Waiter[] = [];

  /** True when it is ready, or when all were woken; false when that took too long. */
  async until(ready: () => boolean, withinMs: number): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const woken = new Promise<true>((resolve) => this.#waiting.push({ ready, resolve: () => resolve(true) }));
    const late = new Promise<false>((resolve) => (timer = setTimeout(() => resolve(false), withinMs)));
    const inTime = await Promise.race([woken, late]);
    clearTimeout(timer);
    if (!inTime) this.#waiting = this.#waiting.filter((waiter) => waiter.ready !== ready);
    return inTime;
  }

  /** Something was read. */
  wake(): void {
    if (this.#waiting.length === 0) return;
    const ready = this.#waiting.filter((waiter) => waiter.ready());
    this.#waiting = this.#waiting.filter((waiter) => !ready.includes(waiter));
    for (const { resolve } of ready) resolve();
  }

  /** Nothing will be read any more. */
  wakeAll(): void {
    for (const { resolve } of this.#waiting) resolve();
    this.#waiting = [];
  }
}
