/**
 * Reads the end of an endpoint's log: what is the last complete transaction in it, and with which seq does it go on? The log is the
 * only truth about that; the position backup in ZooKeeper says where to begin reading, and shows whether the log was cut, emptied or
 * recreated meanwhile. It never guesses: a log that does not fit the backup is a named error.
 */
import { parseGtids } from '@lutra/binlog';
import type { ExecutedSet, KnownPosition } from '@lutra/binlog';
import type { RecordDecoder } from '@lutra/avro';
import type { RawRecord } from '@lutra/bus';
import { admit, announcedBy, freshLog, SyncError } from '@lutra/model';
import type { Announced, LogRecord, LogState, Position, RowEvent, Seen } from '@lutra/model';
import type { PositionBackup } from '@lutra/registry';

export interface Tail {
  readonly state: LogState;
  /** End of the last complete transaction in the log; null while the log has none and no heartbeat. */
  readonly position: Position | null;
  readonly seen: Seen;
  /** Ids of the orders to go on elsewhere that were carried out in what was read. */
  readonly restarts: readonly string[];
  /** Which tables the log holds by its last `routes` record, that of the position backup included; null: not known. */
  readonly announced: Announced | null;
  /** When it said so, ms since 1970; of the position backup, when that was written. */
  readonly announcedAt: number | null;
  /** The last heartbeat that was read from the source, not from the log, and from which server; null: it is not in what was read. */
  readonly known: KnownPosition | null;
  /** How many resolution records the log has behind `position`. */
  readonly resolutions: number;
  /** The last transaction behind `position` whose rows stand in the log, by its id; null: there is none. */
  readonly publishedThrough: string | null;
}

/** Where to begin reading, from the offsets that the broker has now and the position backup. null: the log is new. */
export function tailStart(topic: string, offsets: { start: number; end: number }, backup: PositionBackup | null): number | null {
  if (!backup) {
    if (offsets.end === 0) return null;
    if (offsets.start === offsets.end) throw new SyncError('LOG_EMPTIED', `${topic} is empty; it had ${offsets.end} records`);
    return offsets.start;
  }
  if (offsets.end === 0) throw new SyncError('LOG_RECREATED', `${topic} is empty; seq ${backup.seq} of log ${backup.log} was acknowledged`);
  if (offsets.end <= backup.offset) {
    throw new SyncError('LOG_TRUNCATED', `${topic} ends at offset ${offsets.end}; offset ${backup.offset} was acknowledged`, {
      details: { end: offsets.end, acknowledged: backup.offset },
    });
  }
  if (offsets.start === offsets.end) throw new SyncError('LOG_EMPTIED', `${topic} is empty; it had ${offsets.end} records`);
  return Math.max(offsets.start, backup.offset);
}

export class TailReader {
  readonly #topic: string;
  readonly #decoder: RecordDecoder;
  readonly #backup: PositionBackup | null;
  #state: LogState = freshLog;
  #first = true;
  #position: { gtids: ExecutedSet | null; file: string; pos: number } | null = null;
  #seen: Seen = {};
  #leader: string | null = null;
  readonly #restarts: string[] = [];
  #announced: Announced | null;
  #announcedAt: number | null;
  /** Of the leader that the log is at, once it has said it: its first heartbeat, before that, has a position of the leader before it. */
  #server: string | null = null;
  #known: KnownPosition | null = null;
  #resolutions = 0;
  #publishedThrough: string | null = null;

  constructor(topic: string, decoder: RecordDecoder, backup: PositionBackup | null) {
    this.#topic = topic;
    this.#decoder = decoder;
    this.#backup = backup;
    this.#announced = backup?.routes ?? null;
    this.#announcedAt = backup?.routes ? backup.updatedAt : null;
  }

  get tail(): Tail {
    const at = this.#position;
    const position = at && { file: at.file, pos: at.pos, gtidSet: at.gtids?.toString() ?? null };
    return {
      state: this.#state,
      position,
      seen: this.#seen,
      restarts: this.#restarts,
      announced: this.#announced,
      announcedAt: this.#announcedAt,
      known: this.#known,
      resolutions: this.#resolutions,
      publishedThrough: this.#publishedThrough,
    };
  }

  /** Who opened the epoch that the log is in. */
  get leader(): string | null {
    return this.#leader;
  }

