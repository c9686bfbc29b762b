/** Reads pieces of one topic, decoded. */
import { RecordDecoder } from '@lutra/avro';
import { BusAdmin, readRange } from '@lutra/bus';
import type { BusOptions } from '@lutra/bus';
import type { LogRecord } from '@lutra/model';
import type { SchemaStore } from '@lutra/registry';
import type { LogEnds, LogPieces } from './log-search.js';

export class TopicReader implements LogPieces {
  readonly topic: string;
  readonly #bus: BusOptions;
  readonly #decoder: RecordDecoder;
  readonly #signal: AbortSignal;

  constructor(bus: BusOptions, of: { topic: string; schemas: SchemaStore; signal: AbortSignal }) {
    this.topic = of.topic;
    this.#bus = bus;
    this.#decoder = new RecordDecoder({ ids: of.schemas });
    this.#signal = of.signal;
  }

  /** A topic that is not there, as after a reset of its endpoint, is as one that never had a record. @throws SyncError KAFKA_* */
  async ends(): Promise<LogEnds> {
    const admin = new BusAdmin(this.#bus);
    try {
      return (await admin.exists(this.topic)) ? await admin.offsets(this.topic) : { start: 0, end: 0 };
    } finally {
      await admin.close();
    }
  }

  /** Of the first record that was published then or later; null: there is none. @throws SyncError TOPIC_MISSING, KAFKA_* */
  async offsetAt(ms: number): Promise<number | null> {
    const admin = new BusAdmin(this.#bus);
    try {
      return await admin.offsetAt(this.topic, ms);
    } finally {
      await admin.close();
    }
  }

  /** @throws SyncError RECORD_INVALID, SCHEMA_UNKNOWN, LOG_START_LOST, KAFKA_*, ABORTED */
  async *read(from: number, to: number): AsyncGenerator<LogRecord> {
    for await (const batch of readRange({ ...this.#bus, topic: this.topic, from, to, signal: this.#signal })) {
      for (const raw of batch) yield await this.#decoder.decode(raw);
    }
  }
}
