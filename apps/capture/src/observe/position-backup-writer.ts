/**
 * Keeps the position backup in ZooKeeper: the last acknowledged heartbeat. It is written with the version that we wrote last,
 * so a leader that was replaced while it slept cannot write it; it then learns that its leadership is over. ZooKeeper being away is
 * no reason to stop: the log itself is the checkpoint, an old backup only makes the next start read more of it.
 */
import { announcedBy, SyncError, toSyncError } from '@lutra/model';
import type { Announced } from '@lutra/model';
import type { PositionBackup, PositionBackupStore } from '@lutra/registry';
import type { Logger } from '@lutra/telemetry';
import type { Acknowledged } from '../stream/log-writer.js';

const minIntervalMs = 2_000;

export interface PositionBackupWriterOptions {
  readonly endpoint: string;
  readonly logs: PositionBackupStore;
  readonly version: number | null;
  /** server_uuid of the source. */
  readonly server: string | null;
  /** Of this leadership's first heartbeat: its position was not read from the source yet, and is perhaps that of another server. */
  readonly firstSeq: number;
  /** In force behind that heartbeat. */
  readonly routes: Announced;
  readonly logger: Pick<Logger, 'warn'>;
  onLost(error: SyncError): void;
  /** Nothing is written behind it. */
  readonly signal: AbortSignal;
}

export class PositionBackupWriter {
  readonly #options: PositionBackupWriterOptions;
  #version: number | null;
  /** In force behind the last record. */
  #routes: Announced;
  /** Not written yet. */
  #newest: PositionBackup | null = null;
  #timer: NodeJS.Timeout | null = null;
  #writing = false;
  #lastAt = 0;
  #failing = false;

  constructor(options: PositionBackupWriterOptions) {
    this.#options = options;
    this.#version = options.version;
    this.#routes = options.routes;
  }

  acknowledged(records: readonly Acknowledged[]): void {
    this.#newest = this.#backupOf(records) ?? this.#newest;
    this.#writeNewest();
  }

  /**
   * The last heartbeat is written too, if later. Counter-example without: an idle source whose last one came a moment after a backup was
   * written looks unread until its next one, ten seconds later, and each crossing of a verification waits so long.
   */
  #writeNewest(): void {
    const { signal } = this.#options;
    if (this.#newest === null || this.#writing || signal.aborted) return;
    const waitMs = this.#lastAt + minIntervalMs - Date.now();
    if (waitMs <= 0) return void this.#write(this.#newest);
    if (this.#timer !== null) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#writeNewest();
    }, waitMs).unref();
  }

  #backupOf(records: readonly Acknowledged[]): PositionBackup | null {
    const { last, routes: announced } = this.#lastHeartbeat(records);
    if (last?.control?.kind !== 'heartbeat') return null;
    const { log, epoch, seq } = last.header;
    const isRead = seq !== this.#options.firstSeq;
    // A copy that is there says more: with its server it tells a source that was reset or restored.
    if (!isRead && this.#version !== null) return null;
    const { position, seen } = last.control;
    const server = isRead ? this.#options.server : null;
    // Its first heartbeat stands before the `routes` record: the tail is read from there, and finds it.
    const routes = isRead ? announced : undefined;
    return { log, epoch, seq, offset: last.offset, position, server, seen, ...(routes && { routes }), updatedAt: Date.now() };
  }

  /** With the routes that are in force behind it. */
  #lastHeartbeat(records: readonly Acknowledged[]): { readonly last: Acknowledged | undefined; readonly routes: Announced } {
    let last: Acknowledged | undefined;
    let routes = this.#routes;
    for (const record of records) {
      if (record.control?.kind === 'heartbeat') [last, routes] = [record, this.#routes];
      else if (record.control?.kind === 'routes') this.#routes = announcedBy(record.control);
    }
    return { last, routes };
  }

  async #write(backup: PositionBackup): Promise<void> {
    this.#newest = null;
    this.#writing = true;
    this.#lastAt = Date.now();
    try {
      this.#version = await this.#options.logs.write(this.#options.endpoint, backup, this.#version);
      this.#failing = false;
    } catch (thrown) {
      this.#failed(toSyncError(thrown));
    } finally {
      this.#writing = false;
      this.#writeNewest();
    }
  }

  #failed(error: SyncError): void {
    if (error.code === 'CONFIG_CONFLICT') {
      this.#options.onLost(
        new SyncError('LEASE_LOST', `another leader of ${this.#options.endpoint} wrote the position backup`, { cause: error }),
      );
    } else if (!this.#failing) {
      this.#failing = true;
      this.#options.logger.warn({ err: error, code: error.code }, 'cannot write the position backup; data flows on');
    }
  }
}
