/**
 * Reads the end of an endpoint's log: what is the last complete transaction in it, and with which seq does it go on? The log is the
 * only truth about that; ZooKeeper's copy of a position in it is used to know where to begin reading and to recognise a log that was
 * cut, emptied or recreated meanwhile. It never guesses: a log that does not fit the copy is a named error.
 */
import { parseGtids } from '@lutra/binlog';
import type { ExecutedSet, KnownPlace } from '@lutra/binlog';
import type { RecordDecoder } from '@lutra/avro';
import type { RawRecord } from '@lutra/bus';
import { admit, announcedBy, freshLog, SyncError } from '@lutra/model';
import type { Announced, ControlRecord, LogRecord, LogState, Position, RecordHeader, RowEvent, Seen } from '@lutra/model';
import type { LogCopy } from '@lutra/registry';

export interface Tail {
  readonly state: LogState;
  /** End of the last complete transaction in the log; null while the log has none and no heartbeat. */
  readonly position: Position | null;
  readonly seen: Seen;
  /** Ids of the orders to go on elsewhere that were carried out in what was read. */
  readonly restarts: readonly string[];
  /** Which tables the log holds by its last `routes` record, that of the copy included; null: not known. */
  readonly announced: Announced | null;
  /** The last heartbeat that was read from the source, not from the log, and from which server; null: it is not in what was read. */
  readonly known: KnownPlace | null;
  /** How many remedies stand in the log behind `position`. */
  readonly remedies: number;
  /** The last transaction behind `position` whose rows stand in the log, by its id; null: there is none. */
  readonly rowsUntil: string | null;
  /** DDL statements that were passed over: perhaps nobody has counted them yet. */
  readonly ddl: readonly DdlRecord[];
}

/** A record of a statement that was not carried over. */
export interface DdlRecord {
  readonly header: RecordHeader;
  readonly body: Extract<ControlRecord, { kind: 'ddl' }>;
}

/** Where to begin reading, from the offsets that the broker has now and the copy. null: the log is new. */
export function tailStart(topic: string, offsets: { start: number; end: number }, copy: LogCopy | null): number | null {
  if (!copy) {
    if (offsets.end === 0) return null;
    if (offsets.start === offsets.end) throw new SyncError('LOG_EMPTIED', `${topic} is empty; it had ${offsets.end} records`);
    return offsets.start;
  }
  if (offsets.end === 0) throw new SyncError('LOG_RECREATED', `${topic} is empty; seq ${copy.seq} of log ${copy.log} was acknowledged`);
  if (offsets.end <= copy.offset) {
    throw new SyncError('LOG_TRUNCATED', `${topic} ends at offset ${offsets.end}; offset ${copy.offset} was acknowledged`, {
      details: { end: offsets.end, acknowledged: copy.offset },
    });
  }
  if (offsets.start === offsets.end) throw new SyncError('LOG_EMPTIED', `${topic} is empty; it had ${offsets.end} records`);
  return Math.max(offsets.start, copy.offset);
}

export class TailReader {
  readonly #topic: string;
  readonly #decoder: RecordDecoder;
  readonly #copy: LogCopy | null;
  #state: LogState = freshLog;
  #first = true;
  #position: { gtids: ExecutedSet | null; file: string; pos: number } | null = null;
  #seen: Seen = {};
  #leader: string | null = null;
  readonly #restarts: string[] = [];
  #announced: Announced | null;
  /** Of the leader that the log is at, once it has said it: its first heartbeat, before that, has a place of the leader before it. */
  #server: string | null = null;
  #known: KnownPlace | null = null;
  #remedies = 0;
  #rowsUntil: string | null = null;
  #ddl: DdlRecord[] = [];

