/**
 * Writes the log: numbers the records, gathers what is there into one request, one request in flight, and the next one, if it is full, at
 * its compression. What it hands to Kafka is in order and without a hole; when a request fails finally, or an acknowledged offset is not
 * the one that must come next, the leadership ends. What the publisher has by then may still be written: a leader that was replaced has the
 * older epoch, so no reader takes it (log-rule.ts).
 */
import type { During } from '@lutra/runtime';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { CopiesWriter, EncodedRecord, RecordEncoder, RowsRun, RunWriter, TableEncoder } from '@lutra/avro';
import type { Publisher } from '@lutra/bus';
import { ofTable, SyncError, toSyncError } from '@lutra/model';
import type { ControlRecord, RecordHeader, RowEvent, RowImage, TableSchema } from '@lutra/model';
import { aboutControl, aboutRow, withAbout } from './about-record.js';
import { Batches, largeBytes } from './batches.js';
import type { Batch, Part } from './batches.js';
import { factsOf, rowOf } from './run-rows.js';

/** What was acknowledged: a record, or rows that stand one behind the other. */
export interface Acknowledged extends Omit<Part, 'about'> {
  /** Of the last one. */
  readonly offset: number;
}

export interface LogWriterOptions {
  /** One request at a time, in the order of the calls; behind one that failed each call fails, and nothing is sent. */
  readonly publisher: Pick<Publisher, 'publish'>;
  readonly encoder: RecordEncoder;
  readonly log: string;
  readonly epoch: number;
  readonly nextSeq: number;
  readonly nextOffset: number;
  /** Bytes of encoded records that may wait. */
  readonly queueBytes: number;
  /** Bytes of one request. */
  readonly batchBytes: number;
  readonly during?: During | undefined;
  onAcknowledged(records: readonly Acknowledged[]): void;
}

/** Encoding a record of this size is a piece of work of its own: the event loop has its turn before the next one. */
const turnBytes = 1024 * 1024;

export class LogWriter {
  readonly #options: LogWriterOptions;
  readonly #queue: Batches;
  readonly #encoders = new Map<TableSchema, TableEncoder>();
  #nextSeq: number;
  #nextOffset: number;

  constructor(options: LogWriterOptions) {
    this.#options = options;
    this.#queue = new Batches(options);
    this.#nextSeq = options.nextSeq;
    this.#nextOffset = options.nextOffset;
  }

  get queuedBytes(): number {
    return this.#queue.bytes;
  }

  /** Of the record that was handed over last. */
  get lastSeq(): number {
    return this.#nextSeq - 1;
  }

  /** Resolves when there is room for more. Call it without overlap: the order of the calls is the order of the log. */
  async row(table: TableSchema, event: RowEvent): Promise<void> {
    const encoder = this.#encoders.get(table) ?? (await this.#prepare(table));
    await this.#row(encoder, table, event);
  }

