/** What seeding is measured on: a channel from side a to side b, empty at first, and a third server that a dump is loaded into. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RowDataPacket } from 'mysql2/promise';
import { compareDatabases, type Difference, type Log, Stack, withAdministrator } from '../harness/index.js';
import { asAdministrator, grantDatabase } from '../harness/endpoint-setup.js';
import { mysqlServer, type MysqlServer } from '../servers/index.js';
import { prepareClients } from './dump.js';
import { createSeedTables } from './seed-tables.js';
import { settingsLine } from './settings.js';

export interface SeedBenchOptions {
  readonly mysql: '8.0' | '9.7';
  readonly scale: number;
  readonly log: Log;
  /** Folder for the apps' CPU profiles. */
  readonly profile?: string | undefined;
}

export const mysqlExtra = ['--innodb-buffer-pool-size=512M'];
export const quiet = 'seed_quiet';
export const written = 'seed_written';
export const live = 'seed_live';
const boundMs = 1_200_000;
const pollMs = 50;

interface SeedAnswer {
  readonly order: { readonly id: string } | null;
  readonly progress: { readonly request: string; readonly tables: readonly { readonly state: string }[] } | null;
}

export class SeedBench {
  readonly stack: Stack;
  readonly dumped: MysqlServer;
  readonly options: SeedBenchOptions;

  constructor(options: SeedBenchOptions) {
    const { mysql, log, profile } = options;
    const environment: Record<string, string> = profile ? { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${profile}` } : {};
    this.options = options;
    this.stack = new Stack({ mysql, log, mysqlExtra, environment });
    this.dumped = mysqlServer({ version: mysql, serverId: 3, name: 'mysql-dump', extra: mysqlExtra });
  }

  get pids() {
    const { capture, loader, mysql, kafka } = this.stack;
    return { capture: capture.a.pid, loader: loader.b.pid, source: mysql.a.pid, target: mysql.b.pid, kafka: kafka.pid };
  }

  /** The channel runs, and nothing is there to be replicated. */
  async start(): Promise<void> {
    const { stack, dumped } = this;
    await prepareClients(this.options.log);
    await Promise.all([stack.start(), dumped.start()]);
    await Promise.all([stack.capture.b.terminate(), stack.loader.a.terminate()]); // the other direction: not wanted here
    const databases = [quiet, written, live];
    for (const side of ['a', 'b'] as const) {
      await withAdministrator(stack.mysql[side], async (connection) => {
        for (const database of databases) await connection.query(`CREATE DATABASE ${database} CHARACTER SET utf8mb4`);
        await connection.query(`CREATE TABLE ${live}.heartbeat (id BIGINT NOT NULL PRIMARY KEY)`);
      });
    }
    await stack.createChannel({ name: 'bench', databases, from: ['a'] });
    for (const database of databases) await grantDatabase(stack.mysql.b, database, { create: true });
    await stack.startChannel();
  }

  async stop(): Promise<void> {
    await Promise.all([this.stack.stop(), this.dumped.stop()]);
  }

  /** At the source, past its binlog. Resolves to the number of rows. */
  fill(database: string): Promise<number> {
    return withAdministrator(this.stack.mysql.a, (connection) => createSeedTables(connection, database, this.options.scale));
  }

  /**
   * Orders a seed of all tables of the database; resolves when all of them are done. A change of a table that is not there yet suspends it
   * at the target, so nobody may write before `begun`.
   */
  async seed(database: string, begun: () => void = () => undefined): Promise<void> {
    const { api, channel, regions, mysql } = this.stack;
    const tables = await tablesOf(mysql.a, database);
    const path = `/api/v1/channels/${channel}/pipelines/${regions.a}-${regions.b}/seed`;
    const { order: ordered } = await api.request<SeedAnswer>('POST', path, {
      tables: [`${database}.*`],
      createTables: true,
      verify: false,
    });
    for (const deadline = Date.now() + boundMs; Date.now() < deadline; await sleep(pollMs)) {
      const { progress } = await api.request<SeedAnswer>('GET', path);
      if (progress?.request !== ordered?.id || progress?.tables.length !== tables) continue;
      begun();
      if (progress.tables.every(({ state }) => state === 'done')) return;
    }
    throw new Error(`${database} is not seeded after ${boundMs / 60_000} minutes.\n${await this.stack.report()}`);
  }

  /** Nobody writes. */
  async compare(b: MysqlServer, database: string): Promise<{ readonly rows: number; readonly differences: readonly Difference[] }> {
    return compareDatabases({ a: this.stack.connection('a'), b: asAdministrator(b), databases: [database] });
  }

  settings(): Promise<string[]> {
    const { mysql } = this.stack;
    const servers = { source: mysql.a, target: mysql.b, 'target of dumps': this.dumped };
    return Promise.all(Object.entries(servers).map(([what, server]) => settingsLine(what, asAdministrator(server))));
  }
}

function tablesOf(server: MysqlServer, database: string): Promise<number> {
  return withAdministrator(server, async (connection) => {
    const sql = `SELECT COUNT(*) AS n FROM information_schema.TABLES WHERE TABLE_SCHEMA = '${database}'`;
    const [[row]] = await connection.query<RowDataPacket[]>(sql);
    return Number(row?.['n']);
  });
}