  constructor(topic: string, decoder: RecordDecoder, copy: LogCopy | null) {
    this.#topic = topic;
    this.#decoder = decoder;
    this.#copy = copy;
    this.#announced = copy?.routes ?? null;
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
      known: this.#known,
      remedies: this.#remedies,
      rowsUntil: this.#rowsUntil,
      ddl: this.#ddl,
    };
  }

  /** Who opened the epoch that the log is in. */
  get leader(): string | null {
    return this.#leader;
  }

  async read(raw: RawRecord): Promise<void> {
    const record = await this.#decoder.decode(raw);
    if (this.#first) this.#checkAgainstCopy(record);
    this.#first = false;
    const { verdict, state } = admit(this.#state, record.header, record.offset);
    this.#state = state;
    if (verdict === 'epoch' && record.body.kind === 'epoch') [this.#leader, this.#server] = [record.body.leader, null];
    if (verdict === 'anew') {
      this.#position = null;
      this.#server = null;
      this.#known = null;
      this.#seen = {};
      this.#remedies = 0;
      this.#rowsUntil = null;
      this.#ddl = [];
    }
    if (verdict === 'valid' || verdict === 'anew') this.#follow(record);
  }

  /** The record that the copy names must be the one that it names; the state starts with it. */
  #checkAgainstCopy(record: LogRecord): void {
    const copy = this.#copy;
    if (!copy) {
      if (record.offset > 0) this.#state = { ...freshLog, headless: true };
      return;
    }
    const { header } = record;
    // Retention removed the record that the copy names: what is left must at least be of the same log.
    if (record.offset > copy.offset) this.#state = { log: copy.log, epoch: copy.epoch, seq: null, headless: true };
    if (record.offset !== copy.offset) return;
    if (header.log !== copy.log)
      throw new SyncError(
        'LOG_RECREATED',
        `${this.#topic} has log id ${header.log} at offset ${record.offset}; ${copy.log} was acknowledged`,
      );
    if (header.seq !== copy.seq || header.epoch !== copy.epoch) {
      throw new SyncError(
        'LOG_TRUNCATED',
        `${this.#topic} has seq ${header.seq} (epoch ${header.epoch}) at offset ${record.offset}; seq ${copy.seq} (epoch ${copy.epoch}) was acknowledged`,
      );
    }
    this.#state = { log: copy.log, epoch: copy.epoch, seq: copy.seq - 1 };
  }

  /**
   * Watermarks and remedies carry no position: behind the tail's position the binlog gives them again. A watermark may be published again;
   * a remedy must not. Counter-example, with three regions: B has changed the row since, having seen the remedy, and C meets that change
   * behind the second one, which it takes for newer: C refuses it, home never does. So they are counted, and whoever goes on leaves as many
   * out: the binlog gives the same ones in the same order. Nor does a remedy's `seen` count here, which is of a place further on.
   * Counter-example: a table is routed anew, and what it says of a change between the position and the remedy's transaction, now published
   * for the first time, must not be that the change came after it.
   */
  #follow(record: LogRecord): void {
    const { body } = record;
    if (body.kind === 'remedy') this.#remedies += 1;
    if (body.kind === 'ddl') this.#ddl.push({ header: record.header, body });
    if (body.kind === 'heartbeat' || body.kind === 'ddl' || body.kind === 'restart') this.#moveTo(body.position);
    if (body.kind === 'heartbeat') [this.#remedies, this.#rowsUntil] = [body.remedies, body.rowsUntil];
    if (body.kind === 'heartbeat' || body.kind === 'restart') this.#seen = body.seen;
    if (body.kind === 'restart') {
      this.#restarts.push(body.id);
      this.#known = null;
    }
    if (body.kind === 'routes') {
      this.#announced = announcedBy(body);
      this.#server = body.server;
    }
    if (body.kind === 'heartbeat' && this.#server !== null) this.#known = { ...body.position, serverUuid: this.#server };
    if (body.kind === 'row' && body.event.transaction.last) this.#endTransaction(body.event);
  }

  #moveTo(position: Position): void {
    this.#remedies = 0;
    this.#rowsUntil = null;
    this.#position = { gtids: position.gtidSet === null ? null : parseGtids(position.gtidSet), file: position.file, pos: position.pos };
  }

  /**
   * One that was forwarded does not move the position: remedies of the same transaction may follow, and what had been seen with it is not
   * in its rows. Nor does one behind such a transaction, or behind a remedy: their GTIDs are not in its rows, and what is not in the set is
   * sent again. So all of that is read again, and the rows are left out. Counter-examples for going on behind them: a capture ends between
   * rows and remedies, which are lost; or the remedies that are in the log are taken for those of the next transaction, and those are lost;
   * or what comes next does not know that the one it was forwarded from had been seen; or a transaction comes twice.
   */
  #endTransaction(event: RowEvent): void {
    const { end, seen, id } = event.transaction;
    // Before the first control record with the whole GTID set nothing can be said about the position.
    if (!this.#position || !end) return;
    if (event.source.path.length > 1 || this.#rowsUntil !== null || this.#remedies > 0) {
      this.#rowsUntil = id;
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
