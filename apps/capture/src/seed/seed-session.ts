/**
 * A connection to the source for reading rows, with the watermarks around a read.
 *
 * low: what the binlog reader has passed can be seen by the read. Counter-example without it: with semi-synchronous replication the dump
 * brings a change seconds before other sessions see it; the row would be read as it was before, and published behind its change.
 * high: the end of the binlog file after the read; whatever the read saw is in the file. Counter-example for gtid_executed as high: a
 * transaction is seen before it is added to the set, and the row is published before its change.
 */
import { gtidSubset } from '@lutra/binlog';
import type { SourceConnection, SourceState } from '@lutra/binlog';
import { SyncError } from '@lutra/model';
import type { FilePosition, Position } from '@lutra/model';
import { Session } from '@lutra/mysql';
import type { ResultRow } from '@lutra/mysql';
import { sleep, throwIfAborted } from '@lutra/runtime';

/** The server that the binlog is read from. */
export type ReadServer = Pick<SourceState, 'flavor' | 'version' | 'serverUuid' | 'serverId' | 'gtidMode'>;

/** For a commit that waits for a replica; what takes longer is told. */
const lowTimeoutMs = 30_000;
const lowPollMs = 10;

export class SeedSession {
  readonly #session: Session;
  readonly #server: ReadServer;

  private constructor(session: Session, server: ReadServer) {
    this.#session = session;
    this.#server = server;
  }

  /** @throws SyncError SOURCE_*; SEED_WAITS if another server answers than the one whose binlog is read */
  static async open(source: SourceConnection, server: ReadServer): Promise<SeedSession> {
    const session = await Session.open(source, 'source');
    try {
      const uuid = server.serverUuid === null ? 'NULL' : '@@server_uuid';
      const [found] = await session.query(`SELECT ${uuid} AS uuid, @@server_id AS id`);
      if (found && (found['uuid'] ?? null) === server.serverUuid && Number(found['id']) === server.serverId)
        return new SeedSession(session, server);
      throw new SyncError('SEED_WAITS', `${source.host}:${source.port} is another server than the one whose binlog is read`);
    } catch (error) {
      session.destroy();
      throw error;
    }
  }

  get broken(): boolean {
    return this.#session.broken;
  }

  /** Consistent reads need no locks where the server says which transactions they see. */
  get readsPlainly(): boolean {
    return this.#server.flavor === 'mysql' && this.#server.gtidMode;
  }

  /** What information_schema says of tables from here on is of now, and not of some hours ago. */
  async freshStatistics(): Promise<void> {
    if (this.#server.flavor === 'mysql') await this.query('SET SESSION information_schema_stats_expiry = 0');
  }

  query(sql: string): Promise<readonly ResultRow[]> {
    return this.#session.query(sql);
  }

  /** Reads from here on see all that was passed. @throws SyncError SEED_WAITS, SOURCE_*, ABORTED */
  async low({ gtidSet }: Position, signal: AbortSignal): Promise<void> {
    const until = Date.now() + lowTimeoutMs;
    for (;;) {
      throwIfAborted(signal);
      const [row] = await this.query('SELECT @@GLOBAL.gtid_executed AS executed');
      if (gtidSubset(gtidSet ?? '', String(row?.['executed'] ?? '').replaceAll(/\s+/g, ''))) return;
      if (Date.now() > until)
        throw new SyncError('SEED_WAITS', 'the source does not commit what its binlog has: a replica does not answer');
      await sleep(lowPollMs, signal);
    }
  }

  /** See Session.stream. */
  stream(sql: string): AsyncIterable<ResultRow> {
    return this.#session.stream(sql);
  }

  /** Where the binlog ends. */
  async high(): Promise<FilePosition> {
    const { flavor, version } = this.#server;
    const [major = 0, minor = 0] = version.split('.').map(Number);
    const isRenamed = flavor === 'mysql' && (major > 8 || (major === 8 && minor >= 2));
    const [end] = await this.query(isRenamed ? 'SHOW BINARY LOG STATUS' : 'SHOW MASTER STATUS');
    return { file: String(end?.['File'] ?? ''), pos: Number(end?.['Position']) };
  }

  close(): Promise<void> {
    return this.#session.close();
  }

  destroy(): void {
    this.#session.destroy();
  }
}

/** As many as may read at once; each is opened when it is needed. */
export class SeedSessions {
  readonly #open: () => Promise<SeedSession>;
  readonly #idle: SeedSession[] = [];
  #logsCascades: Promise<boolean> | null = null;

  constructor(source: SourceConnection, server: ReadServer) {
    this.#open = () => SeedSession.open(source, server);
  }

  /** One for `work` alone. A failure amid a transaction leaves none behind. */
  async use<T>(work: (session: SeedSession) => Promise<T>): Promise<T> {
    const session = await this.take();
    try {
      const result = await work(session);
      this.give(session);
      return result;
    } catch (error) {
      session.destroy();
      throw error;
    }
  }

  /** Servers that enforce foreign keys in SQL log what a key does to children; InnoDB's own keys do it unseen. Asked once. */
  logsCascades(): Promise<boolean> {
    this.#logsCascades ??= this.use(async (session) => {
      const [row] = await session.query("SHOW GLOBAL VARIABLES LIKE 'innodb_native_foreign_keys'");
      return String(row?.['Value'] ?? '') === 'OFF';
    }).catch((error: unknown) => {
      this.#logsCascades = null;
      throw error;
    });
    return this.#logsCascades;
  }

  async take(): Promise<SeedSession> {
    const idle = this.#idle.pop();
    return idle && !idle.broken ? idle : this.#open();
  }

  give(session: SeedSession): void {
    if (!session.broken) this.#idle.push(session);
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#idle.splice(0).map((session) => session.close()));
  }
}
