/**
 * Statements on a real server, each with what it did to the routed tables and with what capture says about it. A session sends bytes: the
 * character set of the client is set by the server's own statement, and the driver neither knows nor changes it.
 */
import { readBinlog, sourceState } from '@lutra/binlog';
import { createRouter } from '@lutra/model';
import type { Route, SourceItem } from '@lutra/model';
import { createLogger } from '@lutra/telemetry';
import { createConnection } from 'mysql2/promise';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import type { MysqlServer } from '../../../../test/servers/index.js';
import { concernOf } from './concern.js';
import type { Concern } from './concern.js';

/** Names that are hard to read in some character set, quoted or not. */
export const tables = ['parcel', 'straße', '乗乣', 'ソ表', '1t', 'a`b"c'] as const;
/** Not there at first; a table may enter it. */
export const empty = 'gone';
export const routes: readonly Route[] = [...tables, empty, 'parts'].map((table) => ({ schema: 'shop', table }));

export interface Ran {
  /** What was sent, for messages. */
  readonly sql: string;
  /** The driver's message; null: it ran. */
  readonly error: string | null;
  /** Routed tables whose definition or number of rows is another one than before. */
  readonly changed: readonly string[];
  /** What capture says of each event of it. */
  readonly concerns: readonly (Concern | null)[];
}

export interface Table {
  readonly database: string;
  readonly name: string;
}

/** The message of the first statement that fails. */
async function allOf(session: Connection, statements: readonly string[]): Promise<string | null> {
  try {
    for (const sql of statements) await session.query(sql);
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Two rows, or three where a table is none of the routed ones. */
export function definition(table: string, name: string): readonly string[] {
  const isSplit = name === 'parts' || name === 'pieces';
  const parts = 'PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN MAXVALUE)';
  // what is exchanged or renamed shows in the number of rows
  const ids = isSplit ? '20' : tables.some((routed) => routed === name) ? '2' : '3), (4), (5';
  return [
    `CREATE TABLE IF NOT EXISTS ${table} (id INT PRIMARY KEY, v INT, KEY k (v)) ${isSplit ? parts : ''}`,
    `INSERT IGNORE INTO ${table} (id) VALUES (1), (${ids})`,
  ];
}

export function quote(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}

interface Sent extends Omit<Ran, 'concerns'> {
  readonly end: { readonly file: string; readonly pos: number };
}

export class StatementRunner {
  readonly #server: MysqlServer;
  readonly #foldsNames: boolean;
  #admin!: Connection;
  #start!: Sent['end'];
  #state: ReadonlyMap<string, string> = new Map();
  readonly #sent: Sent[] = [];

  constructor(server: MysqlServer, foldsNames: boolean) {
    this.#server = server;
    this.#foldsNames = foldsNames;
  }

  async open(): Promise<void> {
    const { host, port, user, password } = this.#server;
    this.#admin = await createConnection({ host, port, user, password, charset: 'utf8mb4', multipleStatements: true });
    await this.#admin.query("SET sql_log_bin = 0, sql_mode = '', foreign_key_checks = 0");
    await this.reset([]);
    this.#start = await this.#end();
  }

  close(): void {
    this.#admin?.destroy();
  }

  /** A text as a client of that character set sends it; null: it has no such characters. */
  async encode(text: string, charset: string): Promise<string | null> {
    const hex = Buffer.from(text).toString('hex');
    const converted = `CONVERT(_utf8mb4 x'${hex}' USING ${charset})`;
    const [[row]] = await this.#admin.query<RowDataPacket[]>(
      `SELECT HEX(${converted}) AS bytes, HEX(CONVERT(${converted} USING utf8mb4)) AS back`,
    );
    return String(row!['back']).toLowerCase() === hex ? Buffer.from(String(row!['bytes']), 'hex').toString('latin1') : null;
  }

  /**
   * shop has the routed tables, two rows each, and others; crm has tables of the same names, none of which is routed. What is there stays,
   * but for the tables that are given.
   */
  async reset(again: readonly Table[]): Promise<void> {
    const lines = ['shop', 'crm'].map((database) => `CREATE DATABASE IF NOT EXISTS ${database} CHARACTER SET utf8mb4`);
    const gone = [...again.map(({ database, name }) => `${database}.${quote(name)}`), 'shop.`fresh`', 'crm.`fresh`', 'shop.`gone`'];
    lines.push(`DROP TABLE IF EXISTS ${[...new Set(gone)].join()}`);
    for (const database of ['shop', 'crm'])
      for (const name of [...tables, 'other', 'more', 'parts', 'pieces']) lines.push(...definition(`${database}.${quote(name)}`, name));
    await this.#admin.query(lines.join(';'));
    this.#state = await this.#routed();
  }

  /** Runs all of them in one session; what the routed tables were before the last one is compared with what they are after it. */
  async run(statements: readonly string[], touched: readonly Table[] = []): Promise<void> {
    const { host, port, user, password } = this.#server;
    // session tracking would make the driver speak a character set that it does not know
    const session = await createConnection({ host, port, user, password, charset: 'BINARY', flags: ['-SESSION_TRACK'] });
    try {
      const before = this.#state;
      const error = await allOf(session, statements);
      this.#state = await this.#routed();
      const changed = [...this.#state].filter(([table, now]) => now !== before.get(table)).map(([table]) => table);
      this.#sent.push({ sql: statements.map((each) => JSON.stringify(each)).join('; '), error, changed, end: await this.#end() });
      if (error === null) await this.reset([...changed.map((name) => ({ database: 'shop', name })), ...touched]);
    } finally {
      session.destroy();
    }
  }

  /** Reads the binlog of everything that ran. */
  async verdicts(): Promise<readonly Ran[]> {
    const items: Extract<SourceItem, { kind: 'ddl' }>[] = [];
    const { host, port, user, password } = this.#server;
    const end = await this.#end();
    const stream = readBinlog({
      host,
      port,
      user,
      password,
      serverId: 77,
      start: { file: this.#start.file, pos: this.#start.pos },
      wants: () => false,
      logger: createLogger('test', 'silent'),
      signal: AbortSignal.timeout(100_000),
    });
    for await (const item of stream) {
      if (item.kind === 'ddl') items.push(item);
      if ('end' in item && item.end.file === end.file && item.end.pos >= end.pos) break;
    }
    const routing = { router: createRouter(routes), foldsNames: this.#foldsNames };
    let next = 0;
    return this.#sent.map(({ end: until, ...ran }) => {
      const mine = [];
      while (items[next] && items[next]!.at.file === until.file && items[next]!.at.pos < until.pos) mine.push(items[next++]!);
      return { ...ran, concerns: mine.map((item) => concernOf(item, routing)) };
    });
  }

  /** Definition and number of rows of each routed table; '' where there is none. */
  async #routed(): Promise<ReadonlyMap<string, string>> {
    const states = new Map<string, string>();
    for (const { table } of routes) {
      const name = `shop.\`${table.replaceAll('`', '``')}\``;
      const [[[definition]], [[count]]] = await Promise.all([
        this.#ask(`SHOW CREATE TABLE ${name}`),
        this.#ask(`SELECT COUNT(*) FROM ${name}`),
      ]);
      states.set(table, definition ? JSON.stringify([definition, count]) : '');
    }
    return states;
  }

  #ask(sql: string): Promise<[RowDataPacket[], unknown]> {
    return this.#admin.query<RowDataPacket[]>(sql).catch(() => [[], null]);
  }

  async #end(): Promise<Sent['end']> {
    const { host, port, user, password } = this.#server;
    const { file, pos } = await sourceState({ host, port, user, password });
    return { file, pos };
  }
}
