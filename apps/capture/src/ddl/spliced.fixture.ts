/**
 * What is published of a statement, run again on the same server with each name written anew at its place, quoted and with its database, in
 * a session without a default database: it must do what the statement did.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readBinlog, sourceState } from '@lutra/binlog';
import type { SourceConnection } from '@lutra/binlog';
import { createRouter } from '@lutra/model';
import type { DdlTable, SourceItem } from '@lutra/model';
import { createLogger } from '@lutra/telemetry';
import { createConnection } from 'mysql2/promise';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { Random } from '../../../../test/harness/index.js';
import type { MysqlServer } from '../../../../test/servers/index.js';
import { concernOf } from './concern.js';
import type { Concern } from './concern.js';
import { drawStatement } from './random-statement.fixture.js';
import type { Dialect } from './random-statement.fixture.js';
import { definition, quote, routes, tables } from './server-statements.fixture.js';

type Ddl = Extract<SourceItem, { kind: 'ddl' }>;

export interface Replayed {
  readonly sql: readonly string[];
  readonly again: string;
  readonly error: string | null;
  readonly isSame: boolean;
}

export function spliced({ sql, tables: names }: Pick<Concern, 'sql' | 'tables'>, nameOf: (table: DdlTable) => string): string {
  return names
    .toSorted((one, other) => other.offset - one.offset)
    .reduce((text, table) => text.slice(0, table.offset) + nameOf(table) + text.slice(table.offset + table.length), sql);
}

const own = ({ database, name }: DdlTable): string => (name === '*' ? quote(database) : `${quote(database)}.${quote(name)}`);

export class Replays {
  readonly #server: MysqlServer;
  readonly #dialect: Dialect;
  #admin!: Connection;

  constructor(server: MysqlServer, dialect: Dialect) {
    this.#server = server;
    this.#dialect = dialect;
  }

  async open(): Promise<void> {
    const { host, port, user, password } = this.#server;
    this.#admin = await createConnection({ host, port, user, password, charset: 'utf8mb4', multipleStatements: true });
    await this.#admin.query("SET sql_log_bin = 0, sql_mode = '', foreign_key_checks = 0");
  }

  close(): void {
    this.#admin?.destroy();
  }

  /** Of as many statements, those that ran and are published without a doubt. */
  async drawn({ seed, count }: { seed: number; count: number }): Promise<readonly Replayed[]> {
    const random = new Random(seed);
    const replayed: Replayed[] = [];
    for (let i = 0; i < count; i += 1) {
      const { statements, isPrepared, kind } = drawStatement(random, this.#dialect);
      const found = isPrepared || kind === 'discard' ? null : await this.#replay(statements);
      if (found) replayed.push(found);
    }
    return replayed;
  }

  async #replay(statements: readonly string[]): Promise<Replayed | null> {
    await this.#begin();
    const { host, port, user, password } = this.#server;
    const from = await sourceState({ host, port, user, password });
    if ((await this.#run('BINARY', statements)) !== null) return null;
    const first = await this.#state();
    const [item, ...others] = await this.#items(from);
    const concern = item && concernOf(item, { router: createRouter(routes), foldsNames: this.#dialect.foldsNames });
    // Rows that follow are none of the statement's.
    if (!item || !concern || item.rowsFollow || others.length > 0 || concern.doubt !== null) return null;
    await this.#begin();
    const again = spliced(concern, own);
    const sqlMode = `SET sql_mode = ${item.session.sqlMode}, foreign_key_checks = ${Number(item.session.foreignKeyChecks)}`;
    const error = await this.#run('utf8mb4', [sqlMode, again]);
    return { sql: statements, again, error, isSame: (await this.#state()) === first };
  }

  async #removeForgotten(): Promise<void> {
    const [rows] = await this.#admin.query<RowDataPacket[]>('SELECT @@datadir AS folder');
    const folder = String(rows[0]?.['folder']);
    for (const database of ['shop', 'crm']) await rm(join(folder, database), { recursive: true, force: true });
  }

  async #begin(): Promise<void> {
    const lines = ['shop', 'crm'].flatMap((database) => [
      `DROP DATABASE IF EXISTS ${database}`,
      `CREATE DATABASE ${database} CHARACTER SET utf8mb4`,
      ...[...tables, 'other', 'parts', 'pieces'].flatMap((name) => definition(`${database}.${quote(name)}`, name)),
    ]);
    for (let tries = 1; ; tries++) {
      try {
        return void (await this.#admin.query(lines.join(';')));
      } catch (error) {
        // MariaDB removes files of a table that is gone a moment later, or forgets one; a database with files of nobody is not dropped.
        if ((error as { errno?: number }).errno !== 1010 || tries === 50) throw error;
        if (tries >= 20) await this.#removeForgotten();
        await sleep(100);
      }
    }
  }

  /** The message of what fails. */
  async #run(charset: string, statements: readonly string[]): Promise<string | null> {
    const { host, port, user, password } = this.#server;
    const session = await createConnection({ host, port, user, password, charset, flags: ['-SESSION_TRACK'] });
    try {
      for (const sql of statements) await session.query(sql);
      return null;
    } catch (error) {
      return (error as Error).message;
    } finally {
      session.destroy();
    }
  }

  /** Each table of both databases: its definition and its number of rows. */
  async #state(): Promise<string> {
    const [names] = await this.#admin.query<RowDataPacket[]>(
      "SELECT SCHEMA_NAME AS db, TABLE_NAME AS name, DEFAULT_COLLATION_NAME AS c FROM information_schema.SCHEMATA LEFT JOIN information_schema.TABLES ON TABLE_SCHEMA = SCHEMA_NAME WHERE SCHEMA_NAME IN ('shop', 'crm') ORDER BY 1, 2",
    );
    const states: unknown[] = [];
    for (const { db, name, c } of names) {
      const table = `${quote(String(db))}.${quote(String(name))}`;
      const [found] =
        name === null ? [[]] : await this.#admin.query<RowDataPacket[]>(`SHOW CREATE TABLE ${table}; SELECT COUNT(*) FROM ${table}`);
      states.push([db, c, name, found]);
    }
    return JSON.stringify(states);
  }

  async #items({ file, pos }: { file: string; pos: number }): Promise<readonly Ddl[]> {
    const { host, port, user, password } = this.#server;
    const source: SourceConnection = { host, port, user, password };
    const end = await sourceState(source);
    const items: Ddl[] = [];
    const reading = { ...source, serverId: 78, start: { file, pos }, wants: () => false };
    for await (const item of readBinlog({ ...reading, logger: createLogger('test', 'silent'), signal: AbortSignal.timeout(30_000) })) {
      if (item.kind === 'ddl') items.push(item);
      if ('end' in item && item.end.file === end.file && item.end.pos >= end.pos) break;
    }
    return items;
  }
}
