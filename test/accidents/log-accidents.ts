/** What can happen to a topic from outside: records removed, its tail lost with a disk, strangers that write to it. */
import { randomUUID } from 'node:crypto';
import { readdir, readFile, rm, truncate } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Admin, IncrementalAlterConfigOperationTypes } from '@platformatic/kafka';
import { RecordDecoder, RecordEncoder } from '@lutra/avro';
import { BusAdmin, type BusOptions, Publisher, readRange, type OutRecord } from '@lutra/bus';
import { type PositionBackup, Registry } from '@lutra/registry';
import type { RecordHeader } from '@lutra/model';
import { createLogger } from '@lutra/telemetry';
import { eventOf, rowOf, tableOf } from '../../libs/avro/test/samples.js';
import type { KafkaServer } from '../servers/index.js';
import type { Stack } from '../harness/index.js';
import { until } from './one-way.js';
import type { OneWay } from './one-way.js';

const logger = createLogger('accidents', 'silent');

/** The client's Admin, for one call. */
export async function withAdmin<T>({ kafka }: Stack, use: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = new Admin({ clientId: 'accidents', bootstrapBrokers: kafka.bootstrap.split(',') });
  try {
    return await use(admin);
  } finally {
    await admin.close();
  }
}

/** As retention does: removes every record, or those before an offset. */
export async function removeRecords(stack: Stack, topic: string, before = -1): Promise<void> {
  await withAdmin(stack, (admin) =>
    admin.deleteRecords({ topics: [{ name: topic, partitions: [{ partition: 0, offset: BigInt(before) }] }] }),
  );
}

export async function setTopic(stack: Stack, topic: string, configs: Readonly<Record<string, string>>): Promise<void> {
  const changes = Object.entries(configs).map(([name, value]) => ({
    name,
    value,
    configOperation: IncrementalAlterConfigOperationTypes.SET,
  }));
  await withAdmin(stack, (admin) =>
    admin.incrementalAlterConfigs({ resources: [{ resourceType: 2, resourceName: topic, configs: changes }] }),
  );
}

export async function offsets(stack: Stack, topic: string): Promise<{ start: number; end: number }> {
  const admin = new BusAdmin(busOptions(stack));
  try {
    return await admin.offsets(topic);
  } finally {
    await admin.close();
  }
}

/** As capture makes it. */
export async function makeTopic(stack: Stack, topic: string): Promise<void> {
  const admin = new BusAdmin(busOptions(stack));
  try {
    const day = 24 * 3600 * 1000;
    await admin.ensureTopic(topic, { replicationFactor: 1, minInsyncReplicas: 1, retentionMs: 7 * day, maxMessageBytes: 8 * 1024 * 1024 });
  } finally {
    await admin.close();
  }
}

/** The position backup in ZooKeeper. */
export async function backupOf(stack: Stack, way: OneWay): Promise<PositionBackup | undefined> {
  return withRegistry(stack, async (registry) => (await registry.logs.read(way.endpoints.source))?.document);
}

/** The copy as it was, as if ZooKeeper had taken none since. Only while capture is down. */
export async function restoreBackup(stack: Stack, way: OneWay, backup: PositionBackup): Promise<void> {
  await withRegistry(stack, async ({ logs }) => {
    const now = await logs.read(way.endpoints.source);
    await logs.write(way.endpoints.source, backup, now?.version ?? null);
  });
}

/** Waits for a copy; the position moves meanwhile, because an idle one is copied seldom. */
export async function backupThat(stack: Stack, way: OneWay, is: (backup: PositionBackup) => boolean): Promise<void> {
  const found = await until(async () => {
    await way.atSource('UPDATE lutra_probe.probes SET n = n + 1');
    const backup = await backupOf(stack, way);
    return backup && is(backup) ? true : undefined;
  });
  if (!found) throw new Error(`the position backup of ${way.endpoints.source} does not become what is awaited`);
}

/** Leaves capture killed, and the target with rows that lie after the copy. Resolves to the offset of their batch. */
export async function applyBeyondBackup(stack: Stack, way: OneWay): Promise<number> {
  for (let id = 2; id < 20; id += 1) {
    await way.write(id);
    await way.arrives();
    await stack.capture.a.kill();
    const backup = (await backupOf(stack, way))?.offset ?? 0;
    const [checkpoint] = await way.atTarget(`SELECT next_offset AS o FROM lutra.checkpoint WHERE pipeline = '${way.uid}'`);
    const batch = (await batchStarts(stack.kafka, way.topic)).findLast((start) => start < Number(checkpoint?.['o'])) ?? 0;
    if (batch > backup) return batch;
    await stack.capture.a.restart();
  }
  throw new Error('the copy was always ahead of the rows');
}

/** Bytes that are none of ours. */
export async function writeNonsense(stack: Stack, topic: string): Promise<void> {
  await publish(stack, topic, { key: null, value: Buffer.from('{"not": "ours"}'), headers: {} });
}

