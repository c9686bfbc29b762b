/** For this lib's integration tests: a real server with Lutra's tables, and rows read back as the binlog would give them. */
import { readFile } from 'node:fs/promises';
import type { ColumnSchema, Row, TableSchema, Value } from '@lutra/model';
import mysql from 'mysql2/promise';
import { mysqlServer } from '../../../test/servers/index.js';
import type { MysqlServer, MysqlVersion } from '../../../test/servers/index.js';
import { quoteName, quoteTable } from './literal.js';
import { rulesOf } from '@lutra/rows';
import { Session } from './session.js';
import type { ConnectionOptions, ResultRow } from './session-options.js';
import { asSource, loadTable } from './target-table.js';
import type { TargetTable } from './target-definition.js';

export const versions: readonly MysqlVersion[] = ['8.0', '9.7', 'mariadb-11.4'];

/** Of this process, one per version: see `shared`. */
const shared = new Map<MysqlVersion, TestServer>();

export class TestServer {
  readonly server: MysqlServer;
  readonly options: ConnectionOptions;
  #admin: Session;
  #printer: Promise<mysql.Connection> | undefined;
  #databases = 0;
  /** Who shares it now. */
  #users = 0;
  #dropped = 0;

  private constructor(server: MysqlServer, options: ConnectionOptions, admin: Session) {
    this.server = server;
    this.options = options;
    this.#admin = admin;
  }

  static async start(version: MysqlVersion, extra: readonly string[] = [], lowerCaseTableNames: 0 | 1 = 0): Promise<TestServer> {
    const server = mysqlServer({ version, serverId: 1, extra, lowerCaseTableNames });
    await server.start();
    const options = { host: server.host, port: server.port, user: server.user, password: server.password };
    const started = new TestServer(server, options, await patient(options));
    await started.run(await readFile(new URL('../../../schemas/lutra.sql', import.meta.url), 'utf8'));
    return started;
  }

  /**
   * One for all files of a process that ask for nothing special and do not change the server itself.
   * It ends with the process; a file whose server has died gets another one.
   */
  static async shared(version: MysqlVersion): Promise<TestServer> {
    const running = shared.get(version);
    if (running?.server.pid !== undefined) {
      running.#users += 1;
      await running.reconnect();
      return running;
    }
    const started = await TestServer.start(version);
    started.#users = 1;
    shared.set(version, started);
    return started;
  }

  /** After a restart. */
  async reconnect(): Promise<void> {
    this.#disconnect();
    this.#admin = await patient(this.options);
  }

