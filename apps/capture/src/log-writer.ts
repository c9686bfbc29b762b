/**
 * Writes the log: numbers the records, gathers what is there into one request, one request in flight. What it hands to Kafka is in
 * order and without a hole; when a request fails finally, or an acknowledged offset is not the one that must come next, the leadership ends.
 */
import type { During } from '@lutra/runtime';
import type { EncodedRecord, RecordEncoder, TableEncoder } from '@lutra/avro';
import type { Publisher } from '@lutra/bus';
import { SyncError } from '@lutra/model';
import type { ControlRecord, Op, RecordHeader, RowEvent, TableSchema } from '@lutra/model';
import { ByteQueue } from '@lutra/runtime';

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
}

export interface LogWriterOptions {
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
    const header = this.#nextHeader('row');
    const { last } = event.transaction;
    const row = { op: event.op, last, commitMs: event.source.tsMs, gtid: last ? event.source.gtid : null };
    await this.#push({ header, record: encoder.encode(header, event), row, control: null });
  }

  async control(control: Exclude<ControlRecord, { kind: 'epoch' }>): Promise<void> {
    const header = this.#nextHeader(control.kind);
    await this.#push({ header, record: await this.#options.encoder.encodeControl(header, control), row: null, control });
  }

  /** Publishes until close() and everything is acknowledged, or the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const onAbort = (): void => this.#queue.fail(new SyncError('ABORTED', 'the leadership ended'));
    signal.addEventListener('abort', onAbort, { once: true });
    // An abort that came before us is not told again.
    if (signal.aborted) onAbort();
    try {
      for (;;) {
        const batch = await this.#queue.take(this.#options.batchBytes);
        if (batch.length === 0) return;
        await this.#publish(batch);
      }
    } catch (error) {
      this.#queue.fail(error);
      throw error;
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  close(): void {
    this.#queue.close();
  }

  async #publish(batch: readonly Pending[]): Promise<void> {
    const { firstOffset } = await this.#options.publisher.publish(batch.map((pending) => pending.record));
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
    return this.#queue.push({ ...item, bytes }, bytes);
  }

  async #prepare(table: TableSchema): Promise<TableEncoder> {
    const { during, encoder: schemas } = this.#options;
    const prepare = (): Promise<TableEncoder> => schemas.prepare(table);
    const encoder = await (during ? during('ZooKeeper or the schema registry, for the schema of a table', prepare) : prepare());
    // Table versions come and go over months; what is still in use is prepared again at no cost.
    if (this.#encoders.size > 10_000) this.#encoders.clear();
    this.#encoders.set(table, encoder);
    return encoder;
  }
}
