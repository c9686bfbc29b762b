/** Debezium's JDBC sink in Kafka Connect, as connect/ configures it: from a topic into a database server that Lutra does not know. */
import { fileURLToPath } from 'node:url';
import type { RowDataPacket } from 'mysql2/promise';
import { expect } from 'vitest';
import { tidy } from '../servers/maven.js';
import type { MysqlServer } from '../servers/index.js';
import { type Stack, withAdministrator } from '../harness/index.js';
import { until } from '../accidents/one-way.js';
import { connectClassPath } from './connect-packages.js';
import { ConsumerProcess } from './consumer-process.js';

export interface SinkOptions {
  readonly configuration: 'envelope' | 'unwrapped';
  readonly topic: string;
  readonly target: MysqlServer;
  readonly database: string;
  /** Where the records do not say it. */
  readonly table?: string;
}

const worker = fileURLToPath(new URL('connect/worker.properties', import.meta.url));
/** Short-lived: little memory, no time spent on being fast later. */
const thrift = ['-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];
const boundMs = 150_000;

export async function startSink(
  stack: Stack,
  { configuration, topic, target, database, table = '' }: SinkOptions,
): Promise<ConsumerProcess> {
  const classPath = await connectClassPath();
  const main = 'org.apache.kafka.connect.cli.ConnectStandalone';
  return ConsumerProcess.start(stack, {
    topic,
    script: `connect/${configuration}.properties`,
    program: (folder) => ['java', ...thrift, ...tidy(folder), '-cp', classPath, main, worker],
    environment: {
      TARGET: `${target.host}:${target.port}/${database}`,
      TARGET_USER: target.user,
      TARGET_PASSWORD: target.password,
      TARGET_TABLE: table,
    },
  });
}

/** As text: the sink's INT UNSIGNED is a BIGINT, its DATE a text. */
export async function rowsOf(server: MysqlServer, table: string): Promise<readonly object[]> {
  const sql = `SELECT * FROM ${table} ORDER BY id`;
  const [rows] = await withAdministrator(server, (connection) => connection.query<RowDataPacket[]>(sql));
  return rows.map(
    (row) => JSON.parse(JSON.stringify(row), (_, value: unknown) => (typeof value === 'number' ? String(value) : value)) as object,
  );
}

/** Waits until the target's rows read as the source's do. */
export async function sinkHolds(sink: ConsumerProcess, table: string, at: { source: MysqlServer; target: MysqlServer }): Promise<void> {
  const wanted = await rowsOf(at.source, table);
  const found = (): Promise<readonly object[] | undefined> => rowsOf(at.target, table).catch(() => undefined); // not made yet
  const broken = async (): Promise<boolean> => sink.ended !== undefined || (await sink.output()).includes('Task is being killed');
  const holds = await until(async () => {
    if (JSON.stringify(await found()) === JSON.stringify(wanted)) return true;
    return (await broken()) ? false : undefined;
  }, boundMs);
  if (holds) return;
  const told = (await sink.output()).split('\n').filter((line) => /ERROR|Caused by/.test(line));
  expect({ told, rows: await found() }).toEqual({ told: [], rows: wanted });
}

/** Its columns' types, in order. */
export async function typesOf(server: MysqlServer, database: string, table: string): Promise<Readonly<Record<string, string>>> {
  const sql = `SELECT COLUMN_NAME AS name, COLUMN_TYPE AS type FROM information_schema.COLUMNS
    WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? ORDER BY ORDINAL_POSITION`;
  const [rows] = await withAdministrator(server, (connection) => connection.query<RowDataPacket[]>(sql, [database, table]));
  return Object.fromEntries(rows.map(({ name, type }) => [String(name), String(type)]));
}
