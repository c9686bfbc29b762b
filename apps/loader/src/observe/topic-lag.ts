/**
 * How far a loader is behind: the age of what it applied last, and of what it has read and not committed. A topic that says nothing is no
 * proof: heartbeats come every 10 s also from an idle source, so without them capture does not run, or Kafka does not give, and the lag
 * grows from the last one on.
 */

const silenceMs = 15_000;

export class TopicLag {
  #ms: number | null = null;
  #provenAt = 0;
  /** Since when something is read and not committed; null: nothing is. */
  #pendingAt: number | null = null;

  get isKnown(): boolean {
    return this.#ms !== null;
  }

  /** What was committed at the source at `ms` is applied, and all before it; null: when that was is not known. */
  applied(ms: number | null): void {
    const now = Date.now();
    if (ms !== null) this.#ms = Math.max(0, now - ms);
    this.#provenAt = now;
  }

  read(): void {
    this.#pendingAt ??= Date.now();
  }

  /** All that was read is committed. */
  resolved(): void {
    this.#pendingAt = null;
  }

  /** null: not known yet. */
  ms(): number | null {
    if (this.#ms === null) return null;
    const now = Date.now();
    const silent = now - this.#provenAt;
    const least = Math.max(this.#pendingAt === null ? 0 : now - this.#pendingAt, silent > silenceMs ? silent : 0);
    return Math.round(Math.max(this.#ms, least));
  }
}
