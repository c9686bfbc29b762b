/**
 * The brokers as one: which of them to ask, who leads a partition, connections that are kept while they are sound. It asks again until a
 * deadline while an error may pass, and not beyond. "The topic is missing" is believed only when it is said several times: a broker
 * that has just started, or lags behind its controller, says so of topics that exist.
 */
import { setMaxListeners } from 'node:events';
import { ResponseError, metadataV12, parseBroker } from '@platformatic/kafka';
import { SyncError } from '@lutra/model';
import { sleep, throwIfAborted } from '@lutra/runtime';
import { kafkaError, protocolError, protocolErrorId } from './kafka-error.js';
import { defaultRequestTimeoutMs } from './options.js';
import type { BusOptions } from './options.js';
import { Wire } from './wire.js';
import type { Address } from './wire.js';

/** Milliseconds on the clock of performance.now(). */
export type Deadline = number;
export const within = (ms: number): Deadline => performance.now() + ms;

export interface PartitionLeader {
  readonly leaderId: number;
  readonly leaderEpoch: number;
}

export interface TopicMetadata {
  readonly id: string;
  readonly replicationFactor: number;
  readonly partitions: readonly PartitionLeader[];
}

export interface Leader extends PartitionLeader {
  readonly wire: Wire;
  readonly topicId: string;
}

const missingAnswers = 5;
const missingPauseMs = 200;
const firstPauseMs = 50;
const maxPauseMs = 500;

export class Cluster {
  readonly requestTimeoutMs: number;
  readonly signal: AbortSignal;
  readonly #options: BusOptions;
  readonly #stop = new AbortController();
  readonly #wires = new Map<string, Promise<Wire>>();
  readonly #bootstrap: readonly Address[];
  readonly #wireTimeoutMs: number;
  #nodes = new Map<number, Address>();
  #controllerId = -1;
  /** Moves on with every failure, so that a broker that hangs or lags behind is not asked again and again. */
  #turn = 0;

  /** @param maxWaitMs how long a broker may rightly hold an answer back (fetch), on top of the request time-out */
  constructor(options: BusOptions, maxWaitMs = 0) {
    this.#options = options;
    this.requestTimeoutMs = options.requestTimeoutMs ?? defaultRequestTimeoutMs;
    this.#wireTimeoutMs = this.requestTimeoutMs + maxWaitMs;
    this.signal = this.#stop.signal;
    setMaxListeners(0, this.signal);
    this.#bootstrap = options.brokers.map((broker) => parseBroker(broker));
  }

  /** Drops all connections. What is under way rejects with the reason. */
  close(reason: SyncError = new SyncError('ABORTED', 'the connection to Kafka was closed')): void {
    this.#stop.abort(reason);
    for (const wire of this.#wires.values()) {
      wire.then(
        (open) => open.close(),
        () => undefined,
      );
    }
    this.#wires.clear();
  }

  /**
   * Repeats what failed for now, until it succeeds, fails for good, or the deadline passes.
   * @param mayRepeat which KAFKA_UNAVAILABLE may be tried again
   */
  async withRetry<T>(deadline: Deadline, attempt: () => Promise<T>, mayRepeat: (error: SyncError) => boolean = () => true): Promise<T> {
    for (let failures = 1; ; failures++) {
      try {
        throwIfAborted(this.signal);
        return await attempt();
      } catch (thrown) {
        throwIfAborted(this.signal);
        const error = kafkaError(thrown, 'Kafka');
        const pauseMs = Math.min(maxPauseMs, firstPauseMs * 2 ** (failures - 1));
        if (error.code !== 'KAFKA_UNAVAILABLE' || performance.now() + pauseMs > deadline || !mayRepeat(error)) throw error;
        this.#turn += 1;
        this.#options.logger.debug({ failures, reason: error.message }, 'kafka: trying again');
        await sleep(pauseMs, this.signal);
      }
    }
  }

