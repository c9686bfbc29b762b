/**
 * Reads the log of a region that writes the same tables, most of all that of the target itself, into an index of recent changes: which
 * conflict key was last changed at which seq; which tables it leaves out; and what was dropped. It begins right after what the source of
 * the pipeline has seen of it. Rows of a leader that was replaced may be counted too: they are real changes, published once more behind the
 * next epoch record.
 */
import { RecordDecoder } from '@lutra/avro';
import type { SchemaIds } from '@lutra/avro';
import type { BusOptions, RawRecord } from '@lutra/bus';
import { admit, freshLog, SyncError, toSyncError } from '@lutra/model';
import type { DdlRecord, LogPosition, LogRecord, LogState, TableName } from '@lutra/model';
import { throwIfAborted } from '@lutra/runtime';
import type { KafkaPort } from '../../io.js';
import { askFor, foughtFor } from '@lutra/mysql';
import { titleOf } from '../../ddl/hold.js';
import { droppedBy } from '../drops/dropped-by.js';
import { Drops } from '../drops/drops.js';
import { isKnown, LeftOut, PeerChanges, RecentChanges } from './recent-changes.js';
import type { Changed, PeerChangesOptions } from './recent-changes.js';

export interface PeerLogOptions extends PeerChangesOptions {
  readonly kafka: KafkaPort;
  readonly bus: BusOptions;
  readonly topic: string;
  /** Whose watermarks are meant. */
  readonly pipeline: string;
  /** The target is home: rows that were in the way of others are sent again. */
  readonly withRows: boolean;
  readonly schemas: SchemaIds;
  /** Whether a table of that log must be in it: what was changed in it at the target counts. */
  tells(table: TableName): boolean;
  /** For a first record to come. */
  readonly patienceMs?: number;
  readonly signal: AbortSignal;
}

/** Records whose keys are asked for at once. */
const together = 1000;

interface Read {
  readonly record: LogRecord;
  /** Null: nothing that counts here. */
  readonly changed: Changed | null;
}

interface Opening {
  /** Once: whether the first record lies early enough. */
  tell(fits: boolean): void;
  /** Until then: whether a record is waited for, or what has come is read. */
  waiting(is: boolean): void;
}

/** Waits until something has been read. */
interface Waiter {
  ready(): boolean;
  resolve(inTime: boolean): void;
}

export class PeerLog {
  readonly recentChanges: RecentChanges;
  readonly leftOut = new LeftOut();
  readonly drops = new Drops();
  readonly #options: PeerLogOptions;
  readonly #decoder: RecordDecoder;
  readonly #changes: PeerChanges;
  readonly #ended = new AbortController();
  #state: LogState = freshLog;
  /** What arrives has seen at least so much: older entries are gone. */
  #bound = -1;
  #token = '';
  #failure: SyncError | null = null;
  readonly #waiting = new Set<Waiter>();

  private constructor(options: PeerLogOptions) {
    this.#options = options;
    this.recentChanges = new RecentChanges(options);
    this.#decoder = new RecordDecoder({ ids: options.schemas });
    this.#changes = new PeerChanges(options);
  }

  /**
   * `seen`: what the source has seen of this log; null: nothing, so that all of it counts. @throws SyncError CONFLICT_HISTORY_LOST,
   * CAPTURE_BEHIND, KAFKA_*
   */
  static async open(options: PeerLogOptions, seen: LogPosition | null): Promise<PeerLog> {
    const { start, end } = await ends(options);
    // A record's offset is never smaller than its seq, so reading begins at the seq that is wanted or before it.
    const from = seen === null ? 0 : seen.seq + 1;
    const first = from < end && from >= start ? await PeerLog.#begin(options, seen, from) : null;
    if (first) return first;
    const whole = await PeerLog.#begin(options, seen, start);
    if (whole) return whole;
    const requests = seen === null ? 'its beginning' : `seq ${seen.seq + 1} of log ${seen.log}`;
    throw new SyncError('CONFLICT_HISTORY_LOST', `${options.topic}: begins at offset ${start}, behind ${requests}`, {
      details: { topic: options.topic },
    });
  }

