/**
 * Reads one partition by offsets that it keeps itself: no group, no commit. What fails for now is recovered without losing the position;
 * what cannot be recovered within a bound, and every jump of the log, is an error. Holds at most two fetches: the one being read, as it
 * came, and the next one, which is under way meanwhile.
 *
 * A position is an offset, and an offset is no identity: while the leader was away the log may have lost its tail, been written again, and
 * be longer than before. So whenever the leader had to be looked for again, the last batch that was read must still be what it was.
 */
import { SyncError } from '@lutra/model';
import { aborted } from '@lutra/runtime';
import type { During } from '@lutra/runtime';
import { Cluster, within } from './cluster.js';
import type { Deadline, Leader } from './cluster.js';
import { fetchBytes, fetchEnds } from './fetch.js';
import type { FetchLimits } from './fetch.js';
import { kafkaError, kafkaFailure } from './kafka-error.js';
import type { BusOptions } from './options.js';
import { identityOf, splitBatches } from './record-batch-reader.js';
import type { BatchIdentity, RawBatch } from './record-batch-reader.js';

const nothing = Buffer.alloc(0);

export interface ReaderOptions extends BusOptions, FetchLimits {
  readonly topic: string;
  readonly partition: number;
  readonly signal: AbortSignal;
  /** Told of each fetch: one that lasts has no broker that answers. */
  readonly during?: During | undefined;
}

export class PartitionReader {
  readonly #options: ReaderOptions;
  readonly #cluster: Cluster;
  readonly #close = (): void => this.close();
  #topicId: string | undefined;
  #leader: Leader | undefined;
  /** Of what was read, the end. */
  #last: BatchIdentity | undefined;
  #lastIsSure = true;

  constructor(options: ReaderOptions) {
    this.#options = options;
    this.#cluster = new Cluster(options, options.maxWaitMs);
    options.signal.addEventListener('abort', this.#close, { once: true });
    if (options.signal.aborted) this.close();
  }

  /**
   * The batches from an offset on, at least one; waits for it.
   * @param giveUp an empty partition is waited for no longer than this; for ever by default
   */
  async next(offset: number, giveUp: Deadline = Infinity): Promise<RawBatch[]> {
    for (;;) {
      // Each answer, an empty one too, starts the time anew: silence is what is bounded.
      const deadline = within(2 * this.#cluster.requestTimeoutMs);
      const bytes = await this.#answered(() => this.#cluster.withRetry(deadline, () => this.#fetch(offset, deadline))).catch(
        (error: unknown) => {
          throw this.#explain(error, offset);
        },
      );
      const batches = splitBatches(bytes, offset);
      const last = batches.at(-1);
      if (last) this.#last = identityOf(last);
      if (batches.length > 0) return batches;
      if (bytes.length > 0) throw new SyncError('LOG_GAP', `${this.#name}: the records at offset ${offset} are missing`);
      if (performance.now() > giveUp) throw new SyncError('KAFKA_UNAVAILABLE', `${this.#name}: no record at offset ${offset} came`);
    }
  }

  close(): void {
    const { signal } = this.#options;
    signal.removeEventListener('abort', this.#close);
    this.#cluster.close(signal.aborted ? aborted(signal) : undefined);
  }

  get #name(): string {
    return `${this.#options.topic}/${this.#options.partition}`;
  }

  #answered<T>(work: () => Promise<T>): Promise<T> {
    const { during, brokers } = this.#options;
    return during ? during(`Kafka (${brokers.join(', ')}) to answer a fetch from ${this.#name}`, work) : work();
  }

  async #fetch(offset: number, deadline: Deadline): Promise<Buffer> {
    const { topic, partition } = this.#options;
    const leader = await this.#findLeader(deadline);
    try {
      this.#lastIsSure ||= await this.#hasLast(leader);
      const bytes = await fetchBytes(leader, { topic, partition, offset }, this.#options);
      return this.#lastIsSure ? bytes : nothing;
    } catch (thrown) {
      this.#leader = undefined;
      const error = kafkaError(thrown, `fetch from ${this.#name}`);
      if (error.refused.kafka === 'OFFSET_OUT_OF_RANGE') await this.#explainRange(leader, Number(error.details['offset'] ?? offset));
      // One answer is not enough to believe that the topic is gone: looking for its leader again settles it.
      if (error.code === 'TOPIC_MISSING') throw new SyncError('KAFKA_UNAVAILABLE', error.message, { cause: error, details: error.details });
      throw error;
    }
  }

  /**
   * False: not shown yet, by a new leader that does not know how far its followers are.
   * @throws SyncError LOG_TRUNCATED
   */
  async #hasLast(leader: Leader): Promise<boolean> {
    const last = this.#last;
    if (last === undefined) return true;
    const { topic, partition } = this.#options;
    const offset = last.nextOffset - 1;
    const bytes = await fetchBytes(leader, { topic, partition, offset }, { maxBytes: 1, maxWaitMs: 0 }).catch(async (thrown: unknown) => {
      const error = kafkaError(thrown, `fetch from ${this.#name}`);
      if (error.refused.kafka !== 'OFFSET_OUT_OF_RANGE') throw error;
      // Retention took it: what comes next is there, or the fetch will say so.
      if (offset < (await fetchEnds(leader, topic, partition)).start) return null;
      throw error;
    });
    if (bytes === null) return true;
    const [found] = splitBatches(bytes, offset);
    if (found === undefined) return false;
    const { firstOffset, nextOffset, checksum } = identityOf(found);
    if (firstOffset !== last.firstOffset || nextOffset !== last.nextOffset || checksum !== last.checksum) {
      const message = `${this.#name}: offset ${offset} has another record than was read there: the log lost its end and was written again`;
      throw new SyncError('LOG_TRUNCATED', message, { details: { topic, partition, offset } });
    }
    return true;
  }

  /** Throws if the offset lies outside the log; returns if it lies inside, which the next attempt will find too. */
  async #explainRange(leader: Leader, offset: number): Promise<void> {
    const { topic, partition } = this.#options;
    const { start, end } = await fetchEnds(leader, topic, partition);
    const details = { topic, partition, offset, start, end };
    if (offset < start)
      throw new SyncError('LOG_START_LOST', `${this.#name}: offset ${offset} was removed; the log starts at ${start}`, { details });
    if (offset > end)
      throw new SyncError('LOG_TRUNCATED', `${this.#name}: offset ${offset} lies beyond the end of the log, ${end}`, { details });
  }

  async #findLeader(deadline: Deadline): Promise<Leader> {
    if (this.#leader && !this.#leader.wire.closed) return this.#leader;
    const { topic, partition, logger } = this.#options;
    const leader = await this.#cluster.leader(topic, partition, deadline);
    this.#topicId ??= leader.topicId;
    if (leader.topicId !== this.#topicId) {
      throw new SyncError('LOG_FOREIGN', `topic ${topic} was deleted and created again while it was read`, { details: { topic } });
    }
    logger.debug({ topic, partition, leader: leader.leaderId, leaderEpoch: leader.leaderEpoch }, 'reading from leader');
    this.#leader = leader;
    this.#lastIsSure = false;
    return leader;
  }

  #explain(thrown: unknown, offset: number): SyncError {
    const { topic, partition } = this.#options;
    return kafkaFailure(thrown, `fetch from ${this.#name}`, { topic, partition, offset });
  }
}
