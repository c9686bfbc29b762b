/**
 * One connection to a server: texts of one or several statements, one at a time, each within a time limit. After a lost
 * connection or a limit that passed it is broken for good; it never reconnects behind its user's back. What the server does with a
 * text whose answer was lost is unknown: it may still be at work on it.
 */
import type { Socket } from 'node:net';
import { SyncError } from '@lutra/model';
import mysql from 'mysql2';
import type { Connection } from 'mysql2';
import { translateError } from './errors.js';
import type { Side } from './errors.js';
import { driverOptions, pingMs, setUpText } from './session-options.js';
import type { BatchQueries, ConnectionOptions, Result, ResultRow } from './session-options.js';

/** A text that failed: `index` statements of it had succeeded; −1 if nobody knows. Internal to this lib. */
export class TextFailure extends Error {
  readonly driverError: unknown;
  readonly index: number;

  constructor(driverError: unknown, index: number) {
    super('a statement failed');
    this.driverError = driverError;
    this.index = index;
  }
}

export class Session implements BatchQueries {
  readonly side: Side;
  readonly #connection: Connection;
  readonly #address: string;
  readonly #answerTimeoutMs: number;
  #maxTextBytes = 1_000_000;
  #broken: SyncError | null = null;
  #reject: ((error: TextFailure) => void) | null = null;
  #ping: NodeJS.Timeout | undefined;

