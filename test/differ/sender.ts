/** Sends the steps of a script to one server, each in the session that it names, and writes down what became of them. */
import { Readable } from 'node:stream';
import { createConnection, type Connection, type ConnectionOptions, type RowDataPacket } from 'mysql2/promise';
import type { Counts } from './counts.js';
import type { Step } from './script.js';
import type { Charset } from './sessions.js';

export interface Sent {
  readonly step: Pick<Step, 'kind' | 'session' | 'sql'> & Partial<Step>;
  /** The server's message, if it refused. */
  readonly refused?: string;
}

/** What a client connects with. */
export const collations: Readonly<Record<Charset, string>> = {
  utf8mb4: 'UTF8MB4_0900_AI_CI',
  latin1: 'LATIN1_SWEDISH_CI',
  gbk: 'GBK_CHINESE_CI',
};

const computing = [
  'sql_mode',
  'time_zone',
  'lc_time_names',
  'explicit_defaults_for_timestamp',
  'foreign_key_checks',
  'collation_connection',
  'div_precision_increment',
  'default_week_format',
];

export class Sender {
  readonly sent: Sent[] = [];
  readonly #options: ConnectionOptions;
  readonly #database: string;
  readonly #counts: Counts;
  readonly #sessions = new Map<string, Connection>();

  constructor(options: ConnectionOptions, database: string, counts: Counts) {
    this.#options = options;
    this.#database = database;
    this.#counts = counts;
  }

  /** @returns whether the server took it */
  async send(step: Sent['step']): Promise<boolean> {
    const connection = await this.#session(step);
    const refused = await connection
      .query({ sql: step.sql, infileStreamFactory: () => Readable.from([Buffer.from(step.file ?? '')]) })
      .then(
        () => undefined,
        (error: unknown) => messageOf(error),
      );
    this.sent.push({ step, ...(refused === undefined ? {} : { refused }) });
    this.#counts.add(step.kind, refused);
    return refused === undefined;
  }

  /** What makes another session compute as the one of a step does: "The same session" in docs/02-setup.md. */
  async settings(step: Pick<Step, 'session' | 'definition'>): Promise<string> {
    const connection = await this.#session(step);
    const [rows] = await connection.query<RowDataPacket[]>(`SELECT ${computing.map((name) => `@@SESSION.${name} AS ${name}`).join(', ')}`);
    const values = Object.entries(rows[0] ?? {}).map(([name, value]) => `${name} = ${/^\d+$/.test(String(value)) ? value : `'${value}'`}`);
    return `SET SESSION ${values.join(', ')}`;
  }

  close(): void {
    for (const session of this.#sessions.values()) session.destroy();
  }

  /** A session of its own for each default database, or for none: USE cannot take one away. */
  async #session({ session: charset, definition }: Pick<Sent['step'], 'session' | 'definition'>): Promise<Connection> {
    const database = definition ? definition.database : this.#database;
    const name = `${charset} ${database}`;
    const known = this.#sessions.get(name);
    if (known) return known;
    const connection = await createConnection({
      ...this.#options,
      charset: collations[charset],
      ...(database === undefined ? {} : { database }),
    });
    await connection.query('SET SESSION innodb_lock_wait_timeout = 2');
    this.#sessions.set(name, connection);
    return connection;
  }
}

function messageOf(error: unknown): string {
  const { errno, message } = error as { errno?: number; message?: string };
  if (errno === undefined || errno < 1000) throw error; // not the server's answer: it is gone
  return `${errno} ${message}`;
}
