/**
 * One writer of one partition. One produce request is in flight at a time: with more, a broker restart reorders them. A publish that
 * fails ends the Publisher: what may have arrived is unknown, so the caller reads the tail of the log and starts a new one.
 *
 * Inside a publish, what fails for now is tried again until a deadline, with the very same bytes: the same producer id and sequence
 * numbers, which the broker recognises if they did arrive (it answers with their offsets and appends nothing), also after a change of
 * leader. The client's own Producer is not used: upon UNKNOWN_PRODUCER_ID or OUT_OF_ORDER_SEQUENCE_NUMBER it takes a new producer id and
 * sends the records again under it, which can write them twice, and it goes on for as long as there are retries. Here these are final.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { initProducerIdV4 } from '@platformatic/kafka';
import { SyncError } from '@lutra/model';
import { Cluster, within } from './cluster.js';
import type { Deadline, Leader } from './cluster.js';
import type { Compression } from './compression.js';
import { kafkaError, kafkaFailure } from './kafka-error.js';
import type { BusOptions, FramedRecords, OutRecord } from './options.js';
import { produceBatch } from './produce.js';
import { batchLayout, frameBatch, packRecords, largeBytes } from './record-batch.js';
import type { PackedRecords } from './record-batch.js';

export interface PublisherOptions extends BusOptions {
  readonly topic: string;
  readonly partition?: number | undefined;
  /** max.message.bytes of the topic: a larger batch (as compressed) is refused before it is sent. Without it the broker refuses. */
  readonly maxBatchBytes?: number | undefined;
  /** Default zstd. */
  readonly compression?: Compression | undefined;
}

export interface Published {
  /** Offset of the first record. */
  readonly firstOffset: number;
  /** Offset after the last record. */
  readonly nextOffset: number;
}

/** Answers that say that the broker's memory of this producer and ours differ: the only sound end is the end. */
const finalErrors = new Set([
  'OUT_OF_ORDER_SEQUENCE_NUMBER',
  'UNKNOWN_PRODUCER_ID',
  'DUPLICATE_SEQUENCE_NUMBER',
  'INVALID_PRODUCER_EPOCH',
  'INVALID_PRODUCER_ID_MAPPING',
  'PRODUCER_FENCED',
]);
const maxSequence = 2 ** 31;
/** Of a Produce request around its batch: names and ids. */
const requestOverhead = 1024;

interface TooLarge {
  readonly bytes: number;
  readonly count: number;
  /** Null: the broker did not say it. */
  readonly limit: string | null;
  readonly setting: keyof typeof whose;
}

/** Which limit is in the way. */
const whose = {
  'topic.maxMessageBytes': 'topic.maxMessageBytes of the endpoint',
  'max.message.bytes': 'max.message.bytes of the topic',
  'socket.request.max.bytes': 'socket.request.max.bytes of the broker',
} as const;

export class Publisher {
  readonly #options: PublisherOptions;
  readonly #partition: number;
  readonly #cluster: Cluster;
  #turn: Promise<unknown> = Promise.resolve();
  #failure: SyncError | undefined;
  #producer: { readonly producerId: bigint; readonly producerEpoch: number } | undefined;
  #topicId: string | undefined;
  #leader: Leader | undefined;
  #sequence = 0;
  #nextOffset = 0;
  #maxRequestBytes = Infinity;

  constructor(options: PublisherOptions) {
    this.#options = options;
    this.#partition = options.partition ?? 0;
    this.#cluster = new Cluster(options);
  }

  /**
   * Writes the records as one batch; resolves when all in-sync replicas have it, rejects within about twice the request time-out. A call
   * before the last one has settled waits for its turn.
   * @throws SyncError KAFKA_UNAVAILABLE, KAFKA_REFUSED, TOPIC_MISSING, LOG_RECREATED, LOG_TRUNCATED, RECORD_TOO_LARGE, ABORTED; each is
   * final
   */
  publish(records: readonly OutRecord[] | FramedRecords): Promise<Published> {
    if (('batch' in records ? records.count : records.length) === 0)
      return Promise.reject(new SyncError('INTERNAL', 'a publish of no records'));
    const packed = packRecords(records, this.#options.compression ?? 'zstd'); // beside the request that is in flight
    packed.catch(() => undefined); // told when its turn comes
    const result = this.#turn.then(() => this.#deliver(packed));
    this.#turn = result.catch(() => undefined); // the caller has it from `result`
    return result;
  }

  /**
   * From now on a batch is refused before it is sent if its request is larger.
   * @param maxBytes BusAdmin.requestLimit(): the broker cuts the connection at a larger one, again and again. Null: not known.
   */
  limitRequests(maxBytes: number | null): void {
    this.#maxRequestBytes = maxBytes ?? Infinity;
  }

  /** At once: what is in flight rejects with ABORTED. */
  async close(): Promise<void> {
    this.#fail(new SyncError('ABORTED', 'the publisher was closed'));
    await this.#turn;
  }

  async #deliver(packed: Promise<PackedRecords>): Promise<Published> {
    if (this.#failure) throw this.#failure;
    try {
      return await this.#publish(await packed);
    } catch (thrown) {
      const { topic } = this.#options;
      throw this.#fail(kafkaFailure(thrown, `publish to ${topic}/${this.#partition}`, { topic, partition: this.#partition }));
    }
  }

  /** The first failure stays the one. */
  #fail(error: SyncError): SyncError {
    this.#failure ??= error;
    this.#cluster.close(this.#failure);
    return this.#failure;
  }

