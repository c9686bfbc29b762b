/**
 * How fast the bus is, and what a record costs. Prints the tables of docs/decisions/0003-kafka-client.md.
 * npx tsx libs/bus/bench/throughput.ts [seconds per case]
 */
import { randomBytes } from 'node:crypto';
import { Producer, Reader, readRecordsBatches } from '@platformatic/kafka';
import { pino } from 'pino';
import { kafkaServer } from '../../../test/servers/index.js';
import { BusAdmin, Publisher, readRange, subscribe } from '../src/index.js';
import { readBatch, splitBatches } from '../src/record-batch-reader.js';
import { frameBatch, packRecords } from '../src/record-batch.js';
import type { Compression, OutRecord, RawRecord } from '../src/index.js';

const recordBytes = 1024;
const batchRecords = 1000;
const seconds = Number(process.argv[2] ?? 5);
const words = 'lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor incididunt ut labore et dolore magna'.split(
  ' ',
);

/** What a row event looks like to a compressor: the same names and words again and again, numbers, some noise. */
function rowEvent(index: number): OutRecord {
  const parts = [Buffer.from(`hangzhou-a shop orders binlog.000012 3e11fa47-71ca-11e1-9e33-c80aa9429562:${index} `)];
  let bytes = parts[0]?.length ?? 0;
  while (bytes < recordBytes - 128) {
    const part = Buffer.from(`${words[Math.floor(Math.random() * words.length)]} ${Math.floor(Math.random() * 1e9)} `);
    parts.push(part);
    bytes += part.length;
  }
  const value = Buffer.concat([...parts, randomBytes(recordBytes)]).subarray(0, recordBytes);
  const headers = {
    'lutra-kind': 'row',
    'lutra-log': '0f8fad5b-d9cb-469f-a165-70867728950e',
    'lutra-seq': String(1e6 + index),
    'lutra-epoch': '7',
  };
  return { key: Buffer.from(`key-${index}`), value, headers };
}

interface Cost {
  readonly records: number;
  readonly wallMs: number;
  readonly cpuUs: number;
}

async function measure(work: (until: number) => Promise<number>): Promise<Cost> {
  await work(performance.now() + 1000); // warm up
  const cpu = process.cpuUsage();
  const start = performance.now();
  const records = await work(start + seconds * 1000);
  const { user, system } = process.cpuUsage(cpu);
  return { records, wallMs: performance.now() - start, cpuUs: user + system };
}

function report(name: string, { records, wallMs, cpuUs }: Cost): void {
  const perSecond = records / (wallMs / 1000);
  const cells = [((perSecond * recordBytes) / 1e6).toFixed(0), perSecond.toFixed(0), (cpuUs / records).toFixed(1)];
  process.stdout.write(`| ${name} | ${cells.join(' | ')} |\n`);
}

const server = kafkaServer();
await server.start();
const options = { brokers: [server.bootstrap], clientId: 'bench', logger: pino({ level: 'silent' }) };
const admin = new BusAdmin(options);
const batch = Array.from({ length: batchRecords }, (_, index) => rowEvent(index));
const settings = { replicationFactor: 1, minInsyncReplicas: 1, retentionMs: 86_400_000, maxMessageBytes: 8 * 1024 * 1024 };
const compressions: readonly Compression[] = ['none', 'lz4', 'zstd', 'gzip'];

async function benchBus(compression: Compression): Promise<void> {
  const topic = `bus-${compression}`;
  await admin.ensureTopic(topic, settings);
  const publisher = new Publisher({ ...options, topic, compression });
  for (const ahead of [1, 2]) {
    const cost = await measure(async (until) => {
      let records = 0;
      const waiting: Promise<unknown>[] = [];
      while (performance.now() < until) {
        waiting.push(publisher.publish(batch));
        records += batch.length;
        if (waiting.length >= ahead) await waiting.shift();
      }
      await Promise.all(waiting);
      return records;
    });
    report(`publish, ${compression}, ${ahead} call${ahead > 1 ? 's ahead' : ''}`, cost);
  }
  await publisher.close();
  const { start, end } = await admin.offsets(topic);
  const cost = await measure(async (until) => {
    let records = 0;
    while (performance.now() < until) {
      const range = readRange({ ...options, topic, from: start, to: Math.min(end, 200_000), signal: new AbortController().signal });
      for await (const read of range) {
        records += read.length;
        if (performance.now() > until) break;
      }
    }
    return records;
  });
  report(`read, ${compression}`, cost);
}

/** The client's own producer, for comparison. */
async function benchClient(compression: Compression): Promise<void> {
  const topic = `client-${compression}`;
  await admin.ensureTopic(topic, settings);
  const producer = new Producer({ clientId: 'bench', bootstrapBrokers: [server.bootstrap], idempotent: true, compression });
  const messages = batch.map(({ key, value, headers }) => ({
    topic,
    partition: 0,
    key: key ?? undefined,
    value,
    headers: new Map(Object.entries(headers).map(([name, text]) => [Buffer.from(name), Buffer.from(text)])),
  }));
  const cost = await measure(async (until) => {
    let records = 0;
    for (; performance.now() < until; records += messages.length) await producer.send({ messages });
    return records;
  });
  report(`client's Producer, ${compression}`, cost);
  await producer.close();
}

/** Decoding alone, ours and the client's. */
async function benchDecoding(compression: Compression): Promise<void> {
  const bytes = frameBatch(await packRecords(batch, compression), { producerId: -1n, producerEpoch: -1, sequence: -1 });
  const decoders = {
    'decode (with checksum)': () => splitBatches(bytes, 0).flatMap((raw) => readBatch(raw, 0) as RawRecord[]),
    "client's decoder (without)": () => readRecordsBatches(Reader.from(bytes)),
  };
  for (const [name, decode] of Object.entries(decoders)) {
    const cost = await measure(async (until) => {
      let records = 0;
      for (; performance.now() < until; records += batch.length) decode();
      return records;
    });
    report(`${name}, ${compression}`, cost);
  }
}

/** From the call of publish() to the reader having the record, one record at a time. */
async function benchLatency(): Promise<void> {
  const topic = 'latency';
  await admin.ensureTopic(topic, settings);
  const publisher = new Publisher({ ...options, topic });
  const stop = new AbortController();
  const source = subscribe({ ...options, topic, offset: 0, signal: stop.signal })[Symbol.asyncIterator]();
  const times: number[] = [];
  for (let round = 0; round < 1500; round++) {
    const next = source.next();
    const start = performance.now();
    await publisher.publish([rowEvent(round)]);
    await next;
    if (round >= 500) times.push(performance.now() - start);
  }
  stop.abort();
  await publisher.close();
  times.sort((a, b) => a - b);
  const at = (share: number): string => (times[Math.floor(times.length * share)] ?? 0).toFixed(1);
  process.stdout.write(`\nlatency of one record: median ${at(0.5)} ms, 95 % ${at(0.95)} ms, 99 % ${at(0.99)} ms\n`);
}

try {
  process.stdout.write(
    `| ${batchRecords} records of ${recordBytes} bytes a batch | MB/s | records/s | CPU µs/record |\n|---|---|---|---|\n`,
  );
  for (const compression of compressions) {
    await benchBus(compression);
    await benchClient(compression);
    await benchDecoding(compression);
  }
  await benchLatency();
} finally {
  await admin.close();
  await server.stop();
}
