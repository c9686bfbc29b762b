/**
 * What is measured: a channel from side a to side b, or both ways with writes at side a only, and beside it MySQL's own replication of side
 * a. Only one of them runs at a time. Nothing is left behind after `stop()`, or after the death of this process.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import { type Log, Stack } from '../harness/index.js';
import { createEntries } from './entries.js';
import { numberOf, transactionsOf } from './gtid.js';
import { NativeReplica } from './native-replica.js';
import { RowsTopic } from './rows-topic.js';

export interface BenchStackOptions {
  readonly mysql: '8.0' | '9.7';
  readonly databases: readonly string[];
  readonly log: Log;
  /** Folder for the apps' CPU profiles. */
  readonly profile?: string | undefined;
  /** A channel both ways, so that the loader looks for conflicts; nobody writes at side b. */
  readonly twoWay?: boolean;
  readonly textKey?: boolean;
}

const mysqlExtra = ['--innodb-buffer-pool-size=512M'];
const stopBoundMs = 60_000;

export class Bench {
  readonly stack: Stack;
  readonly replica: NativeReplica;
  readonly #options: BenchStackOptions;
  #topic: RowsTopic | undefined;
  #atSource: Connection | undefined;
  #atTarget: Connection | undefined;
  #uid: string | undefined;

  constructor(options: BenchStackOptions) {
    const { mysql, log, profile } = options;
    const environment: Record<string, string> = profile ? { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${profile}` } : {};
    this.stack = new Stack({ mysql, log, mysqlExtra, environment });
    this.replica = new NativeReplica(mysql, mysqlExtra);
    this.#options = options;
  }

  get topic(): RowsTopic {
    return required(this.#topic);
  }

  get pids() {
    const { capture, loader, mysql, kafka } = this.stack;
    return {
      capture: capture.a.pid,
      loader: loader.b.pid,
      source: mysql.a.pid,
      target: mysql.b.pid,
      replica: this.replica.server.pid,
      kafka: kafka.pid,
    };
  }

  /** Nothing is replicated yet. */
  async start(): Promise<void> {
    const { stack, replica } = this;
    await stack.start();
    const { twoWay = false } = this.#options;
    if (!twoWay) await Promise.all([stack.capture.b.terminate(), stack.loader.a.terminate()]); // the other direction: not wanted here
    await replica.start(stack.mysql.a);
    await createEntries(stack, this.#options.databases, { textKey: this.#options.textKey ?? false });
    this.#atSource = await createConnection(stack.connection('a'));
    this.#atTarget = await createConnection(stack.connection('b'));
    this.#topic = new RowsTopic(stack);
    await stack.createChannel({ name: 'bench', databases: this.#options.databases, from: twoWay ? ['a', 'b'] : ['a'] });
  }

  /** Both ways carry what is written. */
  async run(): Promise<void> {
    await this.stack.startChannel();
    await this.replica.run();
  }

  async stop(): Promise<void> {
    this.#atSource?.destroy();
    this.#atTarget?.destroy();
    await Promise.all([this.#topic?.close(), this.stack.stop(), this.replica.stop()]);
  }

  /** Stops the channel; resolves when neither capture nor loader works on it. */
  async quiet(): Promise<void> {
    const { api, channel } = this.stack;
    await api.channelAction(channel, 'stop');
    for (const deadline = Date.now() + stopBoundMs; Date.now() < deadline; await sleep(50)) {
      const { pipelines } = await api.channelStatus(channel);
      if (pipelines.every(({ source, target }) => source.worker === null && target.worker === null)) return;
    }
    throw new Error(`the channel does not stop.\n${await this.stack.report()}`);
  }

  /** @throws with what the apps say, if one of them waits for an operator */
  async verify(): Promise<void> {
    const { pipelines } = await this.stack.api.channelStatus(this.stack.channel);
    if (pipelines.some(({ source, target }) => [source.state, target.state].includes('failed'))) throw new Error(await this.stack.report());
  }

  /** Transactions that the source has committed. */
  async committed(): Promise<number> {
    const row = await one(this.#atSource, 'SELECT @@GLOBAL.gtid_executed AS executed, @@server_uuid AS uuid');
    return transactionsOf(String(row['executed']), String(row['uuid']));
  }

  /** Number of the source's last transaction that the loader has applied. */
  async applied(): Promise<number> {
    const sql = `SELECT gtid FROM lutra.checkpoint WHERE pipeline = '${await this.#uidOfWay()}'`;
    return numberOf((await one(this.#atTarget, sql))['gtid'] as string | null);
  }

  async #uidOfWay(): Promise<string> {
    const { regions, channel, api } = this.stack;
    const name = `${regions.a}-${regions.b}`;
    this.#uid ??= (await api.channelStatus(channel)).pipelines.find((pipeline) => pipeline.name === name)?.uid;
    return this.#uid ?? '';
  }

  /** Closes the source's binlog file; the name of the next one. */
  async nextBinlog(): Promise<string> {
    await required(this.#atSource).query('FLUSH BINARY LOGS');
    const [rows] = await required(this.#atSource).query<RowDataPacket[]>('SHOW BINARY LOGS');
    return String(rows.at(-1)?.['Log_name']);
  }
}

async function one(connection: Connection | undefined, sql: string): Promise<RowDataPacket> {
  const [[row]] = await required(connection).query<RowDataPacket[]>(sql);
  return required(row);
}

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('there is nothing: is the bench started?');
  return value;
}