  async #publish(packed: PackedRecords): Promise<Published> {
    const deadline = within(this.#cluster.requestTimeoutMs);
    const batch = await this.#frame(packed, deadline);
    const firstOffset = await this.#cluster.withRetry(
      deadline,
      () => this.#attempt(batch, deadline),
      ({ refused: { kafka } }) => kafka === undefined || !finalErrors.has(kafka),
    );
    this.#checkOffset(firstOffset);
    this.#sequence = (this.#sequence + packed.count) % maxSequence;
    this.#nextOffset = firstOffset + packed.count;
    return { firstOffset, nextOffset: this.#nextOffset };
  }

  async #frame(packed: PackedRecords, deadline: Deadline): Promise<Buffer> {
    this.#producer ??= await this.#cluster.withRetry(deadline, async () => {
      const wire = await this.#cluster.any();
      return wire.call(initProducerIdV4.api, null, this.#cluster.requestTimeoutMs, -1n, -1);
    });
    const batch = frameBatch(packed, { ...this.#producer, sequence: this.#sequence });
    const { maxBatchBytes = Infinity } = this.#options;
    const maxRequestBytes = this.#maxRequestBytes;
    const of = { bytes: batch.length, count: packed.count };
    if (batch.length > maxBatchBytes) throw this.#tooLarge({ ...of, limit: String(maxBatchBytes), setting: 'topic.maxMessageBytes' });
    if (batch.length + requestOverhead > maxRequestBytes)
      throw this.#tooLarge({ ...of, limit: String(maxRequestBytes), setting: 'socket.request.max.bytes' });
    if (batch.length > largeBytes) await nextTurn();
    return batch;
  }

  async #attempt(batch: Buffer, deadline: Deadline): Promise<number> {
    const { topic } = this.#options;
    const { wire, topicId } = await this.#findLeader(deadline);
    try {
      // The broker gives up on its replicas before we give up on the broker.
      const waitMs = Math.ceil(this.#cluster.requestTimeoutMs * 0.75);
      return await produceBatch(wire, { topic, topicId, partition: this.#partition }, batch, waitMs);
    } catch (thrown) {
      this.#leader = undefined;
      const error = kafkaError(thrown, `publish to ${topic}/${this.#partition}`);
      if (error.code === 'RECORD_TOO_LARGE')
        throw this.#tooLarge(
          { bytes: batch.length, count: batch.readInt32BE(batchLayout.count), limit: null, setting: 'max.message.bytes' },
          error,
        );
      // One answer is not enough to believe that the topic is gone: looking for its leader again settles it.
      if (error.code === 'TOPIC_MISSING') throw new SyncError('KAFKA_UNAVAILABLE', error.message, { cause: error, details: error.details });
      throw error;
    }
  }

  async #findLeader(deadline: Deadline): Promise<Leader> {
    if (this.#leader && !this.#leader.wire.closed) return this.#leader;
    const { topic, logger } = this.#options;
    const leader = await this.#cluster.leader(topic, this.#partition, deadline);
    this.#topicId ??= leader.topicId;
    if (leader.topicId !== this.#topicId) {
      throw new SyncError('LOG_RECREATED', `topic ${topic} was deleted and created again`, { details: { topic } });
    }
    logger.debug({ topic, partition: this.#partition, leader: leader.leaderId, leaderEpoch: leader.leaderEpoch }, 'publishing to leader');
    this.#leader = leader;
    return leader;
  }

  #checkOffset(firstOffset: number): void {
    if (firstOffset >= this.#nextOffset) return;
    const { topic } = this.#options;
    const details = { topic, partition: this.#partition, offset: firstOffset };
    const message = `${topic}/${this.#partition}: written at offset ${firstOffset} although everything before ${this.#nextOffset} was acknowledged`;
    throw new SyncError('LOG_TRUNCATED', message, { details });
  }

  #tooLarge({ bytes, count, limit, setting }: TooLarge, cause?: SyncError): SyncError {
    const { topic } = this.#options;
    const what = `${count === 1 ? 'a record is' : `${count} records are`} ${bytes} bytes (compressed)`;
    const message = `publish to ${topic}/${this.#partition}: ${what}, more than ${whose[setting]}${limit === null ? '' : ` (${limit})`}`;
    return new SyncError('RECORD_TOO_LARGE', message, { cause, details: { topic, partition: this.#partition, bytes, limit, setting } });
  }
}
