/**
 * seed, its second half: how fast a table that is equal is verified, and how many bytes cross for it, beside reading its rows. On loopback,
 * and with a line of 200 ms (there and back) and 16 Mbit/s between the source and whoever reads it.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Log, Stack, withAdministrator } from '../harness/index.js';
import { Network } from '../network/index.js';
import { mysqlClient } from '../servers/mysql-clients.js';
import { whole } from './dump.js';
import type { Stage, Timing } from './figures.js';
import { ProcessMeter } from './process-meter.js';
import { lineOf } from './seed.js';
import { mysqlExtra, type SeedBenchOptions } from './seed-bench.js';
import { createNarrowTable } from './seed-tables.js';
import type { StageResult } from './stage-result.js';

const rowsAtScale = 5_000_000;
const database = 'seed_verified';
const table = `${database}.entries`;
const damagedRows = 20;
const line = { kind: 'slow', delayMs: 100, bytesPerSecond: 2_000_000 } as const;
const boundMs = 1_200_000;
const pollMs = 50;

interface Answer {
  readonly order: { readonly id: string };
  readonly result: {
    readonly request: string;
    readonly endedAt: number | null;
    readonly tables: readonly {
      readonly verdict: string | null;
      readonly rows: number;
      readonly different: number;
      readonly text: string;
    }[];
  } | null;
}

export class VerifyBench {
  readonly stack: Stack;
  readonly #network: Network;
  readonly #rows: number;
  readonly #log: Log;

  private constructor(stack: Stack, network: Network, { scale, log }: SeedBenchOptions) {
    this.stack = stack;
    this.#network = network;
    this.#rows = Math.max(1_000, Math.round(rowsAtScale * scale));
    this.#log = log;
  }

  static async open(options: SeedBenchOptions): Promise<VerifyBench> {
    const network = await Network.open();
    const { mysql, log, profile } = options;
    const environment: Record<string, string> = profile ? { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${profile}` } : {};
    return new VerifyBench(new Stack({ mysql, log, mysqlExtra, network, environment }), network, options);
  }

  /** The table is the same on both sides. */
  async start(): Promise<void> {
    const { stack } = this;
    await stack.start();
    await Promise.all([stack.capture.b.terminate(), stack.loader.a.terminate()]);
    const fill = (side: 'a' | 'b'): Promise<void> =>
      withAdministrator(stack.mysql[side], async (connection) => {
        await connection.query(`CREATE DATABASE ${database}`);
        await createNarrowTable(connection, table, this.#rows);
      });
    await Promise.all([fill('a'), fill('b')]);
    await stack.createChannel({ name: 'verified', databases: [database], from: ['a'] });
    await stack.startChannel();
  }

  async stop(): Promise<void> {
    await this.stack.stop();
    await this.#network.close();
  }

  async measure(): Promise<StageResult[]> {
    const results: StageResult[] = [];
    const keep = (result: StageResult): void => {
      results.push(result);
      this.#log(`seed, ${lineOf(result)}`);
    };
    keep(await this.#measured('readingLoopback', () => this.#read(this.stack.mysql.a)));
    keep(await this.#measured('verifyLoopback', () => this.#verify(0)));
    const heal = this.#network.disturb('mysql-a', { ...line, who: (app) => !app?.startsWith('capture') });
    try {
      const before = this.#network.carried('mysql-a', undefined);
      keep(await this.#measured('reading', () => this.#read(this.#network.at('mysql-a'))));
      const rowBytes = this.#network.carried('mysql-a', undefined) - before;
      keep(await this.#counted('verify', { rowBytes, different: 0 }));
      await this.#damage();
      keep(await this.#counted('verifyDamaged', { rowBytes, different: damagedRows }));
    } finally {
      heal();
    }
    return results;
  }

  async #counted(stage: Stage, { rowBytes, different }: { readonly rowBytes: number; readonly different: number }): Promise<StageResult> {
    const sent = (): number => this.#network.carried('mysql-a', this.stack.loader.b.name);
    const before = sent();
    const result = await this.#measured(stage, () => this.#verify(different));
    return { ...result, more: { sentToRows: (sent() - before) / rowBytes } };
  }

  async #measured(stage: Stage, work: () => Promise<Timing>): Promise<StageResult> {
    const { loader, mysql } = this.stack;
    const meter = await ProcessMeter.begin({ loader: loader.b.pid, source: mysql.a.pid, target: mysql.b.pid });
    const timing = await work();
    const { loader: verifier, ...servers } = await meter.read();
    return { stage, timing, usage: stage.startsWith('verify') ? { loader: verifier, ...servers } : servers };
  }

  /** By MySQL's own client, which keeps no row. */
  async #read({ host, port }: { readonly host: string; readonly port: number }): Promise<Timing> {
    const { command, args } = await mysqlClient('mysql', () => undefined);
    const begin = performance.now();
    const login = [
      `--host=${host}`,
      `--port=${port}`,
      `--user=${this.stack.mysql.a.user}`,
      '--ssl-mode=DISABLED',
      '--get-server-public-key',
    ];
    const child = spawn(command, [...args, ...login, '--quick', '-e', `SELECT * FROM ${table}`], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const [code] = (await once(child, 'close')) as [number | null];
    if (code !== 0) throw new Error(`mysql ended with ${code}`);
    return whole(this.#rows, begin);
  }

  async #verify(different: number): Promise<Timing> {
    const { api, channel } = this.stack;
    const path = `/api/v1/channels/${channel}/verify`;
    const begin = performance.now();
    const { order } = await api.request<Answer>('POST', path, { tables: [table], share: 1 });
    for (const deadline = Date.now() + boundMs; Date.now() < deadline; await sleep(pollMs)) {
      const { result } = await api.request<Answer>('GET', path);
      if (result?.request !== order.id || result.endedAt === null) continue;
      const [found] = result.tables;
      const isAsMade =
        found?.rows === this.#rows && found.verdict === (different === 0 ? 'equal' : 'different') && found.different === different;
      if (!isAsMade) throw new Error(`it was verified as: ${JSON.stringify(result.tables)}`);
      return whole(this.#rows, begin);
    }
    throw new Error(`${table} is not verified after ${boundMs / 60_000} minutes.\n${await this.stack.report()}`);
  }

  /** Behind the binlog's back, all over the table. */
  async #damage(): Promise<void> {
    const ids = Array.from({ length: damagedRows }, (_, i) => 1 + Math.floor((i * this.#rows) / damagedRows));
    await withAdministrator(this.stack.mysql.b, (connection) =>
      connection.query(`SET sql_log_bin = 0; UPDATE ${table} SET note = 'damaged' WHERE id IN (${ids.join(', ')})`),
    );
  }
}
