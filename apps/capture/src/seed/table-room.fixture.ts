/** A real server and a capture of one database of it, anew for each test, for what happens to single tables that are seeded. */
import type { Row, SeedOrder } from '@lutra/model';
import type { Connection } from 'mysql2/promise';
import { expect, vi } from 'vitest';
import { writer } from '../../../../libs/binlog/src/reading.fixture.js';
import { prepareEndpoint } from '../../../../test/harness/index.js';
import { mysqlServer } from '../../../../test/servers/index.js';
import type { MysqlServer, MysqlVersion } from '../../../../test/servers/index.js';
import { MemoryCapture, orderOf } from './memory-capture.fixture.js';
import { applied, digits } from './seeding.fixture.js';

export const thousand = `SELECT a.n * 100 + b.n * 10 + c.n AS n FROM ${digits('a')}, ${digits('b')}, ${digits('c')}`;

export class TableRoom {
  readonly server: MysqlServer;
  connection!: Connection;
  capture!: MemoryCapture;
  /** Of the test that runs. */
  db = '';
  #databases = 0;

  /** @param serverIds of the captures: from here on */
  constructor(
    readonly name: string,
    readonly serverIds: number,
    version: MysqlVersion = '9.7',
    extra: readonly string[] = [],
  ) {
    this.server = mysqlServer({ version, serverId: 1, extra: [...extra] });
  }

  get databases(): number {
    return this.#databases;
  }

  async start(): Promise<void> {
    await this.server.start();
    await prepareEndpoint(this.server);
    this.connection = await writer(this.server);
  }

  async stop(): Promise<void> {
    this.connection?.destroy();
    await this.server.stop();
  }

  async kill(): Promise<void> {
    await this.capture.kill();
    expect(this.capture.failure).toBeNull();
  }

  async open(definition: string): Promise<void> {
    this.db = `${this.name}${++this.#databases}`;
    await this.connection.query(`CREATE DATABASE ${this.db} CHARACTER SET utf8mb4; USE ${this.db}; ${definition}`);
    this.capture = new MemoryCapture(this.server, [{ schema: this.db, table: '*' }] as never, this.serverIds + this.#databases);
  }

  order(part: Partial<SeedOrder>): SeedOrder {
    const made = orderOf({ tables: [`${this.db}.*`], ...part });
    this.capture.order = made;
    return made;
  }

  async seeded({ id }: SeedOrder): Promise<void> {
    const state = (): string | undefined => this.capture.seeds.find(({ request }) => request === id)?.state;
    await vi.waitFor(() => expect(state(), JSON.stringify(this.capture.warnings)).toBe('done'), { timeout: 60_000, interval: 20 });
  }

  async rowsThere(of: SeedOrder, table = 't'): Promise<readonly Row[]> {
    const there = applied(await this.capture.entries(), of, { strict: false });
    return [...(there.get(`${this.db}.${table}`)?.values() ?? [])];
  }

  async chunksOf(table = 't'): Promise<number> {
    return (await this.capture.entries()).filter((entry) => entry.kind === 'chunk' && entry.chunk.table === table).length;
  }
}
