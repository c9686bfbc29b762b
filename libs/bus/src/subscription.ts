/**
 * The two ways to read a partition: on and on (subscribe), and a piece of it (readRange). Both begin and go on exactly where they were
 * told.
 */
import type { During } from '@lutra/runtime';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { SyncError } from '@lutra/model';
import { throwIfAborted } from '@lutra/runtime';
import { within } from './cluster.js';
import { PartitionReader } from './partition-reader.js';
import { defaultRequestTimeoutMs } from './options.js';
import type { BusOptions, RawRecord } from './options.js';
import { readBatch } from './record-batch-reader.js';

export interface SubscribeOptions extends BusOptions {
  readonly topic: string;
  readonly partition?: number | undefined;
  /** Where to begin. */
  readonly offset: number;
  /** Bytes of one fetch, as compressed; default 4 MiB. A larger batch comes whole. */
  readonly maxBytes?: number | undefined;
  /** How long a broker holds an answer back while there is nothing new, default 100. A new record ends the wait at once. */
  readonly maxWaitMs?: number | undefined;
  readonly signal: AbortSignal;
  /** Told of each fetch: one that lasts has no broker that answers. */
  readonly during?: During | undefined;
}

export interface RangeOptions extends BusOptions {
  readonly topic: string;
  readonly partition?: number | undefined;
  /** First offset. */
  readonly from: number;
  /** Offset after the last one. */
  readonly to: number;
  readonly signal: AbortSignal;
}

const defaultMaxBytes = 4 * 1024 * 1024;
const defaultMaxWaitMs = 100;
/**
 * Batches with fewer records come together, as far as one answer has them: a writer that was never behind has left one for every
 * transaction or two, and whoever has all that to catch up with works on what it is given.
 */
const fewRecords = 500;
/** And as long as they are small: some bytes may be a text of 64 MiB, and an answer may have hundreds of such. */
const fewBytes = 1024 * 1024;

/**
 * Reads one partition from an offset on, and waits at its end. Every record comes once, in order, without a gap.
 * @throws SyncError LOG_START_LOST, LOG_TRUNCATED, LOG_GAP, LOG_FOREIGN, TOPIC_MISSING, RECORD_INVALID, KAFKA_REFUSED, KAFKA_UNAVAILABLE
 * (no answer for about twice the request time-out; subscribe again at the next offset), ABORTED (the signal)
 */
export function subscribe(options: SubscribeOptions): AsyncIterable<readonly RawRecord[]> {
  return read(options, options.offset, Infinity);
}

/**
 * Reads [from, to) and ends.
 * @throws SyncError as subscribe; KAFKA_UNAVAILABLE also when the log ends before `to` and nothing comes
 */
export function readRange(options: RangeOptions): AsyncIterable<readonly RawRecord[]> {
  return read(options, options.from, options.to);
}

type ReadOptions = Omit<SubscribeOptions, 'offset'>;

async function* read(options: ReadOptions, from: number, to: number): AsyncGenerator<readonly RawRecord[]> {
  const { partition = 0, maxBytes = defaultMaxBytes, maxWaitMs = defaultMaxWaitMs, signal } = options;
  throwIfAborted(signal);
  if (!Number.isSafeInteger(from) || from < 0) throw new SyncError('INTERNAL', `${from} is no offset`);
  if (from >= to) return;
  const reader = new PartitionReader({ ...options, partition, maxBytes, maxWaitMs });
  const patienceMs = to === Infinity ? Infinity : (options.requestTimeoutMs ?? defaultRequestTimeoutMs);
  const fetch = (offset: number) => {
    const batches = reader.next(offset, within(patienceMs));
    batches.catch(() => undefined); // awaited later, or never
    return batches;
  };
  try {
    let offset = from;
    for (let next = fetch(offset); offset < to;) {
      const batches = await next;
      const end = batches.at(-1)?.nextOffset ?? offset;
      if (end < to) next = fetch(end);
      let records: RawRecord[] = [];
      let bytes = 0;
      for (const batch of batches) {
        if (offset >= to) break;
        if (batch.bytes.length > fewBytes) await nextTurn();
        const read = readBatch(batch, offset);
        const found = read instanceof Promise ? await read : read;
        records = [...records, ...found];
        bytes += found.reduce((sum, { value }) => sum + (value?.length ?? 0), 0);
        offset = batch.nextOffset;
        if (records.length < fewRecords && bytes < fewBytes && offset < end && offset < to) continue;
        yield offset <= to ? records : records.filter((record) => record.offset < to);
        [records, bytes] = [[], 0];
        throwIfAborted(signal);
        // One answer holds up to some hundred thousand records. A reader that waits for nothing else would work on all of them before any
        // timer or socket has its turn: seen as the loss of ZooKeeper's session, again and again, by a loader with much to read.
        await nextTurn();
      }
    }
  } finally {
    reader.close();
  }
}