  /** A connection to a broker that answers: the same one as before, until something fails. */
  async any(): Promise<Wire> {
    const known = new Map([...this.#bootstrap, ...this.#nodes.values()].map((address) => [`${address.host}:${address.port}`, address]));
    const addresses = [...known.values()];
    const failures: SyncError[] = [];
    while (failures.length < addresses.length) {
      try {
        return await this.#connect(addresses[this.#turn % addresses.length] as Address);
      } catch (error) {
        throwIfAborted(this.signal);
        failures.push(kafkaError(error, 'Kafka'));
        this.#turn += 1;
      }
    }
    // One broker that is merely down may be the one that would let us in.
    const failure = failures.find((error) => error.code === 'KAFKA_UNAVAILABLE') ?? failures[0];
    throw failure ?? new SyncError('KAFKA_REFUSED', 'no broker is configured');
  }

  /** The broker that creates topics. With KRaft that is any broker. */
  async controller(): Promise<Wire> {
    await this.#metadata([]);
    const address = this.#nodes.get(this.#controllerId);
    return address === undefined ? this.any() : this.#connect(address);
  }

  async node(host: string, port: number): Promise<Wire> {
    return this.#connect({ host, port });
  }

  /** One broker's word about a topic; null: it knows none of that name. */
  async topic(name: string): Promise<TopicMetadata | null> {
    const { topics } = await this.#metadata([name]);
    const topic = topics.find((candidate) => candidate.name === name);
    const error = topic === undefined ? 'UNKNOWN_TOPIC_OR_PARTITION' : protocolErrorId(topic.errorCode);
    if (topic === undefined || error === 'UNKNOWN_TOPIC_OR_PARTITION') return null;
    if (error !== undefined) throw protocolError(error, `topic ${name}`, { api: metadataV12.api.key });
    const partitions = topic.partitions.toSorted((a, b) => a.partitionIndex - b.partitionIndex);
    return { id: topic.topicId, replicationFactor: partitions[0]?.replicaNodes.length ?? 0, partitions };
  }

  /** Null when the topic is missing for sure. */
  async confirmedTopic(name: string, deadline: Deadline): Promise<TopicMetadata | null> {
    for (let answers = 1; ; answers++) {
      const topic = await this.withRetry(deadline, () => this.topic(name));
      if (topic !== null || answers === missingAnswers) return topic;
      await sleep(missingPauseMs, this.signal);
    }
  }

  /**
   * A connection to the broker that leads a partition; waits while there is none.
   * @throws SyncError TOPIC_MISSING, KAFKA_UNAVAILABLE, KAFKA_REFUSED
   */
  async leader(topic: string, partition: number, deadline: Deadline): Promise<Leader> {
    return this.withRetry(deadline, async () => {
      const metadata = await this.confirmedTopic(topic, deadline);
      if (metadata === null) throw new SyncError('TOPIC_MISSING', `topic ${topic} does not exist`, { details: { topic } });
      return this.#connectToLeader(topic, partition, metadata);
    });
  }

  async #connectToLeader(topic: string, partition: number, metadata: TopicMetadata): Promise<Leader> {
    const found = metadata.partitions[partition];
    if (found === undefined) {
      const count = metadata.partitions.length;
      throw new SyncError('TOPIC_MISSING', `topic ${topic} has ${count} partitions, none of number ${partition}`, {
        details: { topic, partition },
      });
    }
    const address = this.#nodes.get(found.leaderId);
    if (address === undefined) throw protocolError('LEADER_NOT_AVAILABLE', `${topic}/${partition}`);
    return { ...found, topicId: metadata.id, wire: await this.#connect(address) };
  }

  async #metadata(topics: string[]): Promise<metadataV12.MetadataResponse> {
    const wire = await this.any();
    const answer = await wire.call(metadataV12.api, topics, false, false).catch((error: unknown) => {
      // The client rejects when any topic has an error; the answer is in the error.
      const cause = error instanceof SyncError ? error.cause : undefined;
      if (cause instanceof ResponseError) return (cause as ResponseError & { response: metadataV12.MetadataResponse }).response;
      throw error;
    });
    this.#nodes = new Map(answer.brokers.map((broker) => [broker.nodeId, { host: broker.host, port: broker.port }]));
    this.#controllerId = answer.controllerId;
    return answer;
  }

  /** Many may want the same connection at the same time: they share one. */
  async #connect(address: Address): Promise<Wire> {
    const name = `${address.host}:${address.port}`;
    const existing = this.#wires.get(name);
    const wire = await existing;
    if (wire && !wire.closed) return wire;
    if (this.#wires.get(name) !== existing) return this.#connect(address);
    throwIfAborted(this.signal);
    const { clientId, security } = this.#options;
    const options = { clientId, security: security?.() ?? {}, requestTimeoutMs: this.#wireTimeoutMs };
    const opening = Wire.open(address, options, this.signal);
    this.#wires.set(name, opening);
    return opening.catch((error: unknown) => {
      this.#wires.delete(name);
      throw error;
    });
  }
}
