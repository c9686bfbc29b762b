/**
 * Sees, on one connection, that tables are what they were when their definitions were read. The naive ways: a time limit lets rows slip;
 * reading the definitions in each transaction costs 3 to 13 ms a table.
 *
 * A prepared statement knows the version of each definition that it was made for. The server compares it at each EXECUTE and counts, for
 * the session, how often it had to prepare anew (Com_stmt_reprepare). Proof, with P the PREPARE, R the reading of the definition after it,
 * E the EXECUTE in the transaction:
 * 1. The count is the same after E: nothing changed the table between P and E, so R read one definition, whole, and E met the same one.
 * 2. R gave what is remembered: so the remembered definition is the one that E met.
 * 3. E takes the table's metadata lock until the transaction ends: so all its statements meet it.
 * Seen on MySQL 8.0.15, 9.7 and MariaDB 11.4 for every kind of ALTER, triggers, RENAME, DROP and CREATE; 20 µs a table and 100 µs (MariaDB:
 * 280) a transaction. What counts without a change (FLUSH TABLES, a definition cache that is too small) costs a new connection and a
 * reading.
 */
import { SyncError } from '@lutra/model';
import type { TableName } from '@lutra/model';
import { quoteTable, quoteText } from './literal.js';
import { textOf } from './server-facts.js';
import type { Session } from './session.js';
import type { SqlText } from './sql-text.js';
import { changed } from './table-definitions.js';
import type { TableDefinitions } from './table-definitions.js';
import type { TargetTable } from './target-definition.js';

export interface Remembered {
  readonly definitions: TableDefinitions;
  /** As they are now, through a connection that is in no transaction and whose privileges are those of now. */
  read(tables: readonly TableName[]): Promise<readonly TargetTable[]>;
}

interface Armed {
  readonly statement: string;
  readonly at: number;
}

interface Counter {
  readonly sql: string;
  /** When it was asked first: a proxy may hand on a session that others have used. */
  readonly value: number;
  /** How long a definition is taken for read just now. */
  readonly ageMs: number;
}

/** MariaDB does not count a foreign key of another table that points here: there each definition is read again after that time. */
const mariadbMs = 5_000;

const counters = {
  mysql: "SELECT VARIABLE_VALUE AS n FROM performance_schema.session_status WHERE VARIABLE_NAME = 'Com_stmt_reprepare'",
  mariadb: "SELECT VARIABLE_VALUE AS n FROM information_schema.SESSION_STATUS WHERE VARIABLE_NAME = 'COM_STMT_REPREPARE'",
};

export class DefinitionCheck {
  readonly #session: Session;
  readonly #remembered: Remembered;
  readonly #armed = new Map<string, Armed>();
  #statements = 0;
  #times = 0;
  #counter: Counter | null = null;

  constructor(session: Session, remembered: Remembered) {
    this.#session = session;
    this.#remembered = remembered;
  }

  /** Those of a run's tables whose definitions are remembered: ours (lutra.*) are not. */
  knownOf(tables: readonly TableName[]): readonly TableName[] {
    const known = tables.filter((table) => this.#remembered.definitions.knows(table));
    return [...new Map(known.map((table) => [quoteTable(table), table])).values()];
  }

  /** How often arm() had something to do. */
  get armed(): number {
    return this.#times;
  }

  /**
   * Before check() is sent, also within an open transaction.
   * @throws SyncError TARGET_CHANGED; TextFailure
   */
  async arm(tables: readonly TableName[]): Promise<void> {
    const limit = this.#counter?.ageMs ?? Infinity;
    const now = performance.now();
    const missing = tables.filter((table) => {
      const armed = this.#armed.get(quoteTable(table));
      return !armed || now - armed.at > limit;
    });
    if (missing.length === 0) return;
    this.#times += 1;
    const statements = missing.map(() => `lutra_${++this.#statements}`);
    const prepare = missing.map((table, i) => `PREPARE ${statements[i]} FROM ${quoteText(`SELECT 1 FROM ${quoteTable(table)} LIMIT 0`)}`);
    await this.#prepare(prepare.join(';\n'), missing);
    this.#counter ??= await this.#readCounter();
    for (const table of await this.#remembered.read(missing)) this.#remembered.definitions.requireSame(table);
    for (const [i, table] of missing.entries()) this.#armed.set(quoteTable(table), { statement: statements[i] ?? '', at: now });
  }

  /** Fails with error 1690 when one is not what it was. To be sent in the transaction, before what the definitions were taken for. */
  check(tables: readonly TableName[]): SqlText {
    const { sql, value } = this.#counter ?? { sql: '', value: 0 };
    const executes = tables.map((table) => `EXECUTE ${this.#armed.get(quoteTable(table))?.statement ?? ''}`);
    const parts = [...executes, `SET @lutra_check = ~0 + IF((${sql}) + 0 <=> ${value}, 0, 1)`];
    return { sql: parts.join(';\n'), marks: parts.map(() => ({ does: 'check definitions', tables })) };
  }

  async #prepare(sql: string, tables: readonly TableName[]): Promise<void> {
    try {
      await this.#session.execute(sql);
    } catch (error) {
      const { code } = this.#session.translate(error, 'prepare');
      const [first] = tables;
      if (code === 'TABLE_MISSING' && first) throw changed(first);
      throw error;
    }
  }

  async #readCounter(): Promise<Counter> {
    const [version] = (await this.#session.execute('SELECT VERSION() AS version'))[0]?.rows ?? [];
    const isMariadb = /mariadb/i.test(textOf(version, 'version'));
    const sql = isMariadb ? counters.mariadb : counters.mysql;
    const [row] = (await this.#session.execute(sql))[0]?.rows ?? [];
    if (!row) throw new SyncError('TARGET_SETTINGS', 'the target does not tell Com_stmt_reprepare, by which changes of tables are noticed');
    return { sql, value: Number(textOf(row, 'n')), ageMs: isMariadb ? mariadbMs : Infinity };
  }
}
