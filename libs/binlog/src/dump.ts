/**
 * The dump connection: zongji connects, negotiates checksums and sends the dump command in the source's dialect; from then on each packet
 * goes to our own queue instead of zongji's decoder, which drops rows events whose table it does not know, goes on after errors, and
 * turns values into lossy types. Promises back-pressure (the connection is paused while enough waits), a time limit on silence, and an
 * end of both connections.
 */
import ZongJi from '@vlasky/zongji';
import { ByteQueue } from '@lutra/bytes';
import { SyncError } from '@lutra/model';
import type { Logger } from '@lutra/telemetry';
import { driverOptions } from './connection.js';
import { toSourceError } from './driver-error.js';
import { eventType } from './event-types.js';
import type { SourceConnection } from './options.js';
import type { Start } from './start-position.js';

export interface DumpOptions extends SourceConnection {
  /** 0: no other dump is cut off, and this one ends where the binlog ends. */
  readonly serverId: number;
  readonly start: Start;
  /** The dump must come from this server; null: not checked. */
  readonly serverUuid: string | null;
  readonly bufferBytes: number;
  readonly heartbeatMs: number;
  readonly logger: Logger;
}

/** mysql2's packet: a 4-byte header, a status byte, the event. */
interface Packet {
  readonly buffer: Buffer;
  readonly start: number;
  readonly end: number;
  isEOF(): boolean;
  isError(): boolean;
  asError(encoding?: string): Error;
}

interface DriverConnection {
  readonly stream: { readonly bytesRead: number };
  pause(): void;
  resume(): void;
  query(sql: string, done: (error: Error | null, rows?: Record<string, unknown>[]) => void): void;
}

type PacketHandler = (packet: Packet) => PacketHandler;

/** What we use of zongji beyond its types. */
interface ZongJiInside {
  readonly connection: DriverConnection;
  readonly ctrlConnection: DriverConnection;
  readonly BinlogClass: { readonly prototype: { binlogData: PacketHandler } };
}

/** s that the server waits for us to read before it drops the dump, while we are paused (60 by default). */
const writeTimeoutSeconds = 3600;
const silenceBeats = 10;
const leastSilenceMs = 10_000;
/** Before the first event the server may have to pass over gigabytes of transactions that we have. */
const startSilenceMs = 120_000;
const watchMs = 1000;
const openingTypes: ReadonlySet<number> = new Set([eventType.rotate, eventType.format, eventType.previousGtids, eventType.mariadbGtidList]);
/** Of an event's type in its header. */
const typeOffset = 4;
/** ms without a query after which the server would cut the second connection: a year. */
const idleSeconds = 31_536_000;

export class Dump {
  /** Full at `bufferBytes`; half of them must be free before we read on. */
  readonly queue: ByteQueue<Buffer>;
  readonly #zongji: ZongJi;
  readonly #options: DumpOptions;
  readonly #watch: NodeJS.Timeout;
  #paused = false;
  #closed = false;
  /** Watch ticks since something came. */
  #silentTicks = 0;
  #bytesRead = 0;
  #heartbeats = 0;
  /** The connection is gone, and what came before that has not been taken yet; ticks since it has. */
  #lost: SyncError | null = null;
  #lostTicks = 0;
  /** More came than what opens a file. */
  #isUnderWay = false;

  constructor(options: DumpOptions) {
    this.#options = options;
    this.queue = new ByteQueue(options.bufferBytes, options.bufferBytes / 2);
    this.#zongji = new ZongJi(driverOptions(options));
    this.#zongji.on('error', (error: Error) => this.#lose(toSourceError(error)));
    this.#zongji.on('ready', () => this.#prepare());
    const { serverId, start } = options;
    const from = 'gtidSet' in start ? { gtidSet: start.gtidSet } : { filename: start.file, position: start.pos };
    // asking MariaDB for annotate events leaves no hole in the positions
    // as an object: zongji takes the number 0 for none, and puts 1 in its place, which is the id of many a replica
    this.#zongji.start({ serverId: Object(serverId) as number, ...from, requestAnnotateRows: true });
    this.#watch = setInterval(() => this.#checkSilence(), watchMs);
  }

