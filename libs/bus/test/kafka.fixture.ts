/** What the integration tests share: options, records, and the client's own Admin for what the bus does not offer (deleting). */
import { randomBytes } from 'node:crypto';
import { Admin } from '@platformatic/kafka';
import { pino } from 'pino';
import { SyncError } from '@lutra/model';
import type { KafkaServer } from '../../../test/servers/index.js';
import { readRange } from '../src/index.js';
import type { BusOptions, OutRecord, RawRecord, TopicSettings } from '../src/index.js';

export const settings: TopicSettings = {
  replicationFactor: 1,
  minInsyncReplicas: 1,
  retentionMs: 86_400_000,
  maxMessageBytes: 8 * 1024 * 1024,
};

export function busOptions(server: KafkaServer, requestTimeoutMs?: number): BusOptions {
  return {
    brokers: [server.bootstrap],
    clientId: 'lutra-test',
    logger: pino({ level: process.env['LOG_LEVEL'] ?? 'silent' }),
    requestTimeoutMs,
  };
}

let topics = 0;
export function topicName(): string {
  topics += 1;
  return `topic-${topics}`;
}

export function textRecord(text: string, headers: Record<string, string> = {}): OutRecord {
  return { key: null, value: Buffer.from(text), headers };
}

/** Bytes that do not compress. */
export function noise(count: number, bytes: number): OutRecord[] {
  return Array.from({ length: count }, () => ({ key: null, value: randomBytes(bytes), headers: {} }));
}

export async function collect(source: AsyncIterable<readonly RawRecord[]>): Promise<RawRecord[]> {
  const all: RawRecord[] = [];
  for await (const records of source) all.push(...records);
  return all;
}

export function readAll(options: BusOptions, topic: string, ends: { start: number; end: number }): Promise<RawRecord[]> {
  return collect(readRange({ ...options, topic, from: ends.start, to: ends.end, signal: new AbortController().signal }));
}

/** Anything else is a failure of the test. */
export function expectUnavailable(error: unknown): void {
  if (!(error instanceof SyncError) || error.code !== 'KAFKA_UNAVAILABLE') throw error;
}

export const text = (record: RawRecord): string => String(record.value);

/** The client's Admin, for one call. */
export async function withAdmin<T>(server: KafkaServer, use: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = new Admin({ clientId: 'test-admin', bootstrapBrokers: [server.bootstrap] });
  try {
    return await use(admin);
  } finally {
    await admin.close();
  }
}
