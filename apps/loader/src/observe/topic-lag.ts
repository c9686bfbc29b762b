/**
 * How far a loader is behind: the age of what it applied last, and of what it has read and not committed; it grows from there on while
 * nothing is applied. A topic that says nothing is no proof: heartbeats come every 10 s also from an idle source, so without them capture
 * does not run, or Kafka does not give, and the lag grows from the last one on.
 *
 * The naive way is one time, set by the first row that is read and unset when nothing is left. Counter-example: a loader that commits
 * within 100 ms and always has the next rows in hand, which would be told as behind since its start. So each Kafka batch has a time.
 */

/** Of one Kafka batch, as far as it is not committed. */
interface Mark {
  readonly at: number;
  /** When its first row was committed at the source; when it came, if that is later. */
  readonly since: number;
  /** Of its last record that must be committed, so far. */
  seq: number;
}

const silenceMs = 15_000;
/** While more wait, batches share the last mark, which errs to the longer lag. */
const mostMarks = 256;

export class TopicLag {
  #ms: number | null = null;
  #provenAt = 0;
  #batchAt = 0;
  /** Of the last record that was read and ends a transaction. */
  #endSeq = -1;
  #appliedSeq = -1;
  readonly #marks: Mark[] = [];

  get isKnown(): boolean {
    return this.#ms !== null;
  }

  /** Something is read and not committed. */
  get isPending(): boolean {
    return this.#marks.length > 0;
  }

  /** A Kafka batch came. */
  batch(): void {
    this.#batchAt = Date.now();
  }

  /** It holds a record that must be committed. `isEnd`: its transaction is complete with it; `ms`: when it was committed at the source. */
  read(seq: number, isEnd: boolean, ms: number): void {
    const last = this.#marks.at(-1);
    if (last && (last.at === this.#batchAt || this.#marks.length === mostMarks)) last.seq = seq;
    else this.#marks.push({ at: this.#batchAt, since: Math.min(this.#batchAt, ms), seq });
    if (isEnd) this.#endSeq = seq;
  }

  /** The open transaction is void. It may never come again: the next leader may leave its tables out. */
  discarded(): void {
    for (const mark of this.#marks) mark.seq = Math.min(mark.seq, this.#endSeq);
    this.#drop();
  }

  /** All up to `seq` is applied, which was committed at the source at `ms` or before; null: when that was is not known. */
  applied(seq: number, ms: number | null): void {
    const now = Date.now();
    if (ms !== null) this.#ms = Math.max(0, now - ms);
    this.#provenAt = now;
    this.#appliedSeq = seq;
    this.#drop();
  }

  /** null: not known yet. */
  ms(): number | null {
    if (this.#ms === null) return null;
    const now = Date.now();
    const silent = now - this.#provenAt;
    const [oldest] = this.#marks;
    return Math.round(Math.max(this.#ms + (silent > silenceMs && !oldest ? silent : 0), oldest ? now - oldest.since : 0));
  }

  #drop(): void {
    while (this.#marks[0] && this.#marks[0].seq <= this.#appliedSeq) this.#marks.shift();
  }
}
