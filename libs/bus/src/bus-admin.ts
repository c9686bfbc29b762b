/** Topics and offsets. Every operation is safe to repeat, is repeated while its error may pass, and ends within a bound. */
import { createTopicsV7, deleteTopicsV6, describeConfigsV4, findCoordinatorV4, offsetCommitV8, offsetFetchV8 } from '@platformatic/kafka';
import { SyncError } from '@lutra/model';
import { Cluster, within } from './cluster.js';
import type { Deadline, TopicMetadata } from './cluster.js';
import { fetchEnds, fetchOffsetAt } from './fetch.js';
import { kafkaError, kafkaFailure } from './kafka-error.js';
import type { BusOptions } from './options.js';
import { topicConfigs, topicDifferences } from './topic-settings.js';
import type { TopicSettings } from './topic-settings.js';
import type { Wire } from './wire.js';

const topicResource = 2;
const brokerResource = 4;
const groupKey = 0;
const noGeneration = -1;
const noEpoch = -1;

export class BusAdmin {
  readonly #cluster: Cluster;

  constructor(options: BusOptions) {
    this.#cluster = new Cluster(options);
  }

  /**
   * Creates the topic, or verifies the one that exists; waits until its partitions have leaders.
   * @throws SyncError TOPIC_CONFIG with every difference that could lose data; KAFKA_UNAVAILABLE, KAFKA_REFUSED, KAFKA_DENIED
   */
  async ensureTopic(topic: string, settings: TopicSettings): Promise<'created' | 'verified'> {
    const deadline = this.#deadline();
    const { replicationFactor, minInsyncReplicas } = settings;
    if (minInsyncReplicas > replicationFactor) {
      throw new SyncError(
        'TOPIC_CONFIG',
        `topic ${topic}: min.insync.replicas ${minInsyncReplicas} is more than its ${replicationFactor} replicas`,
      );
    }
    const metadata = await this.#run(`topic ${topic}`, () => this.#cluster.topic(topic));
    const created = metadata === null && (await this.#create(topic, settings));
    await this.#awaitLeaders(topic, deadline);
    if (created) return 'created';
    await this.#verify(topic, settings);
    return 'verified';
  }

  /**
   * Deletes the topic with all its records and waits until it is gone; nothing happens if there is none.
   * @throws SyncError KAFKA_UNAVAILABLE (also when it is still there after the bound: repeat it), KAFKA_REFUSED
   */
  async deleteTopic(topic: string): Promise<void> {
    await this.#run(`deletion of topic ${topic}`, async () => {
      if ((await this.#cluster.confirmedTopic(topic, this.#deadline())) === null) return;
      const wire = await this.#cluster.controller();
      await wire.call(deleteTopicsV6.api, [{ name: topic }], this.#cluster.requestTimeoutMs).catch((error: unknown) => {
        // Someone else's request, or one of ours whose answer was lost, came first.
        if (kafkaError(error, topic).code !== 'TOPIC_MISSING') throw error;
      });
      // Brokers learn of it one after the other.
      throw new SyncError('KAFKA_UNAVAILABLE', `topic ${topic} is being deleted`);
    });
  }

