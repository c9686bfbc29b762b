/**
 * MySQL's own replication of side a, on a third server with the settings of the others: GTIDs, four applier workers, commit order as the
 * version has it by default. It is what Lutra is measured against.
 */
import { createConnection, type Connection, type ConnectionOptions, type RowDataPacket } from 'mysql2/promise';
import { mysqlServer, type MysqlServer } from '../servers/index.js';
import { withAdministrator } from '../harness/index.js';
import { transactionsOf } from './gtid.js';

const user = 'native';
const password = 'as shipped';
const workers = 4;

/**
 * 8.0.15 knows the old words only, 9.7 the new ones; and only the old one has to be told to apply transactions of one database side by
 * side.
 */
const dialects = {
  '8.0': {
    options: [`--slave-parallel-workers=${workers}`, '--slave-parallel-type=LOGICAL_CLOCK', '--skip-slave-start'],
    change: 'CHANGE MASTER TO',
    word: 'MASTER',
    replica: 'SLAVE',
    settings: 'CONCAT(@@slave_parallel_workers, " workers, preserve commit order ", @@slave_preserve_commit_order)',
  },
  '9.7': {
    options: [`--replica-parallel-workers=${workers}`, '--skip-replica-start'],
    change: 'CHANGE REPLICATION SOURCE TO',
    word: 'SOURCE',
    replica: 'REPLICA',
    settings: 'CONCAT(@@replica_parallel_workers, " workers, preserve commit order ", @@replica_preserve_commit_order)',
  },
} as const;

export class NativeReplica {
  readonly server: MysqlServer;
  readonly #dialect: (typeof dialects)['8.0' | '9.7'];
  #connection: Connection | undefined;
  #source = '';

  constructor(version: '8.0' | '9.7', extra: readonly string[]) {
    this.#dialect = dialects[version];
    this.server = mysqlServer({
      version,
      serverId: 3,
      name: 'mysql-native',
      extra: [...this.#dialect.options, '--relay-log=relay', ...extra],
    });
  }

  get at(): ConnectionOptions {
    const { host, port, user, password } = this.server;
    return { host, port, user, password, supportBigNumbers: true, bigNumberStrings: true, dateStrings: true };
  }

  /** Starts the server and names its source; nothing is replicated yet. */
  async start(source: MysqlServer): Promise<void> {
    await this.server.start();
    this.#source = await withAdministrator(source, async (connection) => {
      await connection.query(`CREATE USER '${user}'@'%' IDENTIFIED BY '${password}'; GRANT REPLICATION SLAVE ON *.* TO '${user}'@'%'`);
      const [[row]] = await connection.query<RowDataPacket[]>('SELECT @@server_uuid AS uuid');
      return String(row?.['uuid']);
    });
    this.#connection = await createConnection(this.at);
    const { change, word } = this.#dialect;
    await this.#query(
      `${change} ${word}_HOST='${source.host}', ${word}_PORT=${source.port}, ${word}_USER='${user}', ${word}_PASSWORD='${password}', ${word}_AUTO_POSITION=1, GET_${word}_PUBLIC_KEY=1`,
    );
  }

  /** Both threads. */
  async run(): Promise<void> {
    await this.#query(`START ${this.#dialect.replica}`);
  }

  async pause(): Promise<void> {
    await this.#query(`STOP ${this.#dialect.replica}`);
  }

  /** Number of the source's transactions that it has applied. @throws if it has stopped by itself */
  async applied(): Promise<number> {
    const [row] = await this.#query('SELECT @@GLOBAL.gtid_executed AS executed');
    return transactionsOf(String(row?.['executed']), this.#source);
  }

  /** @throws with what the server says, if one of its threads has failed */
  async verify(): Promise<void> {
    const [status] = await this.#query(`SHOW ${this.#dialect.replica} STATUS`);
    const errors = [status?.['Last_IO_Error'], status?.['Last_SQL_Error']].filter((text) => typeof text === 'string' && text !== '');
    if (errors.length > 0) throw new Error(`MySQL's own replication stopped: ${errors.join('; ')}`);
  }

  /** Goes past the transaction at which it stopped by itself. @returns what the server says; undefined: it has not stopped */
  async skip(): Promise<string | undefined> {
    const [status] = await this.#query(`SHOW ${this.#dialect.replica} STATUS`);
    const error = String(status?.['Last_SQL_Error'] ?? '');
    const gtid = /transaction '([0-9a-f-]+:\d+)'/.exec(error)?.[1];
    if (gtid === undefined) return undefined;
    await this.pause();
    for (const sql of [`SET gtid_next = '${gtid}'`, 'BEGIN', 'COMMIT', "SET gtid_next = 'AUTOMATIC'"]) await this.#query(sql);
    await this.run();
    return error;
  }

  async settings(): Promise<string> {
    const [row] = await this.#query(`SELECT ${this.#dialect.settings} AS text`);
    return String(row?.['text']);
  }

  async stop(): Promise<void> {
    this.#connection?.destroy();
    await this.server.stop();
  }

  async #query(sql: string): Promise<RowDataPacket[]> {
    if (!this.#connection) throw new Error('the replica is not started');
    const [rows] = await this.#connection.query<RowDataPacket[]>(sql);
    return rows;
  }
}
