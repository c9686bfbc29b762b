/**
 * What a topic really holds, read from its first record to its end by the rule that every reader follows: which row events are valid, and
 * whether the log has a hole. "Nothing goes round" means that these are exactly the rows that the side's own writers changed.
 */
import { BusAdmin, readRange } from '@lutra/bus';
import { RecordDecoder } from '@lutra/avro';
import { admit, freshLog, type LogRecord, type LogState, type RowEvent, rowsTopic, toSyncError } from '@lutra/model';
import { Registry } from '@lutra/registry';
import { createLogger } from '@lutra/telemetry';
import { shopDatabase } from './shop.js';
import type { Letter } from './sides.js';
import type { Stack } from './stack.js';
import { addTally, type Tally, type Totals } from './writer.js';

export interface TopicReport {
  readonly topic: string;
  /** All that the broker keeps, void ones included. */
  readonly records: number;
  /** Of row events and control records of the valid log. */
  readonly lastSeq: number | null;
  readonly epochs: number;
  /** Records of replaced leaders, and rows of transactions that were left open. */
  readonly voided: number;
  readonly duplicates: number;
  readonly transactions: number;
  /** Valid row events of the database that was asked for: table → counts. */
  readonly tables: Tally;
  /** Valid row events by the region where they were first committed. */
  readonly origins: Readonly<Record<string, number>>;
  /** Valid row events in order: only where they were asked for. */
  readonly events: readonly RowEvent[];
  /** Valid records by kind. */
  readonly kinds: Readonly<Record<string, number>>;
  /** Where the log breaks its own rule, in words. */
  readonly holes: readonly string[];
}

export interface TopicOptions {
  readonly database?: string;
  /** Rows that were first committed elsewhere and are forwarded are not counted in `tables`. */
  readonly forwards?: boolean;
  /** Keep the row events: for small topics. */
  readonly keepEvents?: boolean;
}

export async function readTopic(stack: Stack, letter: Letter, options: TopicOptions = {}): Promise<TopicReport> {
  const topic = rowsTopic(stack.site(letter).endpoint);
  const logger = createLogger('topic', 'silent');
  const bus = { brokers: stack.kafka.bootstrap.split(','), clientId: 'lutra-scenarios', logger };
  const registry = new Registry({ connect: stack.zooKeeper.connect, root: stack.root, digest: stack.digest, logger });
  const admin = new BusAdmin(bus);
  try {
    await registry.start(AbortSignal.timeout(30_000));
    const { start, end } = await admin.offsets(topic);
    const decoder = new RecordDecoder({ ids: registry.schemas });
    const reading = new Reading(topic, options);
    for await (const batch of readRange({ ...bus, topic, from: start, to: end, signal: AbortSignal.timeout(300_000) })) {
      for (const raw of batch) reading.take(await decoder.decode(raw));
    }
    return reading.report();
  } finally {
    await Promise.allSettled([registry.stop(), admin.close()]);
  }
}

/**
 * Compares a topic with what the side's writers committed; a transaction whose COMMIT got no answer may be there or not. Resolves to what
 * differs, in words; empty when nothing came back, nothing is missing and nothing is there twice.
 */
export function differencesFromWritten(report: TopicReport, written: readonly Totals[]): string[] {
  const certain: Tally = {};
  const possible: Tally = {};
  for (const { tables, unknown } of written) {
    addTally(certain, tables);
    addTally(possible, tables);
    for (const tally of unknown) addTally(possible, tally);
  }
  const none = { c: 0, u: 0, d: 0 };
  return [...new Set([...Object.keys(possible), ...Object.keys(report.tables)])].flatMap((table) =>
    (['c', 'u', 'd'] as const).flatMap((op) => {
      const there = (report.tables[table] ?? none)[op];
      const [least, most] = [(certain[table] ?? none)[op], (possible[table] ?? none)[op]];
      const wanted = least === most ? `${least}` : `${least} to ${most}`;
      return there >= least && there <= most
        ? []
        : [`${report.topic}: ${table} has ${there} row events "${op}", its writers made ${wanted}`];
    }),
  );
}

class Reading {
  readonly #topic: string;
  readonly #options: TopicOptions;
  #state: LogState = freshLog;
  #open: RowEvent[] = [];
  #records = 0;
  #epochs = 0;
  #voided = 0;
  #duplicates = 0;
  #transactions = 0;
  readonly #tables: Tally = {};
  readonly #origins: Record<string, number> = {};
  readonly #events: RowEvent[] = [];
  readonly #kinds: Record<string, number> = {};
  readonly #holes: string[] = [];

  constructor(topic: string, options: TopicOptions) {
    this.#topic = topic;
    this.#options = options;
  }

  take(record: LogRecord): void {
    this.#records += 1;
    switch (this.#admit(record)) {
      case 'valid':
      case 'anew':
        this.#kinds[record.body.kind] = (this.#kinds[record.body.kind] ?? 0) + 1;
        if (record.body.kind === 'row') this.#row(record.body.event);
        break;
      case 'epoch':
        this.#epochs += 1;
        this.#voided += this.#open.length;
        this.#open = [];
        break;
      case 'void':
        this.#voided += 1;
        break;
      case 'duplicate':
        this.#duplicates += 1;
    }
  }

  report(): TopicReport {
    if (this.#open.length > 0) this.#holes.push(`the last transaction has ${this.#open.length} rows and no last one`);
    return {
      topic: this.#topic,
      records: this.#records,
      lastSeq: this.#state.seq,
      epochs: this.#epochs,
      voided: this.#voided,
      duplicates: this.#duplicates,
      transactions: this.#transactions,
      tables: this.#tables,
      origins: this.#origins,
      events: this.#events,
      kinds: this.#kinds,
      holes: this.#holes,
    };
  }

  /** Goes on after a breach of the rule, so that all of them are told. */
  #admit({ header, offset }: LogRecord): ReturnType<typeof admit>['verdict'] {
    try {
      const { verdict, state } = admit(this.#state, header, offset);
      if (verdict === 'valid' && this.#state.seq === null && header.seq !== 0)
        this.#holes.push(`offset ${offset}: the first seq is ${header.seq}`);
      this.#state = state;
      return verdict;
    } catch (error) {
      this.#holes.push(toSyncError(error).message);
      this.#state = { log: header.log, epoch: header.epoch, seq: header.seq };
      return 'valid';
    }
  }

  #row(event: RowEvent): void {
    this.#open.push(event);
    const { totalOrder, last } = event.transaction;
    if (totalOrder !== this.#open.length)
      this.#holes.push(`transaction ${event.transaction.id}: row ${totalOrder} is number ${this.#open.length}`);
    if (!last) return;
    this.#transactions += 1;
    for (const row of this.#open) this.#count(row);
    this.#open = [];
  }

  #count(event: RowEvent): void {
    const { db, table, origin, path } = event.source;
    this.#origins[origin] = (this.#origins[origin] ?? 0) + 1;
    if (this.#options.keepEvents) this.#events.push(event);
    if (db !== (this.#options.database ?? shopDatabase)) return;
    if (this.#options.forwards && path.length > 1) return;
    // Nobody wrote a row that was read.
    if (event.op !== 'r') addTally(this.#tables, { [table]: { c: 0, u: 0, d: 0, [event.op]: 1 } });
  }
}
