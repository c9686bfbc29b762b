/**
 * A topic with everything that can stand in one: transactions that a leader left open, what a replaced leader still wrote, repetitions of
 * whole batches, epoch records that came too late. Written by a model that knows what of it is valid.
 */
import { randomUUID } from 'node:crypto';
import { RecordEncoder } from '@lutra/avro';
import { BusAdmin, type OutRecord, Publisher } from '@lutra/bus';
import type { RecordHeader, RowEvent } from '@lutra/model';
import { Registry } from '@lutra/registry';
import { createLogger } from '@lutra/telemetry';
import { eventOf, rowOf, tableOf } from '../../libs/avro/test/samples.js';
import { Random, type Stack } from '../harness/index.js';

const table = tableOf(
  [
    { name: 'id', type: 'bigint' },
    { name: 'text', type: 'varchar', length: 80, charset: 'utf8mb4' },
  ],
  ['id'],
);
const logger = createLogger('consumers', 'silent');

export interface CraftedTopic {
  readonly topic: string;
  /** The ids of the valid rows, in order; a consumer that reads exactly once has these and no others. */
  readonly valid: readonly string[];
  readonly records: number;
  /** How many records, and of transactions how many rows, must not count. */
  readonly invalid: number;
}

/** A model of the log as its leaders write it. */
class Writing {
  readonly records: OutRecord[] = [];
  readonly valid: string[] = [];
  invalid = 0;
  readonly #log = randomUUID();
  readonly #random: Random;
  readonly #encoder: RecordEncoder;
  #seq = 0;
  #epoch = 0;
  #id = 0;

  constructor(encoder: RecordEncoder, random: Random) {
    this.#encoder = encoder;
    this.#random = random;
  }

  async epoch(epoch = this.#epoch + 1): Promise<void> {
    const header = { kind: 'epoch', log: '', seq: -1, epoch } as const;
    this.records.push(await this.#encoder.encodeControl(header, { kind: 'epoch', endpoint: 'crafted', leader: 'a leader', tsMs: 0 }));
    this.#epoch = Math.max(epoch, this.#epoch);
  }

  async heartbeat(): Promise<void> {
    const position = { file: 'binlog.000001', pos: 4, gtidSet: null };
    const heartbeat = {
      kind: 'heartbeat',
      endpoint: 'crafted',
      position,
      seen: {},
      resolutions: 0,
      publishedThrough: null,
      tsMs: 0,
    } as const;
    this.records.push(await this.#encoder.encodeControl(this.#next('heartbeat'), heartbeat));
  }

  async signals(): Promise<void> {
    const of = { endpoint: 'crafted', pipeline: 'crafted.rows', tsMs: 0 };
    this.records.push(await this.#encoder.encodeControl(this.#next('watermark'), { kind: 'watermark', ...of, token: randomUUID() }));
    const resolution = {
      kind: 'resolution',
      ...of,
      channel: 'crafted',
      database: table.database,
      table: table.name,
      key: { id: 1n },
      row: null,
      seen: {},
    } as const;
    this.records.push(await this.#encoder.encodeControl(this.#next('resolution'), resolution));
  }

  /** Of a kind that a later level adds: no reader of today knows it, its schema, or its bytes. */
  async later({ skip = true } = {}): Promise<void> {
    const of = { endpoint: 'crafted', pipeline: 'crafted.rows', tsMs: 0 };
    const record = await this.#encoder.encodeControl(this.#next('watermark'), { kind: 'watermark', ...of, token: '' });
    const headers = { ...record.headers, 'lutra-kind': 'of-a-later-level', 'lutra-control': 'of-a-later-level' };
    this.records.push({ ...record, headers: skip ? { ...headers, 'lutra-skip': '1' } : headers, value: Buffer.from('of no schema') });
  }

  async transaction(): Promise<readonly OutRecord[]> {
    const rows = this.#rows();
    const records = await this.#encode(rows);
    this.records.push(...records);
    this.valid.push(...rows.map(idOf));
    return records;
  }

  /** The acknowledgement was lost, and the batch arrives twice. */
  async twice(): Promise<void> {
    const records = await this.transaction();
    this.records.push(...records);
    this.invalid += records.length;
  }

  /** A leader is replaced in the middle of a transaction; its last request and an epoch record of its own come too late. */
  async cut(): Promise<void> {
    const rows = [...this.#rows(), ...this.#rows()].map((event, index, all) => numbered(event, { index, count: all.length }));
    const records = await this.#encode(rows);
    const sent = this.#random.int(1, rows.length - 1);
    this.records.push(...records.slice(0, sent));
    const [old, seq] = [this.#epoch, this.#seq];
    this.#seq = seq - (rows.length - sent);
    await this.epoch();
    this.records.push(...records.slice(sent));
    await this.epoch(old);
    this.invalid += rows.length;
    this.records.push(...(await this.#encode(rows)));
    this.valid.push(...rows.map(idOf));
  }

  #rows(): RowEvent[] {
    const count = this.#random.int(1, 4);
    return Array.from({ length: count }, (_, index) => {
      this.#id += 1;
      const after = rowOf([
        ['id', BigInt(this.#id)],
        ['text', `row ${this.#id}`],
      ]);
      return numbered(eventOf(table, { before: null, after }), { index, count });
    });
  }

  async #encode(rows: readonly RowEvent[]): Promise<readonly OutRecord[]> {
    const encoder = await this.#encoder.prepare(table);
    return rows.map((event) => encoder.encode(this.#next('row'), event));
  }

  #next(kind: RecordHeader['kind']): RecordHeader {
    return { kind, log: this.#log, seq: this.#seq++, epoch: this.#epoch };
  }
}

/** `ends`: with a record of an unknown kind that nobody may pass by. */
export async function craftTopic(
  stack: Stack,
  options: { topic: string; seed: number; steps: number; ends?: boolean },
): Promise<CraftedTopic> {
  const { topic, seed, steps, ends = false } = options;
  const bus = { brokers: stack.kafka.bootstrap.split(','), clientId: 'lutra-consumers', logger };
  const registry = new Registry({ connect: stack.zooKeeper.connect, root: stack.root, digest: stack.digest, logger });
  const admin = new BusAdmin(bus);
  const publisher = new Publisher({ ...bus, topic });
  try {
    await registry.start(AbortSignal.timeout(30_000));
    await admin.ensureTopic(topic, { replicationFactor: 1, minInsyncReplicas: 1, retentionMs: -1, maxMessageBytes: 1 << 20 });
    const random = new Random(seed);
    const writing = new Writing(new RecordEncoder({ topic, endpoint: 'crafted', ids: registry.schemas }), random);
    await writing.epoch();
    const ways = ['transaction', 'transaction', 'transaction', 'heartbeat', 'signals', 'later', 'twice', 'cut'] as const;
    for (let step = 0; step < steps; step += 1) await writing[step < ways.length ? ways[step]! : random.pick(ways)]();
    if (ends) await writing.later({ skip: false });
    const { records, valid, invalid } = writing;
    for (let at = 0; at < records.length; at += 50) await publisher.publish(records.slice(at, at + 50));
    return { topic, valid, records: records.length, invalid };
  } finally {
    await Promise.allSettled([registry.stop(), admin.close(), publisher.close()]);
  }
}

function numbered(event: RowEvent, { index, count }: { index: number; count: number }): RowEvent {
  const last = index === count - 1;
  return { ...event, transaction: { ...event.transaction, totalOrder: index + 1, last, end: last ? event.transaction.end : null } };
}

function idOf({ after }: RowEvent): string {
  return String(after?.['id']);
}
