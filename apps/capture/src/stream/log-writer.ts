/**
 * Writes the log: numbers the records, gathers what is there into one request, one request in flight, and the next one, if it is full, at
 * its compression. What it hands to Kafka is in order and without a hole; when a request fails finally, or an acknowledged offset is not
 * the one that must come next, the leadership ends. What the publisher has by then may still be written: a leader that was replaced has the
 * older epoch, so no reader takes it (log-rule.ts).
 */
import type { During } from '@lutra/runtime';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { EncodedRecord, RecordEncoder, TableEncoder } from '@lutra/avro';
import type { Publisher } from '@lutra/bus';
import { ByteQueue } from '@lutra/bytes';
import { ofTable, SyncError, toSyncError } from '@lutra/model';
import type { ControlRecord, Op, RecordHeader, RowEvent, TableSchema } from '@lutra/model';
import { aboutControl, aboutRow, withAbout } from './about-record.js';
import type { About } from './about-record.js';

/** What is still to know of a row once it is encoded. The row itself is let go: thousands of them may wait. */
export interface RowFacts {
  readonly op: Op;
  /** It ends its transaction. */
  readonly last: boolean;
  /** Commit time at the source, ms since 1970. */
  readonly commitMs: number;
  /** On the last row of its transaction. */
  readonly gtid: string | null;
}

/** A record that was acknowledged: what the caller counts. */
export interface Acknowledged {
  readonly header: RecordHeader;
  readonly offset: number;
  readonly bytes: number;
  readonly row: RowFacts | null;
  readonly control: ControlRecord | null;
}

interface Pending {
  readonly header: RecordHeader;
  readonly record: EncodedRecord;
  readonly bytes: number;
  readonly row: RowFacts | null;
  readonly control: ControlRecord | null;
  /** Of a record that may be too large: what to say about it. */
  readonly about: About | null;
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

/** Kafka's own bytes around a record, roughly. */
const recordOverhead = 120;
/** No limit of a topic is smaller. */
const largeBytes = 100_000;
/** Encoding a record of this size is a piece of work of its own: the event loop has its turn before the next one. */
const turnBytes = 1024 * 1024;

export class LogWriter {
  readonly #options: LogWriterOptions;
  readonly #queue: ByteQueue<Pending>;
  readonly #encoders = new Map<TableSchema, TableEncoder>();
  #nextSeq: number;
  #nextOffset: number;

  constructor(options: LogWriterOptions) {
    this.#options = options;
    this.#queue = new ByteQueue(options.queueBytes);
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
    for (const event of events) {
      const room = this.#row(encoder, table, event);
      if (room) await room;
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
    const { last } = event.transaction;
    const row = { op: event.op, last, commitMs: event.source.tsMs, gtid: last ? event.source.gtid : null };
    return this.#push({ header, record, row, control: null, about: record.value.length < largeBytes ? null : aboutRow(table, event) });
  }

  async control(control: Exclude<ControlRecord, { kind: 'epoch' }>): Promise<void> {
    const header = this.#nextHeader(control.kind);
    const record = await this.#options.encoder.encodeControl(header, control);
    await this.#push({ header, record, row: null, control, about: aboutControl(control) });
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
        const batch = await this.#queue.take(this.#options.batchBytes);
        if (batch.length === 0) return;
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

  async #publish(batch: readonly Pending[]): Promise<void> {
    const published = this.#options.publisher.publish(batch.map((pending) => pending.record));
    const { firstOffset } = await published.catch((error: unknown) => {
      throw tooLarge(error, batch);
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
    this.#nextOffset += batch.length;
    this.#options.onAcknowledged(batch.map((pending, index) => ({ ...pending, offset: firstOffset + index })));
  }

  #nextHeader(kind: RecordHeader['kind']): RecordHeader {
    const { log, epoch } = this.#options;
    return { kind, log, seq: this.#nextSeq++, epoch };
  }

  #push(item: Omit<Pending, 'bytes'>): void | Promise<void> {
    const bytes = (item.record.key?.length ?? 0) + item.record.value.length + recordOverhead;
    this.#queue.push({ ...item, bytes }, bytes);
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
function tooLarge(error: unknown, batch: readonly Pending[]): unknown {
  if (!(error instanceof SyncError) || error.code !== 'RECORD_TOO_LARGE') return error;
  const largest = batch.reduce((a, b) => (b.bytes > a.bytes ? b : a));
  return largest.about ? withAbout(error, largest.about) : error;
}
