/**
 * What was gathered of the log and is not sent: batches that are full, and the one that is open, which grows until somebody takes it.
 * Bounded in bytes: a writer sees `isFull` and waits for room(). A record goes into its batch as it will go over the wire; a large one is a
 * batch of its own, and is framed where it is sent.
 */
import type { EncodedRecord } from '@lutra/avro';
import { headerBytes, RecordFrames } from '@lutra/bytes';
import { batchHeadBytes } from '@lutra/bus';
import type { FramedRecords } from '@lutra/bus';
import type { ControlRecord, Op, RecordHeader } from '@lutra/model';
import type { About } from './about-record.js';

/** What is still to know of rows once they are encoded. The rows themselves are let go: thousands of them may wait. */
export interface RowFacts {
  readonly op: Op;
  /** The last of them ends its transaction. */
  readonly last: boolean;
  /** Commit time at the source, ms since 1970. */
  readonly commitMs: number;
  /** On the last row of its transaction. */
  readonly gtid: string | null;
}

/** One record, or rows of one event that stand one behind the other. */
export interface Part {
  /** Of the last one. */
  readonly header: RecordHeader;
  readonly count: number;
  readonly bytes: number;
  readonly row: RowFacts | null;
  readonly control: ControlRecord | null;
  /** Of a record that may be too large: what to say about it. */
  readonly about: About | null;
}

export interface Batch {
  readonly parts: readonly Part[];
  readonly count: number;
  readonly bytes: number;
  readonly records: FramedRecords | readonly EncodedRecord[];
}

/** No limit of a topic is smaller. */
export const largeBytes = 100_000;
/** Kafka's own bytes around a record that it is not framed with yet, roughly. */
const recordOverhead = 120;

export interface BatchesOptions {
  /** Bytes that may wait. */
  readonly queueBytes: number;
  /** Bytes of one batch. */
  readonly batchBytes: number;
}

export class Batches {
  readonly frames = new RecordFrames(batchHeadBytes);
  readonly #options: BatchesOptions;
  #closed: Batch[] = [];
  #closedBytes = 0;
  #open: Part[] = [];
  #openCount = 0;
  /** Its error is null where nothing more will come. */
  #end: { readonly error: unknown } | null = null;
  #failed = false;
  #filled: PromiseWithResolvers<void> | null = null;
  #room: PromiseWithResolvers<void> | null = null;

  constructor(options: BatchesOptions) {
    this.#options = options;
  }

  get bytes(): number {
    return this.#closedBytes + this.frames.bytes - batchHeadBytes;
  }

  get isFull(): boolean {
    return this.bytes >= this.#options.queueBytes;
  }

  /** Of the open batch in `frames`. */
  get limitBytes(): number {
    return this.#options.batchBytes + batchHeadBytes;
  }

  /** @throws the error of fail() */
  add(record: EncodedRecord, part: Omit<Part, 'bytes' | 'count'>): void {
    const { key, value } = record;
    const size = (key?.length ?? 0) + value.length;
    if (size >= largeBytes) {
      this.requireOpen();
      this.closeBatch();
      const bytes = size + recordOverhead;
      this.#push({ parts: [{ ...part, bytes, count: 1 }], count: 1, bytes, records: [record] });
      return;
    }
    const headers = headerBytes(record.headers);
    if (this.frames.bytes + size + headers.length + framing > this.limitBytes) this.closeBatch();
    const before = this.frames.bytes;
    this.frames.add({ key, value, headers });
    this.added({ ...part, bytes: this.frames.bytes - before, count: 1 });
  }

  /** It stands in `frames`. @throws the error of fail() */
  added(part: Part): void {
    this.requireOpen();
    this.#open.push(part);
    this.#openCount += part.count;
    this.#wakeReader();
  }

  /** A row that stands in `frames`, behind others of its transaction perhaps: thousands of parts would differ in a number. */
  copied(header: RecordHeader, row: RowFacts): void {
    this.requireOpen();
    const last = this.#open.at(-1);
    const isMore = last?.row?.op === row.op && !last.row.last && last.row.commitMs === row.commitMs && last.header.seq === header.seq - 1;
    const before = this.#open.reduce((sum, { bytes }) => sum + bytes, batchHeadBytes);
    const bytes = this.frames.bytes - before;
    if (!isMore) return this.added({ header, count: 1, bytes, row, control: null, about: null });
    this.#open.pop();
    this.#openCount -= last.count;
    this.added({ ...last, header, row, count: last.count + 1, bytes: last.bytes + bytes });
  }

  /** What comes next begins another one. */
  closeBatch(): void {
    const taken = this.#takeOpen();
    if (taken) this.#push(taken);
  }

  /** Resolves when a writer may go on. @throws the error of fail() */
  async room(): Promise<void> {
    if (this.isFull && !this.#failed) await (this.#room ??= Promise.withResolvers<void>()).promise;
    if (this.#failed) throw this.#end?.error;
  }

  /** The next batch, full or not; waits while there is none; null when closed and empty. @throws the error of fail() */
  async next(): Promise<Batch | null> {
    for (;;) {
      if (this.#failed) throw this.#end?.error;
      const batch = this.#closed.shift();
      if (batch) this.#closedBytes -= batch.bytes;
      const taken = batch ?? this.#takeOpen();
      if (taken) {
        if (!this.isFull) this.#wakeWriter();
        return taken;
      }
      if (this.#end !== null) return null;
      await (this.#filled ??= Promise.withResolvers<void>()).promise;
    }
  }

  close(): void {
    this.#end ??= { error: new Error('the log is closed') };
    this.#wakeReader();
  }

  /** Ends both sides with this error, at once: what waits is dropped. */
  fail(error: unknown): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#end = { error };
    [this.#closed, this.#closedBytes, this.#open, this.#openCount] = [[], 0, [], 0];
    this.#wakeReader();
    this.#wakeWriter();
  }

  requireOpen(): void {
    if (this.#end !== null) throw this.#end.error;
  }

  #push(batch: Batch): void {
    this.#closed.push(batch);
    this.#closedBytes += batch.bytes;
    this.#wakeReader();
  }

  #takeOpen(): Batch | null {
    const count = this.#openCount;
    if (count === 0) return null;
    const bytes = this.frames.bytes - batchHeadBytes;
    const batch = { parts: this.#open, count, bytes, records: { batch: this.frames.finish(), count } };
    [this.#open, this.#openCount] = [[], 0];
    return batch;
  }

  #wakeReader(): void {
    this.#filled?.resolve();
    this.#filled = null;
  }

  #wakeWriter(): void {
    this.#room?.resolve();
    this.#room = null;
  }
}

/** Of a small record in its batch: lengths and numbers, no fewer than they take. */
const framing = 8;