  /** Null if what is needed lies before `offset`. */
  static async #begin(options: PeerLogOptions, seen: LogPosition | null, offset: number): Promise<PeerLog | null> {
    const log = new PeerLog(options);
    const { patienceMs = 10_000 } = options;
    let timer: NodeJS.Timeout | undefined;
    try {
      const fits = await new Promise<boolean>((resolve, reject) => {
        // A leader that has said no more than that it is one may be gone. Reading what has come may take longer: it asks the target.
        const waiting = (is: boolean): void => {
          clearTimeout(timer);
          if (is) timer = setTimeout(() => reject(behind(options, `no record has come for ${patienceMs} ms`)), patienceMs);
        };
        waiting(true);
        log.#read(offset, seen, { tell: resolve, waiting }).catch((error: unknown) => reject(toSyncError(error)));
      });
      if (fits) return log;
    } catch (error) {
      log.close();
      throw error;
    } finally {
      clearTimeout(timer);
    }
    log.close();
    return null;
  }

  get id(): string {
    return this.#state.log;
  }

  /** Of the last record that was read. */
  get seq(): number {
    return this.#state.seq ?? -1;
  }

  /**
   * How much of this log a transaction has seen, by its `seen`; −1: nothing. Null: less than the index of recent changes can tell, so that
   * it must be opened anew.
   */
  seenBy(seen: LogPosition | undefined): number | null {
    const seq = seen?.log === this.id ? seen.seq : -1;
    return seq < this.#bound ? null : seq;
  }

  /** All that arrives from now on has seen so much. */
  discard(seen: number): void {
    if (seen <= this.#bound) return;
    this.#bound = seen;
    this.recentChanges.discard(seen);
    this.leftOut.discard(seen);
    this.drops.discard(seen);
  }

  async watermark(token: string, withinMs: number): Promise<void> {
    await this.#until(() => this.#token === token, withinMs);
  }

  /**
   * The same for as long as anything comes: at first there may be much to read. Counter-example for one watermark: it stands in a hole of
   * the log, whose binlog was purged before capture had read it. The log goes on without it, and the pipeline waits for ever.
   */
  async caughtUp(write: () => Promise<string>, patienceMs: number): Promise<void> {
    const tokens = new Set<string>();
    for (let seq = Number.NaN; ;) {
      tokens.add(await write());
      try {
        return await this.#until(() => tokens.has(this.#token), patienceMs);
      } catch (error) {
        if (toSyncError(error).code !== 'CAPTURE_BEHIND' || seq === this.seq) throw error;
        seq = this.seq;
      }
    }
  }

  async reached(seq: number, withinMs: number): Promise<void> {
    await this.#until(() => this.seq >= seq, withinMs);
  }

  close(): void {
    this.#ended.abort();
  }

  /** @throws SyncError CAPTURE_BEHIND when nothing comes in time; what ended the reading */
  async #until(ready: () => boolean, withinMs: number): Promise<void> {
    if (this.#failure) throw this.#failure;
    if (ready()) return;
    const { promise: inTime, resolve } = Promise.withResolvers<boolean>();
    const waiter = { ready, resolve };
    this.#waiting.add(waiter);
    const timer = setTimeout(() => resolve(false), withinMs);
    const isReady = await inTime;
    clearTimeout(timer);
    this.#waiting.delete(waiter);
    if (this.#failure) throw this.#failure;
    if (!isReady) throw behind(this.#options, `what was written ${withinMs} ms ago has not come`);
  }

  /** Something was read, or reading has failed. What is ready now need not be so when the waiter goes on. */
  #wake(): void {
    for (const { ready, resolve } of this.#waiting) if (this.#failure || ready()) resolve(true);
  }

  /** Reads on and on. */
  async #read(offset: number, seen: LogPosition | null, { tell, waiting }: Opening): Promise<void> {
    const { kafka, bus, topic } = this.#options;
    const signal = AbortSignal.any([this.#options.signal, this.#ended.signal]);
    this.#state = offset > 0 ? { ...freshLog, headless: true } : freshLog;
    let told = false;
    try {
      for await (const batch of kafka.subscribe({ ...bus, topic, offset, signal })) {
        if (!told) waiting(false);
        for (let from = 0; from < batch.length; from += together) {
          const records = await this.#decoded(batch.slice(from, from + together));
          await askFor(records.flatMap(({ changed }) => changed?.images.map((image) => [changed.keys, image] as const) ?? []));
          // Nothing is waited for from here on: who is told that the log is open asks at once which log it is.
          const first = records.find(({ record }) => record.header.kind !== 'epoch')?.record;
          if (!told && first) {
            told = true;
            const needed = seen?.log === first.header.log ? seen.seq + 1 : 0;
            const fits = first.header.seq <= needed;
            this.#bound = needed - 1;
            tell(fits);
            if (!fits) return;
          }
          for (const each of records) this.#take(each);
        }
        if (!told) waiting(true);
        this.#wake();
      }
      throwIfAborted(signal);
    } catch (error) {
      this.#failure = toSyncError(error);
      this.#wake();
      throw error;
    }
  }

  async #decoded(raws: readonly RawRecord[]): Promise<readonly Read[]> {
    const records: Read[] = [];
    for (const raw of raws) {
      const decoded = this.#decoder.decode(raw);
      const record = decoded instanceof Promise ? await decoded : decoded;
      if (record.body.kind === 'ddl') this.#changes.forget();
      records.push({ record, changed: await this.#changes.of(record.body) });
    }
    return records;
  }

  #take({ record: { header, body, offset }, changed }: Read): void {
    const { verdict, state } = admit(this.#state, header, offset);
    this.#state = state;
    if (verdict !== 'valid' && verdict !== 'anew') return;
    if (changed)
      for (const { conflictKey, row } of foughtFor(changed.keys, changed.images)) this.recentChanges.add(conflictKey, header.seq, row);
    if (body.kind === 'routes')
      for (const table of body.suspended ?? []) if (this.#options.tells(table)) this.leftOut.add(table, header.seq);
    if (body.kind === 'ddl') this.#schemaChange(body, header.seq);
    if (body.kind === 'watermark' && body.pipeline === this.#options.pipeline) {
      this.#token = body.token;
      this.#wake();
    }
  }

  /** What the source knows anyway stands before the rows that know it, in its own log. */
  #schemaChange(record: DdlRecord, seq: number): void {
    const { others, tells } = this.#options;
    if (isKnown(record.path, others)) return;
    for (const { table, does } of droppedBy(record, tells)) {
      const isTold = table.name === '*' || tells(table);
      if (isTold) this.drops.add(table, { seq, record: record.id, title: titleOf(record), does });
    }
  }
}

function behind({ topic }: Pick<PeerLogOptions, 'topic'>, what: string): SyncError {
  return new SyncError('CAPTURE_BEHIND', `${topic}: ${what}`, { details: { topic } });
}

async function ends({ kafka, bus, topic }: PeerLogOptions): Promise<{ start: number; end: number }> {
  const admin = kafka.admin(bus);
  try {
    if (!(await admin.exists(topic))) throw behind({ topic }, 'is not there yet');
    return await admin.offsets(topic);
  } finally {
    await admin.close();
  }
}
