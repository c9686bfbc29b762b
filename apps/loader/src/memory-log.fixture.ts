/** For tests of whole runs of a loader: a log that is a list in memory, as a capture writes it. */
import { RecordEncoder } from '@lutra/avro';
import type { EncodedRecord } from '@lutra/avro';
import type { RawRecord } from '@lutra/bus';
import { replicationFingerprint } from '@lutra/model';
import type { DdlRecord, PipelineUid, Route, Row, TableSchema } from '@lutra/model';
import type { MemoryIds } from '../../../libs/avro/test/samples.js';
import { emptyDdl } from '../../../libs/avro/src/ddl-links.js';
import { eventOf } from './conflict/detect/detector-peers.fixture.js';

/** Of the configuration that its routes are of. */
export const mark = { revision: 5, write: 'aaaaaaaaaaaa' };

export interface MemoryLogOptions {
  readonly ids: MemoryIds;
  readonly topic: string;
  /** The region whose writes it has. */
  readonly origin: string;
  /** Of all its rows. */
  readonly table: TableSchema;
  /** Whose routes and watermarks it has. */
  readonly pipeline: PipelineUid;
}

interface Images {
  readonly before: Row | null;
  readonly after: Row | null;
}

export class MemoryLog {
  readonly records: RawRecord[] = [];
  readonly #options: MemoryLogOptions;
  readonly #encoder: RecordEncoder;
  #epoch = 0;
  #seq = 0;

  constructor(options: MemoryLogOptions) {
    this.#options = options;
    this.#encoder = new RecordEncoder({ ...options, endpoint: options.origin });
  }

  /** A new leader, and the routes that it works with. */
  async led(routes: readonly Route[]): Promise<void> {
    const { origin: endpoint, pipeline } = this.#options;
    this.#epoch += 1;
    const epoch = { kind: 'epoch', log: '', seq: -1, epoch: this.#epoch } as const;
    this.#push(await this.#encoder.encodeControl(epoch, { kind: 'epoch', endpoint, leader: 'x', tsMs: 0 }));
    const pipelines = { [pipeline]: replicationFingerprint({ routes: [...routes], forwards: false }) };
    const of = { tables: [], pipelines, names: { [pipeline]: 'c.p' }, suspended: [], server: null, tsMs: 0 };
    this.#push(await this.#encoder.encodeControl(this.#next('routes'), { kind: 'routes', endpoint, ...of, ...mark }));
  }

  /** One transaction that has seen nothing of the other side. `table`: another version of it, or another one. */
  async changed(changes: readonly Images[], { complete = true, table = this.#options.table } = {}): Promise<void> {
    const { origin } = this.#options;
    const encoder = await this.#encoder.prepare(table);
    for (const [i, images] of changes.entries()) {
      const event = eventOf(images, { seq: this.#seq, seen: {} });
      const transaction = { ...event.transaction, totalOrder: i + 1, last: complete && i === changes.length - 1 };
      const source = { ...event.source, db: table.database, table: table.name, origin, path: [origin] };
      this.#push(encoder.encode(this.#next('row'), { ...event, source, transaction }));
    }
  }

  /** Resolves to its seq. */
  async ddl(sql: string, facts: Pick<DdlRecord, 'statement' | 'tables'> & Partial<DdlRecord>): Promise<number> {
    const { origin } = this.#options;
    const header = this.#next('ddl');
    const record = { ...emptyDdl(), endpoint: origin, id: `g:${header.seq}`, sql, origin, path: [origin], version: '9.7.4', ...facts };
    this.#push(await this.#encoder.encodeControl(header, record));
    return header.seq;
  }

  async watermark(token: string, pipeline = this.#options.pipeline): Promise<void> {
    const { origin: endpoint } = this.#options;
    this.#push(await this.#encoder.encodeControl(this.#next('watermark'), { kind: 'watermark', endpoint, pipeline, token, tsMs: 0 }));
  }

  #next<K extends string>(kind: K) {
    return { kind, log: `log-${this.#options.origin}`, seq: this.#seq++, epoch: this.#epoch };
  }

  #push(record: EncodedRecord): void {
    this.records.push({ ...record, offset: this.records.length, timestampMs: 0 });
  }
}