  get #inside(): ZongJiInside {
    return this.#zongji as unknown as ZongJiInside;
  }

  /** Runs after zongji has connected and before it sends the dump command: what is queued here comes first. */
  #prepare(): void {
    const { connection, ctrlConnection, BinlogClass } = this.#inside;
    const period = this.#options.heartbeatMs * 1e6;
    const settings = [
      `net_write_timeout = ${writeTimeoutSeconds}, net_read_timeout = ${writeTimeoutSeconds}`,
      `@master_heartbeat_period = ${period}, @source_heartbeat_period = ${period}`,
      // whatever the global setting is now: the files may have been written under another one
      `@master_binlog_checksum = 'CRC32', @source_binlog_checksum = 'CRC32'`,
    ];
    connection.query(`SET SESSION ${settings.join(', ')}`, (error) => this.#failOn(error));
    if (this.#options.serverUuid !== null) {
      connection.query('SELECT @@server_uuid AS uuid', (error, rows) => this.#failOn(error ?? this.#checkServer(rows)));
    }
    ctrlConnection.query(`SET SESSION wait_timeout = ${idleSeconds}`, (error) => this.#failOn(error));
    const handler: PacketHandler = (packet) => {
      this.#receive(packet);
      return handler;
    };
    BinlogClass.prototype.binlogData = handler;
  }

  #checkServer(rows: Record<string, unknown>[] | undefined): Error | null {
    if (rows?.[0]?.['uuid'] === this.#options.serverUuid) return null;
    return new SyncError('SOURCE_UNAVAILABLE', 'two connections to the source reached two servers');
  }

  #receive(packet: Packet): void {
    if (this.#closed || this.queue.hasEnded) return; // what had come already is still given to us
    if (packet.isEOF()) return this.#fail(new SyncError('SOURCE_UNAVAILABLE', 'the source ended the dump'));
    const body = packet.start + 4;
    if (packet.buffer[body] !== 0) return this.#fail(new SyncError('BINLOG_DECODE', 'a packet of the dump that is no event'));
    const event = packet.buffer.subarray(body + 1, packet.end);
    const type = event[typeOffset] ?? eventType.format;
    this.#isUnderWay ||= !openingTypes.has(type);
    if (type === eventType.heartbeat) this.#heartbeats += 1;
    this.queue.push(event, event.length);
    if (this.queue.isFull && !this.#paused) void this.#pause();
  }

  /** The source waits until the reader has made room; one that is closed stays paused. */
  async #pause(): Promise<void> {
    this.#paused = true;
    this.#inside.connection.pause();
    const hasRoom = await this.queue.room().then(
      () => true,
      () => false, // the reader ended it
    );
    if (!hasRoom || this.#closed) return;
    this.#paused = false;
    this.#inside.connection.resume();
  }

  /** Nothing waits, and what comes is taken. */
  get isIdle(): boolean {
    return !this.#paused && this.queue.bytes === 0;
  }

  get heartbeats(): number {
    return this.#heartbeats;
  }

  /**
   * Counts ticks, not time: after a long stop of this process what waits is read before the next tick. Counts bytes, not events: one
   * event may take minutes.
   */
  #checkSilence(): void {
    if (this.#lost) return this.#checkLost(this.#lost);
    const { bytesRead } = this.#inside.connection.stream;
    const isSilent = bytesRead === this.#bytesRead && !this.#paused;
    this.#bytesRead = bytesRead;
    this.#silentTicks = isSilent ? this.#silentTicks + 1 : 0;
    const usual = Math.max(silenceBeats * this.#options.heartbeatMs, leastSilenceMs);
    const limit = this.#isUnderWay ? usual : Math.max(usual, startSilenceMs);
    if (this.#silentTicks * watchMs < limit) return;
    this.#fail(new SyncError('SOURCE_UNAVAILABLE', `the source has sent nothing for ${limit / 1000} s, not even a heartbeat`));
  }

  /**
   * A server closes the connection when it has sent all; while we are paused, a part of that is still in the driver. To fail at once would
   * lose it, and each attempt would end at the same event.
   */
  #lose(error: SyncError): void {
    if (!this.#paused) return this.#fail(error);
    this.#lost ??= error;
  }

  #checkLost(error: SyncError): void {
    this.#lostTicks = this.#paused || this.queue.bytes > 0 ? 0 : this.#lostTicks + 1;
    if (this.#lostTicks > 1) this.#fail(error);
  }

  #failOn(error: Error | null | undefined): void {
    if (error) this.#fail(toSourceError(error));
  }

  #fail(error: SyncError): void {
    if (this.#closed || this.queue.hasEnded) return;
    this.#options.logger.debug({ code: error.code }, 'the dump ended');
    this.queue.close(error);
  }

  /** Ends both connections. Errors from here on are of the closing itself. */
  close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#watch);
    return new Promise((resolve) => {
      this.#zongji.once('stopped', () => resolve());
      this.#zongji.stop();
    });
  }
}