/** A heartbeat that is well-formed and yet not the next record of this log. */
export async function writeHeartbeat(stack: Stack, way: OneWay, header: Partial<RecordHeader>): Promise<void> {
  const record = await withRegistry(stack, (registry) =>
    new RecordEncoder({ topic: way.topic, endpoint: way.endpoints.source, ids: registry.schemas }).encodeControl(
      { kind: 'heartbeat', log: randomUUID(), seq: 0, epoch: 0, ...header },
      {
        kind: 'heartbeat',
        endpoint: way.endpoints.source,
        position: { file: 'binlog.000001', pos: 4, gtidSet: null },
        seen: {},
        resolutions: 0,
        publishedThrough: null,
        tsMs: 0,
      },
    ),
  );
  await publish(stack, way.topic, record);
}

/** The next row of the log, as if it had been first committed in another region. */
export async function writeBackup(stack: Stack, way: OneWay, origin: string): Promise<void> {
  const record = await withRegistry(stack, async (registry) => {
    const { log, epoch, seq } = await lastHeader(stack, way.topic, registry);
    const table = { ...tableOf([{ name: 'id', type: 'bigint' }], ['id']), database: way.database, name: 't' };
    const event = eventOf(table, { before: null, after: rowOf([['id', 99n]]) });
    const encoder = new RecordEncoder({ topic: way.topic, endpoint: way.endpoints.source, ids: registry.schemas });
    return (await encoder.prepare(table)).encode(
      { kind: 'row', log, epoch, seq: seq + 1 },
      {
        ...event,
        source: { ...event.source, origin, path: [origin] },
        transaction: { ...event.transaction, totalOrder: 1 },
      },
    );
  });
  await publish(stack, way.topic, record);
}

async function lastHeader(stack: Stack, topic: string, { schemas }: Registry): Promise<RecordHeader> {
  const { end } = await offsets(stack, topic);
  const decoder = new RecordDecoder({ ids: schemas });
  for await (const [raw] of readRange({ ...busOptions(stack), topic, from: end - 1, to: end, signal: AbortSignal.timeout(30_000) }))
    if (raw) return (await decoder.decode(raw)).header;
  throw new Error(`${topic} is empty`);
}

async function publish(stack: Stack, topic: string, record: OutRecord): Promise<void> {
  const publisher = new Publisher({ ...busOptions(stack), topic });
  try {
    await publisher.publish([record]);
  } finally {
    await publisher.close();
  }
}

/** The offsets at which the batches of a topic begin. Also while the broker runs. */
export async function batchStarts(kafka: KafkaServer, topic: string): Promise<readonly number[]> {
  return (await batches(kafka, topic)).map(({ offset }) => offset);
}

/**
 * What a broker's disk loses in a power cut: the batches from the one that begins at `offset` on. Only while the broker is down; it makes
 * its indexes anew when it starts.
 */
export async function cutTail(kafka: KafkaServer, topic: string, offset: number): Promise<void> {
  const batch = (await batches(kafka, topic)).find((candidate) => candidate.offset === offset);
  if (!batch) throw new Error(`${topic} has no batch that begins at offset ${offset}`);
  const folder = folderOf(kafka, topic);
  for (const name of await readdir(folder))
    if (/\.(index|timeindex|snapshot|txnindex)$|checkpoint$/.test(name)) await rm(join(folder, name));
  await truncate(join(folder, segment), batch.position);
}

const segment = `${'0'.repeat(20)}.log`;

function folderOf({ logFile = '' }: KafkaServer, topic: string): string {
  return join(dirname(logFile), 'data', `${topic}-0`);
}

async function batches(kafka: KafkaServer, topic: string): Promise<readonly { readonly offset: number; readonly position: number }[]> {
  const bytes = await readFile(join(folderOf(kafka, topic), segment));
  const found: { offset: number; position: number }[] = [];
  // base offset (8 bytes), length of what follows (4 bytes); https://kafka.apache.org/documentation/#recordbatch
  for (
    let position = 0;
    position + 12 < bytes.length && bytes.readInt32BE(position + 8) > 0;
    position += 12 + bytes.readInt32BE(position + 8)
  )
    found.push({ offset: Number(bytes.readBigInt64BE(position)), position });
  return found;
}

function busOptions({ kafka }: Stack): BusOptions {
  return { brokers: kafka.bootstrap.split(','), clientId: 'lutra-accidents', logger };
}

export async function withRegistry<T>(stack: Stack, use: (registry: Registry) => Promise<T>): Promise<T> {
  const registry = new Registry({ connect: stack.zooKeeper.connect, root: stack.root, digest: stack.digest, logger });
  try {
    await registry.start(AbortSignal.timeout(30_000));
    return await use(registry);
  } finally {
    await registry.stop();
  }
}