  async exists(topic: string): Promise<boolean> {
    return (await this.#cluster.confirmedTopic(topic, this.#deadline())) !== null;
  }

  /**
   * Log start offset, and the offset after the last record that readers can see.
   * @throws SyncError TOPIC_MISSING, KAFKA_UNAVAILABLE, KAFKA_REFUSED
   */
  async offsets(topic: string, partition = 0): Promise<{ start: number; end: number }> {
    const deadline = this.#deadline();
    return this.#run(`offsets of ${topic}/${partition}`, async () => {
      const leader = await this.#cluster.leader(topic, partition, deadline);
      return fetchEnds(leader, topic, partition);
    });
  }

  /**
   * Offset of the first record whose timestamp is `ms` (since 1970) or later; null: there is none.
   * @throws SyncError TOPIC_MISSING, KAFKA_UNAVAILABLE, KAFKA_REFUSED
   */
  async offsetAt(topic: string, ms: number, partition = 0): Promise<number | null> {
    const deadline = this.#deadline();
    return this.#run(`offset of ${topic}/${partition} at a time`, async () => {
      const leader = await this.#cluster.leader(topic, partition, deadline);
      return fetchOffsetAt(leader, { topic, partition }, ms);
    });
  }

  /**
   * socket.request.max.bytes of the broker that leads the topic: at a larger request it cuts the connection and says nothing. Null: it does
   * not tell us.
   * @throws SyncError TOPIC_MISSING, KAFKA_UNAVAILABLE
   */
  async requestLimit(topic: string): Promise<number | null> {
    const deadline = this.#deadline();
    const name = 'socket.request.max.bytes';
    try {
      return await this.#run(`settings of the broker of ${topic}`, async () => {
        const { wire, leaderId } = await this.#cluster.leader(topic, 0, deadline);
        const broker = { resourceType: brokerResource, resourceName: String(leaderId) } as const;
        const { results } = await wire.call(describeConfigsV4.api, [{ ...broker, configurationKeys: [name] }], false, false);
        const value = Number(results[0]?.configs.find((config) => config.name === name)?.value ?? Number.NaN);
        return value > 0 ? value : null;
      });
    } catch (error) {
      // CLUSTER_AUTHORIZATION_FAILED: DESCRIBE_CONFIGS on the cluster is more than a capture needs.
      if (['KAFKA_REFUSED', 'KAFKA_DENIED'].includes(kafkaError(error, topic).code)) return null;
      throw error;
    }
  }

  /** For tools that show lag; nobody reads on from it. The group needs no members. */
  async commitGroupOffset(group: string, topic: string, partition: number, offset: number): Promise<void> {
    const partitions = [{ partitionIndex: partition, committedOffset: BigInt(offset), committedLeaderEpoch: noEpoch }];
    await this.#run(`commit of group ${group}`, async () => {
      const wire = await this.#coordinator(group);
      await wire.call(offsetCommitV8.api, group, noGeneration, '', null, [{ name: topic, partitions }]);
    });
  }

  /** What was committed last; null: nothing, or the broker has discarded it. */
  async groupOffset(group: string, topic: string, partition = 0): Promise<number | null> {
    return this.#run(`offset of group ${group}`, async () => {
      const wire = await this.#coordinator(group);
      const asked = { groupId: group, memberEpoch: noEpoch, topics: [{ name: topic, partitionIndexes: [partition] }] };
      const { groups } = await wire.call(offsetFetchV8.api, [asked], false);
      const offset = groups[0]?.topics[0]?.partitions[0]?.committedOffset ?? -1n;
      return offset < 0n ? null : Number(offset);
    });
  }

  async close(): Promise<void> {
    this.#cluster.close();
  }

  async #coordinator(group: string): Promise<Wire> {
    const anyone = await this.#cluster.any();
    const { coordinators } = await anyone.call(findCoordinatorV4.api, groupKey, [group]);
    const coordinator = coordinators[0];
    if (coordinator === undefined) throw new SyncError('KAFKA_UNAVAILABLE', `group ${group} has no coordinator`);
    return this.#cluster.node(coordinator.host, coordinator.port);
  }

  #deadline(): Deadline {
    return within(2 * this.#cluster.requestTimeoutMs);
  }

  async #run<T>(what: string, attempt: () => Promise<T>): Promise<T> {
    try {
      return await this.#cluster.withRetry(this.#deadline(), attempt);
    } catch (error) {
      throw kafkaFailure(error, what);
    }
  }

  /** False when someone else created it meanwhile, or an attempt of ours whose answer was lost: then it is verified. */
  async #create(topic: string, settings: TopicSettings): Promise<boolean> {
    const configs = Object.entries(topicConfigs(settings)).map(([name, value]) => ({ name, value }));
    const { replicationFactor, partitions: numPartitions = 1 } = settings;
    const request = { name: topic, numPartitions, replicationFactor, assignments: [], configs };
    return this.#run(`creation of topic ${topic}`, async () => {
      const wire = await this.#cluster.controller();
      try {
        await wire.call(createTopicsV7.api, [request], this.#cluster.requestTimeoutMs, false);
        return true;
      } catch (error) {
        if (kafkaError(error, topic).refused.kafka === 'TOPIC_ALREADY_EXISTS') return false;
        throw error;
      }
    });
  }

  /** Right after its creation not every broker knows the topic. */
  async #awaitLeaders(topic: string, deadline: Deadline): Promise<TopicMetadata> {
    return this.#run(`leaders of topic ${topic}`, async () => {
      const metadata = await this.#cluster.topic(topic);
      if (metadata === null) throw new SyncError('KAFKA_UNAVAILABLE', `topic ${topic} was created, but is not known yet`);
      for (const partition of metadata.partitions.keys()) await this.#cluster.leader(topic, partition, deadline);
      return metadata;
    });
  }

  async #verify(topic: string, settings: TopicSettings): Promise<void> {
    const existing = await this.#run(`settings of topic ${topic}`, async () => {
      const wire = await this.#cluster.any();
      const { results } = await wire.call(describeConfigsV4.api, [{ resourceType: topicResource, resourceName: topic }], false, false);
      const configs = new Map(results.flatMap((result) => result.configs.map((config) => [config.name, config.value ?? ''] as const)));
      const metadata = await this.#cluster.topic(topic);
      return { partitions: metadata?.partitions.length ?? 0, replicationFactor: metadata?.replicationFactor ?? 0, configs };
    });
    const differences = topicDifferences(settings, existing);
    if (differences.length === 0) return;
    throw new SyncError('TOPIC_CONFIG', `topic ${topic}: ${differences.join('; ')}`, {
      details: { topic, differences: differences.join('; ') },
    });
  }
}