  /** The same for each of them. One is let go before the next one is asked for. */
  async rows(table: TableSchema, events: Iterable<RowEvent>): Promise<void> {
    const encoder = this.#encoders.get(table) ?? (await this.#prepare(table));
    const { log, epoch } = this.#options;
    let copies: CopiesWriter | null | undefined;
    for (const event of events) {
      if (copies === undefined) copies = encoder.copies(event, { frames: this.#queue.frames, log, epoch });
      const isAdded = copies !== null && !encoder.isLarge(event) && this.#copy(copies, table, event);
      if (!isAdded) await this.#row(encoder, table, event);
      else if (this.#queue.isFull) await this.#queue.room();
    }
  }

  /** False: it is for a batch of its own. */
  #copy(copies: CopiesWriter, table: TableSchema, event: RowEvent): boolean {
    const { frames, limitBytes } = this.#queue;
    this.#queue.requireOpen();
    const place = { seq: this.#nextSeq, limitBytes, largeBytes };
    try {
      let state = copies.add(frames, event, place);
      if (state === 'full') {
        this.#queue.closeBatch();
        state = copies.add(frames, event, place);
      }
      if (state !== 'added') return false;
    } catch (error) {
      throw ofRow(error, table, event);
    }
    this.#queue.copied(this.#nextHeader('row'), factsOf(event));
    return true;
  }

  /** The same for rows that nobody has looked into. @param read them, where that must be done after all */
  async unread(table: TableSchema, run: RowsRun, read: () => readonly RowImage[]): Promise<void> {
    const encoder = this.#encoders.get(table) ?? (await this.#prepare(table));
    const { log, epoch } = this.#options;
    const writer = encoder.run?.(run, { frames: this.#queue.frames, log, epoch }) ?? null;
    if (writer && (await this.#runByCode(writer, run))) return;
    const from = writer?.rows ?? 0;
    for (const [i, image] of read().entries()) {
      if (i < from) continue;
      const room = this.#row(encoder, table, rowOf(run.event, image, i));
      if (room) await room;
    }
  }

  /** False: the next row is for the codec of objects. */
  async #runByCode(writer: RunWriter, { event }: RowsRun): Promise<boolean> {
    const { frames, limitBytes } = this.#queue;
    for (;;) {
      const [rows, bytes] = [writer.rows, frames.bytes];
      this.#queue.requireOpen();
      const state = writer.write(frames, { limitBytes, largeBytes, seq: this.#nextSeq });
      const count = writer.rows - rows;
      if (count > 0) {
        this.#nextSeq += count;
        const { log, epoch } = this.#options;
        const header = { kind: 'row', log, epoch, seq: this.lastSeq } as const;
        this.#queue.added({ header, count, bytes: frames.bytes - bytes, row: factsOf(event), control: null, about: null });
      }
      if (state === 'full') this.#queue.closeBatch();
      if (this.#queue.isFull) await this.#queue.room();
      if (state !== 'full') return state === 'done';
    }
  }

  #row(encoder: TableEncoder, table: TableSchema, event: RowEvent): void | Promise<void> {
    const of = { header: this.#nextHeader('row'), table, event };
    if (encoder.isLarge(event)) return this.#large(encoder, of);
    const record = encoded(encoder, of);
    return record.value.length > turnBytes ? nextTurn().then(() => this.#pushRow(record, of)) : this.#pushRow(record, of);
  }

  async #large(encoder: TableEncoder, of: ToEncode): Promise<void> {
    const record = await encodedInTurns(encoder, of);
    if (record.value.length > turnBytes) await nextTurn();
    await this.#pushRow(record, of);
  }

  #pushRow(record: EncodedRecord, { header, table, event }: ToEncode): void | Promise<void> {
    return this.#push(record, {
      header,
      row: factsOf(event),
      control: null,
      about: record.value.length < largeBytes ? null : aboutRow(table, event),
    });
  }

  async control(control: Exclude<ControlRecord, { kind: 'epoch' }>): Promise<void> {
    const header = this.#nextHeader(control.kind);
    const record = await this.#options.encoder.encodeControl(header, control);
    await this.#push(record, { header, row: null, control, about: aboutControl(control) });
  }

  /** Publishes until close() and everything is acknowledged, or the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const onAbort = (): void => this.#queue.fail(new SyncError('ABORTED', 'the leadership ended'));
    signal.addEventListener('abort', onAbort, { once: true });
    // An abort that came before us is not told again.
    if (signal.aborted) onAbort();
    let before: Promise<void> = Promise.resolve();
    try {
      for (;;) {
        const batch = await this.#queue.next();
        if (batch === null) return;
        const published = this.#publish(batch);
        published.catch(() => undefined); // told below, or by the one before it, which failed first
        await before;
        before = published;
        // The next one is compressed beside the request that is in flight; one that is not full yet gathers more meanwhile.
        if (this.#queue.bytes < this.#options.batchBytes) await published;
      }
    } catch (error) {
      this.#queue.fail(error);
      throw error;
    } finally {
      await before.catch(() => undefined); // the failure that ended the loop is thrown already
      signal.removeEventListener('abort', onAbort);
    }
  }

  close(): void {
    this.#queue.close();
  }

  async #publish({ records, parts, count }: Batch): Promise<void> {
    const { firstOffset } = await this.#options.publisher.publish(records).catch((error: unknown) => {
      throw tooLarge(error, parts);
    });
    if (firstOffset !== this.#nextOffset) {
      throw new SyncError(
        'LEASE_LOST',
        `someone else wrote to the log: our records begin at offset ${firstOffset}, expected ${this.#nextOffset}`,
        {
          details: { firstOffset, expected: this.#nextOffset },
        },
      );
    }
    this.#nextOffset += count;
    if ('batch' in records) this.#queue.frames.giveBack(records.batch);
    let next = firstOffset;
    this.#options.onAcknowledged(parts.map((part) => ({ ...part, offset: (next += part.count) - 1 })));
  }

  #nextHeader(kind: RecordHeader['kind']): RecordHeader {
    const { log, epoch } = this.#options;
    return { kind, log, seq: this.#nextSeq++, epoch };
  }

  #push(record: EncodedRecord, part: Omit<Part, 'bytes' | 'count'>): void | Promise<void> {
    this.#queue.add(record, part);
    if (this.#queue.isFull) return this.#queue.room();
  }

  async #prepare(table: TableSchema): Promise<TableEncoder> {
    const { during, encoder: schemas } = this.#options;
    const prepare = async (): Promise<TableEncoder> => {
      try {
        return await schemas.prepare(table);
      } catch (error) {
        throw ofTable(error, table);
      }
    };
    const encoder = await (during ? during('ZooKeeper or the schema registry, for the schema of a table', prepare) : prepare());
    // Table versions come and go over months; what is still in use is prepared again at no cost.
    if (this.#encoders.size > 10_000) this.#encoders.clear();
    this.#encoders.set(table, encoder);
    return encoder;
  }
}

interface ToEncode {
  readonly header: RecordHeader;
  readonly table: TableSchema;
  readonly event: RowEvent;
}

async function encodedInTurns(encoder: TableEncoder, { header, table, event }: ToEncode): Promise<EncodedRecord> {
  try {
    return await encoder.encodeInTurns(header, event);
  } catch (error) {
    throw ofRow(error, table, event);
  }
}

function encoded(encoder: TableEncoder, { header, table, event }: ToEncode): EncodedRecord {
  try {
    return encoder.encode(header, event);
  } catch (error) {
    throw ofRow(error, table, event);
  }
}

/** What cannot be encoded names its row, and is its table's matter. */
function ofRow(error: unknown, table: TableSchema, event: RowEvent): unknown {
  return ofTable(withAbout(toSyncError(error), aboutRow(table, event)), table);
}

/** A record that is too large for its topic stands alone in its batch, or is the largest one. */
function tooLarge(error: unknown, parts: readonly Part[]): unknown {
  if (!(error instanceof SyncError) || error.code !== 'RECORD_TOO_LARGE') return error;
  const { about } = parts.reduce((a, b) => (b.bytes / b.count > a.bytes / a.count ? b : a));
  return about ? withAbout(error, about) : error;
}
