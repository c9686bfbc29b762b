/** Makes a transaction large: puts a batch of rows in, and takes the writer's batch before it out. */
import type { Transaction } from '../harness/index.js';
import { ballast } from './shapes.js';
import { numberOf } from './values.js';

/** 400 kB of text: more than what a loader takes whole. */
const rows = 1000;
const payload = 'otter '.repeat(66);

export class BallastWriter {
  readonly #base: number;
  #batch = 0;
  /** That may be there. */
  #last = 0;

  constructor(owner: string) {
    this.#base = numberOf(owner) * 1e10;
  }

  async write(transaction: Transaction): Promise<void> {
    const first = this.#base + ++this.#batch * rows; // even if it fails: keys are not used again
    const values = Array.from({ length: rows }, (_, index) => [first + index, payload]);
    await transaction.insert(ballast.name, `INSERT INTO ${ballast.name} VALUES ?`, [values]);
    const old = [this.#base + this.#last * rows, first - 1];
    await transaction.delete(ballast.name, `DELETE FROM ${ballast.name} WHERE id BETWEEN ? AND ?`, old);
  }

  committed(): void {
    this.#last = this.#batch;
  }
}