  private constructor(connection: Connection, options: ConnectionOptions, side: Side) {
    this.#connection = connection;
    this.side = side;
    this.#address = `${options.host}:${options.port}`;
    this.#answerTimeoutMs = options.answerTimeoutMs ?? 300_000;
    connection.on('error', (error) => this.#lose(error));
    connection.on('end', () => this.#lose(lost()));
  }

  /**
   * Connects and sets the session up.
   * @throws SyncError *_UNAVAILABLE, *_DENIED, *_SETTINGS
   */
  static async open(options: ConnectionOptions, side: Side): Promise<Session> {
    const session = new Session(mysql.createConnection(driverOptions(options)), options, side);
    try {
      const limits = (await session.execute(setUpText(options))).at(-1);
      session.#maxTextBytes = Number(limits?.rows[0]?.['packet']) - 1;
    } catch (error) {
      session.destroy();
      throw session.translate(error, 'connect');
    }
    session.#ping = setInterval(() => session.#keepAlive(), pingMs).unref();
    return session;
  }

  get broken(): boolean {
    return this.#broken !== null;
  }

  /** How large a text may be. */
  get maxTextBytes(): number {
    return this.#maxTextBytes;
  }

  get busy(): boolean {
    return this.#reject !== null;
  }

  /**
   * One text of one or more statements, in one round trip. Resolves to what each statement gave.
   * @throws TextFailure
   */
  async execute(sql: string): Promise<readonly Result[]> {
    if (this.#broken) throw new TextFailure(this.#broken, -1);
    if (this.#reject) throw new TextFailure(new SyncError('INTERNAL', 'two texts at a time on one database connection'), -1);
    const text = padded(sql);
    this.#checkSize(text);
    const timeout = setTimeout(() => this.#lose(unanswered()), this.#answerTimeoutMs);
    try {
      return await new Promise((resolve, reject) => {
        this.#reject = reject;
        this.#send(text, resolve, reject);
      });
    } finally {
      this.#reject = null;
      clearTimeout(timeout);
    }
  }

  async query(sql: string): Promise<readonly ResultRow[]> {
    try {
      return (await this.execute(sql))[0]?.rows ?? [];
    } catch (error) {
      throw this.translate(error, 'query');
    }
  }

  async queries(statements: readonly string[]): Promise<readonly (readonly ResultRow[])[]> {
    const results: (readonly ResultRow[])[] = [];
    try {
      for (const text of inTexts(statements, this.#maxTextBytes)) results.push(...(await this.execute(text)).map(({ rows }) => rows));
    } catch (error) {
      throw this.translate(error, 'query');
    }
    return results;
  }

  /** The rows of one statement as they come: who takes them slowly holds the server up. Left before its end, the session is broken. */
  async *stream(sql: string): AsyncGenerator<ResultRow> {
    if (this.#broken) throw this.#broken;
    if (this.#reject) throw this.translate(new SyncError('INTERNAL', 'two texts at a time on one database connection'), 'query');
    const rows = this.#connection.query({ sql }).stream({ highWaterMark: rowsAhead });
    const timeout = setTimeout(() => this.#lose(unanswered()), this.#answerTimeoutMs);
    // The driver tells a stream nothing of a connection that is cut here.
    this.#reject = (error) => void rows.destroy(error);
    let isWhole = false;
    try {
      for await (const row of rows) {
        timeout.refresh();
        yield row as ResultRow;
      }
      isWhole = true;
    } catch (error) {
      throw this.translate(error, 'query');
    } finally {
      clearTimeout(timeout);
      this.#reject = null;
      if (!isWhole) this.destroy();
    }
  }

  translate(error: unknown, what: string): SyncError {
    return translateError(error instanceof TextFailure ? error.driverError : error, `${this.side} ${this.#address}: ${what}`, this.side);
  }

  /** Says goodbye if nothing is under way, else cuts the connection. */
  async close(): Promise<void> {
    if (this.#broken || this.#reject) return this.destroy();
    this.#stop(this.translate(closed(), 'close'));
    await new Promise<void>((resolve) => {
      const timeout = setTimeout(resolve, 1000).unref();
      this.#connection.end(() => {
        clearTimeout(timeout);
        resolve();
      });
    });
    this.#connection.destroy();
  }

  destroy(): void {
    this.#lose(closed());
  }

  #send(sql: string, resolve: (results: readonly Result[]) => void, reject: (error: TextFailure) => void): void {
    let done = 0;
    let results = 1;
    const query = this.#connection.query({ sql }, (error, rows) => {
      if (!error) return resolve(resultsOf(rows, results));
      // Ours comes from amid an answer (typeCast): the driver has left the rest of it unread.
      if (error instanceof SyncError || (error as { fatal?: boolean }).fatal === true) this.#lose(error);
      reject(new TextFailure(error, done));
    });
    query.on('fields', () => (results = ++done));
  }

  /** The server would cut the connection, and we would reconnect and try again for ever. */
  #checkSize(sql: string): void {
    const bytes = Buffer.byteLength(sql);
    if (bytes <= this.#maxTextBytes) return;
    const code = this.side === 'source' ? 'SOURCE_SETTINGS' : 'TARGET_SETTINGS';
    const message = `${this.side} ${this.#address}: a text of ${bytes} bytes is larger than max_allowed_packet (${this.#maxTextBytes + 1})`;
    throw new TextFailure(new SyncError(code, message, { details: { bytes, maxAllowedPacket: this.#maxTextBytes + 1 } }), -1);
  }

  #keepAlive(): void {
    if (this.#reject) return;
    this.#connection.ping((error) => error && this.#lose(error));
  }

  #lose(error: unknown): void {
    this.#stop(this.translate(error, 'connection lost'));
    this.#connection.destroy(); // waits for the other side to say goodbye too, so:
    (this.#connection as unknown as { readonly stream: Socket }).stream.destroy();
    this.#reject?.(new TextFailure(this.#broken, -1));
  }

  #stop(reason: SyncError): void {
    clearInterval(this.#ping);
    this.#broken ??= reason;
  }
}

/** As few texts as hold them; one that is too large alone is refused as any other. */
export function inTexts(statements: readonly string[], maxBytes: number): readonly string[] {
  const texts: string[] = [];
  let bytes = Infinity;
  for (const statement of statements) {
    const more = Buffer.byteLength(statement) + separator.length;
    const fits = bytes + more + paddingBytes <= maxBytes;
    texts.push(fits ? `${texts.pop()}${separator}${statement}` : statement);
    bytes = fits ? bytes + more : more;
  }
  return texts;
}

/** Of an answer that is taken row by row. */
const rowsAhead = 16;
const separator = ';\n';
const paddingBytes = 16;

/**
 * mysql2 3.24 sends an empty packet too many for texts of a few bytes less than a multiple of the largest packet, and the server
 * answers with a protocol error.
 */
function padded(sql: string): string {
  const packet = 2 ** 24 - 1;
  return packet - (Buffer.byteLength(sql) % packet) > paddingBytes ? sql : sql + ' '.repeat(paddingBytes);
}

/** mysql2 gives one result bare and several in an array. */
function resultsOf(rows: unknown, results: number): readonly Result[] {
  return (results === 1 ? [rows] : (rows as readonly unknown[])).map(resultOf);
}

function resultOf(result: unknown): Result {
  if (Array.isArray(result)) return { rows: result as readonly ResultRow[], matched: 0 };
  return { rows: [], matched: (result as { readonly affectedRows?: number } | undefined)?.affectedRows ?? 0 };
}

function gone(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

const lost = (): Error => gone('PROTOCOL_CONNECTION_LOST', 'the server closed the connection');
const unanswered = (): Error => gone('PROTOCOL_SEQUENCE_TIMEOUT', 'no answer within the time limit');
const closed = (): Error => gone('PROTOCOL_CONNECTION_LOST', 'the connection was closed here');
