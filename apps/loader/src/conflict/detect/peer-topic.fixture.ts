/** For the tests of windows: a topic in a real Kafka that the test writes as captures would, their leaders' accidents included. */
import { serversIo } from '../../io.js';
import { RecordEncoder } from '@lutra/avro';
import { BusAdmin, Publisher } from '@lutra/bus';
import type { OutRecord } from '@lutra/bus';
import type { ControlRecord, RecordHeader, Row, Seen, TableSchema } from '@lutra/model';
import { MemoryIds } from '../../../../../libs/avro/test/samples.js';
import { busOptions, settings, topicName, withAdmin } from '../../../../../libs/bus/test/kafka.fixture.js';
import { column, targetTable } from '../../../../../libs/mysql/src/changes.fixture.js';
import type { KafkaServer } from '../../../../../test/servers/index.js';
import { ddlRecord } from '../../ddl/ddl-record.fixture.js';
import { eventOf, regions } from './detector-peers.fixture.js';
import type { PeerLogOptions } from './peer-log.js';
import { keysOf, primaryConflictKey, uniqueConflictKeys } from '@lutra/mysql';

export const table: TableSchema = {
  database: 'shop',
  name: 't',
  columns: [
    { name: 'id', type: 'int' },
    { name: 'u', type: 'int' },
  ],
  primaryKey: ['id'],
};
const target = targetTable([column('id'), column('u')], { uniqueKeys: [{ name: 'u', columns: ['u'], nullable: true }] });
/** Its keys are numbers. */
const noTexts = { known: (text: string): string => text, ask: async (): Promise<ReadonlyMap<string, string>> => new Map() };
export const keys = keysOf(table, target, { of: () => noTexts });
export const row = (id: number, u: number | null = null): Row => ({ id, u });
export const rowConflictKey = (id: number): string => primaryConflictKey(keys, row(id)) ?? '';
export const valueConflictKey = (u: number): string => uniqueConflictKeys(keys, row(0, u))[0] ?? '';

export class PeerTopic {
  readonly #server: KafkaServer;
  readonly topic = topicName();
  readonly log: string;
  readonly #ids = new MemoryIds();
  readonly #encoder = new RecordEncoder({ topic: this.topic, endpoint: 'a', ids: this.#ids });
  readonly #admin: BusAdmin;
  readonly #publisher: Publisher;
  #epoch = 0;
  /** Of the rows that come next. */
  origin: string = regions.target;
  /** Of the next record. */
  seq = 0;

  private constructor(server: KafkaServer, log: string) {
    this.#server = server;
    this.log = log;
    this.#admin = new BusAdmin(busOptions(server));
    this.#publisher = new Publisher({ ...busOptions(server), topic: this.topic });
  }

  /** Led, and otherwise empty. */
  static async create(server: KafkaServer, log = 'L'): Promise<PeerTopic> {
    const made = new PeerTopic(server, log);
    await made.#admin.ensureTopic(made.topic, settings);
    await made.leadership();
    return made;
  }

  /** A new leader. */
  async leadership(): Promise<void> {
    this.#epoch += 1;
    const header = { kind: 'epoch', log: '', seq: -1, epoch: this.#epoch } as const;
    await this.#publish([await this.#encoder.encodeControl(header, { kind: 'epoch', endpoint: 'a', leader: 'x', tsMs: 0 })]);
  }

  /** Transactions of one row each, inserted. */
  async rows(...rows: readonly Row[]): Promise<void> {
    for (const after of rows) await this.change(null, after);
  }

  async change(before: Row | null, after: Row | null, of: TableSchema = table): Promise<void> {
    await this.#publish([await this.#row({ before, after }, of, this.#next('row'))]);
  }

  /** Of the leader before this one, late; it thinks that it goes on from the seq that its successor begins with. */
  async late(after: Row, seq = this.seq): Promise<void> {
    await this.#publish([await this.#row({ before: null, after }, table, { kind: 'row', log: this.log, seq, epoch: this.#epoch - 1 })]);
  }

  async lateWatermark(token: string, pipeline: string): Promise<void> {
    const header = { kind: 'watermark', log: this.log, seq: this.seq, epoch: this.#epoch - 1 } as const;
    const body: ControlRecord = { kind: 'watermark', endpoint: 'a', pipeline, token, tsMs: 0 };
    await this.#publish([await this.#encoder.encodeControl(header, body)]);
  }

  async watermark(token: string, pipeline = 'c.p'): Promise<void> {
    await this.#control({ kind: 'watermark', endpoint: 'a', pipeline, token, tsMs: 0 });
  }

  async routes(...suspended: readonly string[]): Promise<void> {
    const out = suspended.map(
      (name) => ({ database: table.database, name, code: 'COLUMN_UNSUPPORTED', message: 'no', where: 'f:4', at: 1 }) as const,
    );
    await this.#control({
      kind: 'routes',
      endpoint: 'a',
      tables: [],
      pipelines: {},
      names: {},
      suspended: out,
      revision: 1,
      write: 'aaaaaaaaaaaa',
      server: null,
      tsMs: 0,
    });
  }

  /** A schema change of the target; `path`: where it was run first, and the regions that it has passed since. */
  async ddl(sql: string, places: Parameters<typeof ddlRecord>[1], path: readonly string[] = [regions.target]): Promise<void> {
    await this.#control(ddlRecord(sql, places, { endpoint: 'a', id: `g:${this.seq}`, origin: path[0] ?? '', path }));
  }

  async resolution(key: Row, image: Row | null, seen: Seen = {}): Promise<void> {
    const of = { endpoint: 'a', pipeline: 'c.q', channel: 'c', database: table.database, table: table.name } as const;
    await this.#control({ kind: 'resolution', ...of, key, row: image, seen, tsMs: 0 });
  }

  /** What retention does. */
  async loseBefore(offset: number): Promise<void> {
    const partitions = [{ partition: 0, offset: BigInt(offset) }];
    await withAdmin(this.#server, (client) => client.deleteRecords({ topics: [{ name: this.topic, partitions }] }));
  }

  options(signal: AbortSignal): PeerLogOptions {
    const own = ({ name }: { readonly name: string }): typeof keys | null => (name === table.name ? keys : null);
    return {
      bus: busOptions(this.#server),
      topic: this.topic,
      pipeline: 'c.p',
      withRows: true,
      others: [regions.source, regions.target],
      kafka: serversIo.kafka,
      schemas: this.#ids,
      keysOf: own,
      isGone: async () => false,
      keysOfResolution: async (of) => own(of),
      tells: (of) => own(of) !== null,
      signal,
    };
  }

  async close(): Promise<void> {
    await Promise.all([this.#publisher.close(), this.#admin.close()]);
  }

  async #row(images: Pick<Parameters<typeof eventOf>[0], 'before' | 'after'>, of: TableSchema, header: RecordHeader): Promise<OutRecord> {
    const encoder = await this.#encoder.prepare(of);
    const { origin } = this;
    const path = origin === regions.target ? [origin] : [origin, regions.target];
    const event = eventOf(images, { seq: header.seq, seen: {} });
    return encoder.encode(header, { ...event, source: { ...event.source, db: of.database, table: of.name, origin, path } });
  }

  async #control(body: ControlRecord): Promise<void> {
    await this.#publish([await this.#encoder.encodeControl(this.#next(body.kind), body)]);
  }

  #next(kind: RecordHeader['kind']): RecordHeader {
    return { kind, log: this.log, seq: this.seq++, epoch: this.#epoch };
  }

  async #publish(records: readonly OutRecord[]): Promise<void> {
    await this.#publisher.publish(records);
  }
}
