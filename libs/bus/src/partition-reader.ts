/**
 * Reads one partition by offsets that it keeps itself: no group, no commit. What fails for now is recovered without losing the place; what
 * cannot be recovered within a bound, and every jump of the log, is an error. Holds at most two fetches: the one being
 * read, as it came, and the next one, which is under way meanwhile.
 */
import { SyncError } from '@lutra/model';
import { aborted } from '@lutra/runtime';
import { Cluster, within } from './cluster.js';
import type { Deadline, Leader } from './cluster.js';
import { fetchBytes, fetchEnds } from './fetch.js';
import type { FetchLimits } from './fetch.js';
import { kafkaError } from './kafka-error.js';
import type { BusOptions } from './options.js';
import { splitBatches } from './record-batch-reader.js';
import type { RawBatch } from './record-batch-reader.js';

export interface ReaderOptions extends BusOptions, FetchLimits {
  readonly topic: string;
  readonly partition: number;
  readonly signal: AbortSignal;
}

export class PartitionReader {
  readonly #options: ReaderOptions;
  readonly #cluster: Cluster;
  readonly #close = (): void => this.close();
  #topicId: string | undefined;
  #leader: Leader | undefined;

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
      const bytes = await this.#cluster
        .persist(deadline, () => this.#fetch(offset, deadline))
        .catch((error: unknown) => {
          throw this.#explain(error, offset);
        });
      const batches = splitBatches(bytes, offset);
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

  async #fetch(offset: number, deadline: Deadline): Promise<Buffer> {
    const { topic, partition } = this.#options;
    const leader = await this.#findLeader(deadline);
    try {
      return await fetchBytes(leader, { topic, partition, offset }, this.#options);
    } catch (thrown) {
      this.#leader = undefined;
      const error = kafkaError(thrown, `fetch from ${this.#name}`);
      if (error.details['kafka'] === 'OFFSET_OUT_OF_RANGE') await this.#explainRange(leader, offset);
      // One answer is not enough to believe that the topic is gone: looking for its leader again settles it.
      if (error.code === 'TOPIC_MISSING') throw new SyncError('KAFKA_UNAVAILABLE', error.message, { cause: error, details: error.details });
      throw error;
    }
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
    return leader;
  }

  #explain(thrown: unknown, offset: number): SyncError {
    const { topic, partition } = this.#options;
    return kafkaError(thrown, `fetch from ${this.#name}`, { topic, partition, offset });
  }
}