  async read(raw: RawRecord): Promise<void> {
    const record = await this.#decoder.decode(raw);
    if (this.#first) this.#checkAgainstBackup(record);
    this.#first = false;
    const { verdict, state } = admit(this.#state, record.header, record.offset);
    this.#state = state;
    if (verdict === 'epoch' && record.body.kind === 'epoch') [this.#leader, this.#server] = [record.body.leader, null];
    if (verdict === 'anew') {
      this.#position = null;
      this.#server = null;
      this.#known = null;
      this.#seen = {};
      this.#resolutions = 0;
      this.#publishedThrough = null;
    }
    if (verdict === 'valid' || verdict === 'anew') this.#follow(record);
  }

  /** The record that the copy names must be the one that it names; the state starts with it. */
  #checkAgainstBackup(record: LogRecord): void {
    const backup = this.#backup;
    if (!backup) {
      if (record.offset > 0) this.#state = { ...freshLog, headless: true };
      return;
    }
    const { header } = record;
    // Retention removed the record that the copy names: what is left must at least be of the same log.
    if (record.offset > backup.offset) this.#state = { log: backup.log, epoch: backup.epoch, seq: null, headless: true };
    if (record.offset !== backup.offset) return;
    if (header.log !== backup.log)
      throw new SyncError(
        'LOG_RECREATED',
        `${this.#topic} has log id ${header.log} at offset ${record.offset}; ${backup.log} was acknowledged`,
      );
    if (header.seq !== backup.seq || header.epoch !== backup.epoch) {
      throw new SyncError(
        'LOG_TRUNCATED',
        `${this.#topic} has seq ${header.seq} (epoch ${header.epoch}) at offset ${record.offset}; seq ${backup.seq} (epoch ${backup.epoch}) was acknowledged`,
      );
    }
    this.#state = { log: backup.log, epoch: backup.epoch, seq: backup.seq - 1 };
  }

  /**
   * Watermarks and resolutions carry no position: behind the tail's position the binlog gives them again. A watermark may be published
   * again; a resolution must not. Counter-example, with three regions: B has changed the row since, having seen the resolution, and C meets
   * that change behind the second one, which it takes for newer: C refuses it, home never does. So they are counted, and whoever goes on
   * leaves as many out: the binlog gives the same ones in the same order. Nor does a resolution's `seen` count here, which is of a position
   * further on. Counter-example: a table is routed anew, and what it says of a change between the position and the resolution's
   * transaction, now published for the first time, must not be that the change came after it.
   */
  #follow(record: LogRecord): void {
    const { body } = record;
    if (body.kind === 'resolution') this.#resolutions += 1;
    if (body.kind === 'heartbeat' || body.kind === 'ddl' || body.kind === 'restart') this.#moveTo(body.position);
    if (body.kind === 'heartbeat') [this.#resolutions, this.#publishedThrough] = [body.resolutions, body.publishedThrough];
    if (body.kind === 'heartbeat' || body.kind === 'ddl' || body.kind === 'restart') this.#seen = body.seen;
    if (body.kind === 'restart') {
      this.#restarts.push(body.id);
      this.#known = null;
    }
    if (body.kind === 'routes') {
      this.#announced = announcedBy(body);
      this.#announcedAt = body.tsMs;
      this.#server = body.server;
    }
    if (body.kind === 'heartbeat' && this.#server !== null) this.#known = { ...body.position, serverUuid: this.#server };
    // Rows that were copied stand at a place that something else says.
    if (body.kind === 'row' && body.event.op !== 'r' && body.event.transaction.last) this.#endTransaction(body.event);
  }

  #moveTo(position: Position): void {
    this.#resolutions = 0;
    this.#publishedThrough = null;
    this.#position = { gtids: position.gtidSet === null ? null : parseGtids(position.gtidSet), file: position.file, pos: position.pos };
  }

  /**
   * One that was forwarded does not move the position: resolutions of the same transaction may follow, and what had been seen with it is
   * not in its rows. Nor does one behind such a transaction, or behind a resolution: their GTIDs are not in its rows, and what is not in
   * the set is sent again. So all of that is read again, and the rows are left out. Counter-examples for going on behind them: a capture
   * ends between rows and resolutions, which are lost; or the resolutions that are in the log are taken for those of the next transaction,
   * and those are lost; or what comes next does not know that the one it was forwarded from had been seen; or a transaction comes twice.
   */
  #endTransaction(event: RowEvent): void {
    const { end, seen, id } = event.transaction;
    // Before the first control record with the whole GTID set nothing can be said about the position.
    if (!this.#position || !end) return;
    if (event.source.path.length > 1 || this.#publishedThrough !== null || this.#resolutions > 0) {
      this.#publishedThrough = id;
      return;
    }
    const { gtid } = event.source;
    let { gtids } = this.#position;
    if (gtids && gtid !== null) {
      // An empty set does not say whether it is MySQL's or MariaDB's; the first GTID does.
      if (gtids.toString() === '') gtids = parseGtids('', gtid);
      gtids.add(gtid);
    }
    this.#position = { gtids, file: end.file, pos: end.pos };
    this.#seen = { ...this.#seen, ...seen };
  }
}
