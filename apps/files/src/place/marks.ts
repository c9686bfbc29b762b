/**
 * Rights to delete a file, by path: given where no open placing names it, void as soon as one does. Between the two the database is asked
 * whether a row names it; a row that comes later is placed before it is committed.
 */
import { randomUUID } from 'node:crypto';

/** The oldest ones beyond are void. */
const most = 100_000;

export class Marks {
  readonly #marks = new Map<string, string>();

  give(path: string): string {
    const mark = randomUUID();
    this.#marks.delete(path);
    this.#marks.set(path, mark);
    const [oldest = ''] = this.#marks.keys();
    if (this.#marks.size > most) this.#marks.delete(oldest);
    return mark;
  }

  void(path: string): void {
    this.#marks.delete(path);
  }

  /** It is good once. */
  take(path: string, mark: string): boolean {
    const isGood = this.#marks.get(path) === mark;
    this.#marks.delete(path);
    return isGood;
  }
}