  #disconnect(): void {
    this.#admin.destroy();
    void this.#printer?.then(
      (printer) => printer.destroy(),
      () => undefined,
    );
    this.#printer = undefined;
  }

  async stop(): Promise<void> {
    const isShared = shared.get(this.server.version) === this;
    if (isShared && --this.#users === 0 && this.server.pid !== undefined) await this.#dropAll().catch(() => undefined); // it costs time only
    this.#disconnect();
    if (!isShared) await this.server.stop();
  }

  /** What information_schema is asked takes the longer, the more tables there are. What somebody has locked stays. */
  async #dropAll(): Promise<void> {
    await this.reconnect();
    await this.run('SET SESSION lock_wait_timeout = 1, foreign_key_checks = 0');
    while (this.#dropped < this.#databases) await this.run(`DROP DATABASE IF EXISTS d${++this.#dropped}`);
  }

  get admin(): Session {
    return this.#admin;
  }

  async database(): Promise<string> {
    const name = `d${++this.#databases}`;
    await this.run(`CREATE DATABASE ${name} CHARACTER SET utf8mb4`);
    return name;
  }

  /** The user of docs/02-setup.md, without tables yet. */
  async leastPrivileged(): Promise<ConnectionOptions> {
    const grants = documentedGrants("'least'@'%'", this.server.version === 'mariadb-11.4');
    await this.run(["CREATE USER IF NOT EXISTS 'least'@'%'", ...grants.server].join('; '));
    return { ...this.options, user: 'least' };
  }

  /** What docs/02-setup.md grants for a database whose tables are routed. */
  async grant(database: string): Promise<void> {
    await this.run(documentedGrants("'least'@'%'", false).database(database));
  }

  /** Several statements. */
  async run(sql: string): Promise<readonly (readonly ResultRow[])[]> {
    const text = sql.trim().replace(/;$/, '');
    const results = await this.#admin.execute(text).catch((error: unknown) => {
      throw this.#admin.translate(error, text.slice(0, 200));
    });
    return results.map(({ rows }) => rows);
  }

  /** In a session of its own. */
  async alone(sql: string): Promise<void> {
    const session = await Session.open(this.options, 'target');
    await session.execute(sql).finally(() => session.close());
  }

  async binlogEnd(): Promise<{ readonly file: string; readonly pos: number }> {
    const [row] = await this.query(this.server.version === '9.7' ? 'SHOW BINARY LOG STATUS' : 'SHOW MASTER STATUS');
    return { file: String(row?.['File']), pos: Number(row?.['Position']) };
  }

  async query(sql: string): Promise<readonly ResultRow[]> {
    return (await this.run(sql))[0] ?? [];
  }

  async load(database: string, name: string): Promise<{ readonly target: TargetTable; readonly source: TableSchema }> {
    const target = await loadTable(this.#admin, database, name);
    return { target, source: asSource(target) };
  }

  /** All rows, as row images would have them. */
  async rows(table: TableSchema, order = ''): Promise<readonly Row[]> {
    const columns = table.columns.map((column) => `${printed(column)} AS ${quoteName(column.name)}`).join(', ');
    const rows = await this.#printed(`SELECT ${columns} FROM ${quoteTable(table)} ${order}`);
    return rows.map((row) => Object.fromEntries(table.columns.map((column) => [column.name, parsed(column, row[column.name])])));
  }

  /** Each value as the server prints it: the driver's own reading of a DOUBLE is not exact, nor is CAST(… AS CHAR) on 9.7. */
  async #printed(sql: string): Promise<readonly ResultRow[]> {
    this.#printer ??= this.#openPrinter();
    return (await (await this.#printer).query(sql))[0] as unknown as ResultRow[];
  }

  async #openPrinter(): Promise<mysql.Connection> {
    const { host, port, user, password } = this.options;
    const how = { charset: 'utf8mb4', typeCast: (field: { string(): string | null }) => field.string() };
    const connection = await mysql.createConnection({ host, port, user, password, ...how });
    connection.on('error', () => (this.#printer = undefined)); // the server was killed
    await connection.query("SET time_zone = '+00:00'");
    return connection;
  }

  /** What tells two tables apart: each column's bytes, sorted. */
  async content(table: TableSchema): Promise<readonly string[]> {
    const rows = await this.rows(table);
    const bare = (value: Value): string => (Buffer.isBuffer(value) ? value.toString('hex') : Object.is(value, -0) ? '-0' : String(value));
    return rows.map((row) => table.columns.map((column) => `${column.name}=${bare(row[column.name] as Value)}`).join(' ')).sort();
  }
}

function printed(column: ColumnSchema): string {
  const name = quoteName(column.name);
  switch (column.type) {
    case 'float':
    case 'double':
      return `${name} * 1e0`;
    case 'binary':
    case 'varbinary':
    case 'blob':
    case 'bit':
    case 'geometry':
    case 'vector':
      return `HEX(${name})`;
    case 'tinyint':
    case 'smallint':
    case 'mediumint':
    case 'int':
    case 'bigint':
    case 'decimal':
    case 'year':
    case 'char':
    case 'varchar':
    case 'text':
    case 'enum':
    case 'set':
    case 'json':
    case 'date':
    case 'time':
    case 'datetime':
    case 'timestamp':
      return `CAST(${rulesOf(column.type).sql.selected(column, name)} AS CHAR)`;
  }
}

function parsed(column: ColumnSchema, value: ResultRow[string] | undefined): Value {
  if (value === null) return null;
  const text = Buffer.isBuffer(value) ? value.toString('utf8') : String(value);
  switch (column.type) {
    case 'tinyint':
    case 'smallint':
    case 'mediumint':
    case 'int':
    case 'year':
    case 'float':
    case 'double':
      return Number(text);
    case 'bigint':
      return BigInt(text);
    case 'binary':
    case 'varbinary':
    case 'blob':
    case 'geometry':
    case 'vector':
      return Buffer.from(text, 'hex');
    case 'bit':
      return Buffer.from(text.padStart(Math.ceil((column.length ?? 8) / 8) * 2, '0'), 'hex');
    case 'decimal':
    case 'char':
    case 'varchar':
    case 'text':
    case 'enum':
    case 'set':
    case 'json':
    case 'date':
    case 'time':
    case 'datetime':
    case 'timestamp':
      return text;
  }
}

/** As they stand in docs/02-setup.md. */
export function documentedGrants(user: string, mariadb: boolean): { readonly server: readonly string[]; database(name: string): string } {
  const replication = mariadb
    ? 'REPLICATION SLAVE, BINLOG MONITOR, REPLICATION MASTER ADMIN, SLAVE MONITOR'
    : 'REPLICATION SLAVE, REPLICATION CLIENT';
  return {
    server: [
      `GRANT ${replication} ON *.* TO ${user}`,
      `GRANT SELECT, INSERT, UPDATE, TRIGGER ON lutra.* TO ${user}`,
      `GRANT DELETE ON lutra.conflict TO ${user}`,
      `GRANT DELETE ON lutra.difference TO ${user}`,
      `GRANT SELECT, INSERT, UPDATE, DELETE ON lutra.resync TO ${user}`,
      `GRANT DELETE ON lutra.file TO ${user}`,
      `GRANT DELETE ON lutra.file_missing TO ${user}`,
    ],
    database: (name) => `GRANT SELECT, INSERT, UPDATE, DELETE, TRIGGER ON ${name}.* TO ${user}`,
  };
}

/** On a busy machine a test may be silent for longer than a loader is. */
async function patient(options: ConnectionOptions): Promise<Session> {
  const session = await Session.open(options, 'target');
  await session.execute('SET SESSION wait_timeout = 600');
  return session;
}
