/** One after the other, in the order in which they come. */
export class Turns {
  #last: Promise<void> = Promise.resolve();

  /** Resolves when all before are over, to what ends this turn. */
  async next(): Promise<() => void> {
    const before = this.#last;
    const turn = Promise.withResolvers<void>();
    this.#last = turn.promise;
    await before;
    return turn.resolve;
  }
}
