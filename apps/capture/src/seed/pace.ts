/**
 * When the next chunk of an order may begin: so many at once, so many rows a second, and none while somebody is too far behind. From half
 * of that on one at a time: what is under way when the limit is passed comes on top of it.
 */
import type { SeedOrder } from '@lutra/model';

/** What a chunk waits for; null: nothing. */
export type Obstacle = string | null;

export interface PaceLimits {
  readonly obstacle: () => Obstacle;
  readonly isNear: () => boolean;
}

export class Pace {
  readonly #order: Pick<SeedOrder, 'parallel' | 'rowsPerSecond'>;
  readonly #obstacle: () => Obstacle;
  readonly #isNear: () => boolean;
  #underWay = 0;
  #notBefore = 0;
  #timer: NodeJS.Timeout | undefined;
  #waiting: ((done: () => void) => void)[] = [];

  /** `isNear`: somebody is half as far behind as he may be. */
  constructor(order: Pick<SeedOrder, 'parallel' | 'rowsPerSecond'>, { obstacle, isNear }: PaceLimits) {
    this.#order = order;
    this.#obstacle = obstacle;
    this.#isNear = isNear;
  }

  get waitingFor(): Obstacle {
    return this.#waiting.length > 0 ? this.#obstacle() : null;
  }

  /** In the order of the calls. Resolves to what is to be called when the chunk has ended. */
  turn(): Promise<() => void> {
    const { promise, resolve } = Promise.withResolvers<() => void>();
    this.#waiting.push(resolve);
    this.look();
    return promise;
  }

  published(rows: number): void {
    const { rowsPerSecond } = this.#order;
    if (rowsPerSecond !== null) this.#notBefore = Math.max(this.#notBefore, Date.now()) + (1000 * rows) / rowsPerSecond;
  }

  /** Again and again: obstacles go without a word. */
  look(): void {
    clearTimeout(this.#timer);
    const pauseMs = this.#notBefore - Date.now();
    if (pauseMs > 0 && this.#waiting.length > 0) this.#timer = setTimeout(() => this.look(), pauseMs).unref();
    while (
      this.#underWay < (this.#isNear() ? 1 : this.#order.parallel) &&
      this.#waiting.length > 0 &&
      Date.now() >= this.#notBefore &&
      this.#obstacle() === null
    ) {
      this.#underWay += 1;
      let isOver = false;
      this.#waiting.shift()?.(() => {
        if (isOver) return;
        isOver = true;
        this.#underWay -= 1;
        this.look();
      });
    }
  }
}
