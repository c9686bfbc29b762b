/**
 * How far capture is behind its source, measured against the source's own position: what it had at a look (libs/binlog's source-watch.ts)
 * and is not acknowledged yet makes the lag as old as that look, whatever comes or does not come. Clocks of two machines are not compared
 * for that.
 *
 * The naive way is the age of the last transaction, and 0 when nothing comes. Counter-examples: a dump that sends nothing (0 for ever);
 * gigabytes of tables that are not routed (0 between two of ours); a source whose clock is ahead (always 0). So that age counts only within
 * what the looks prove.
 */
import { isBefore } from '@lutra/binlog';
import type { SourceEnd } from '@lutra/binlog';
import type { FilePosition } from '@lutra/model';

interface Mark {
  readonly end: FilePosition;
  /** ms: what the source had then is not acknowledged before `end` is. */
  readonly at: number;
  /** Our record up to which everything before `end` is in the log; null until it was read. */
  seq: number | null;
}

/** Between two looks lie 3 s; after so long without one nothing is proven any more. */
const overdueMs = 12_000;
/** More would be of no use: two neighbours become one, which errs to the longer lag. */
const mostMarks = 256;

export class SourceLag {
  #marks: Mark[] = [];
  #read: { readonly position: FilePosition; readonly seq: number } | null = null;
  #seq = -1;
  /** All that the source had then is acknowledged. */
  #reachedAt: number | null = null;
  /** The age of what was handled last, and when that was. */
  #age: { readonly ms: number; readonly at: number } | null = null;

  /** Something is proven: before that, what is known from elsewhere is the better answer. */
  get isKnown(): boolean {
    return this.#reachedAt !== null || this.#age !== null;
  }

  looked({ file, pos, at }: SourceEnd): void {
    this.#marks.push({ end: { file, pos }, at, seq: null });
    if (this.#marks.length > mostMarks) this.#merge();
    if (this.#read) this.read(this.#read.position, this.#read.seq);
  }

  /** Everything before `position` was read; its records are those up to `seq`. */
  read(position: FilePosition, seq: number): void {
    this.#read = { position, seq };
    for (const mark of this.#marks) {
      if (isBefore(position, mark.end)) break;
      mark.seq ??= seq;
    }
    this.#settle();
  }

  acknowledged(seq: number): void {
    this.#seq = seq;
    this.#settle();
  }

  /** A transaction was acknowledged, or had nothing for us; `ms` old by the source's clock. */
  handled(ms: number): void {
    this.#age = { ms: Math.max(0, ms), at: Date.now() };
  }

  /** Nothing is left to do. */
  idle(): void {
    if (this.#age) this.#age = { ...this.#age, ms: 0 };
  }

  /** null: not known yet. */
  ms(): number | null {
    if (!this.isKnown) return null;
    const now = Date.now();
    const least = now - this.#provenAt(now);
    const most = this.#reachedAt === null ? Infinity : now - this.#reachedAt;
    return Math.max(0, least, Math.min(this.#ageMs(now), most));
  }

  /** What is behind it is no younger while it is not handled. */
  #ageMs(now: number): number {
    if (!this.#age) return 0;
    return this.#age.ms + (this.#marks.length > 0 ? now - this.#age.at : 0);
  }

  #provenAt(now: number): number {
    const [oldest] = this.#marks;
    if (oldest) return oldest.at;
    const last = Math.max(this.#reachedAt ?? 0, this.#age?.at ?? 0);
    return now - last > overdueMs ? last : now;
  }

  #settle(): void {
    for (const mark of this.#marks) {
      if (mark.seq === null || mark.seq > this.#seq) return;
      this.#reachedAt = mark.at;
      this.#marks = this.#marks.slice(1);
    }
  }

  #merge(): void {
    this.#marks = this.#marks.flatMap((mark, index, all) => (index % 2 === 0 ? [] : [{ ...mark, at: all[index - 1]?.at ?? mark.at }]));
  }
}
