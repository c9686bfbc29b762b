/** One leadership of capture: what it works with, the source and the topic that it is connected to, and how it ends. */
import { RecordDecoder, RecordEncoder } from '@lutra/avro';
import type { SourceConnection, SourceState } from '@lutra/binlog';
import { requestTimeoutFor } from '@lutra/bus';
import type { BusOptions } from '@lutra/bus';
import type { WorkDeps } from '@lutra/host';
import { rowsTopic, SyncError } from '@lutra/model';
import type { EndpointDocument, Suspension } from '@lutra/model';
import { kafkaClient, loginOf } from '@lutra/registry';
import type { During, LiveWork } from '@lutra/runtime';
import type { CaptureIo, KafkaPort } from './io.js';
import type { SeedWaits } from './seed/seed-run.js';
import { requireNameCase } from './verify/name-case.js';
import type { CaptureWork } from './assignments.js';

export interface CaptureDeps extends WorkDeps {
  readonly io: CaptureIo;
  /** Tests wait less. */
  readonly seedWaits?: SeedWaits;
}

/** The source's settings, and when it was asked for them (ms since 1970). */
export interface Source {
  readonly state: SourceState;
  readonly askedAt: number;
}

export interface Leadership {
  readonly leaseNumber: number;
  readonly signal: AbortSignal;
}

export class CaptureRun {
  readonly topic: string;
  readonly source: SourceConnection;
  readonly bus: BusOptions;
  readonly admin: ReturnType<KafkaPort['admin']>;
  readonly publisher: ReturnType<KafkaPort['publisher']>;
  readonly encoder: RecordEncoder;
  readonly decoder: RecordDecoder;
  readonly during: During;
  /** For messages. */
  readonly kafkaName: string;
  readonly sourceName: string;
  /** Ends what belongs to the leadership. */
  readonly signal: AbortSignal;
  readonly #ended = new AbortController();
  #giveServerIdBack = (): void => undefined;
  #work: CaptureWork;
  /** What the log leaves out; null: the run has not come to that. */
  suspended: readonly Suspension[] | null = null;

  constructor(
    readonly deps: CaptureDeps,
    readonly live: LiveWork<CaptureWork>,
    readonly leadership: Leadership,
  ) {
    this.#work = live.take();
    const { endpoint, region } = this.#work;
    const { io, logger } = deps;
    const { host, port, topic: settings } = endpoint;
    this.topic = rowsTopic(endpoint.name);
    this.source = loginOf(deps.secretKey, endpoint);
    const requestTimeoutMs = requestTimeoutFor(settings.maxMessageBytes);
    this.bus = { ...kafkaClient(deps.secretKey, region), clientId: `lutra-capture-${endpoint.name}`, logger, requestTimeoutMs };
    this.admin = io.kafka.admin(this.bus);
    this.publisher = io.kafka.publisher({ ...this.bus, topic: this.topic, maxBatchBytes: settings.maxMessageBytes });
    this.encoder = new RecordEncoder({ topic: this.topic, endpoint: endpoint.name, ids: deps.schemas });
    this.decoder = new RecordDecoder({ ids: deps.schemas });
    this.during = deps.status.waits.during;
    this.kafkaName = `Kafka of region ${region.name} (${this.bus.brokers.join(', ')})`;
    this.sourceName = `the source ${host}:${port}`;
    this.signal = AbortSignal.any([leadership.signal, this.#ended.signal]);
    deps.metrics.disconnected(endpoint.name, 'source', 'kafka');
  }

  get endpoint(): EndpointDocument {
    return this.#work.endpoint;
  }

  /** What the run works by now. */
  get work(): CaptureWork {
    return this.#work;
  }

  /** From a transaction boundary on. Its connections are those of the work before. */
  follow(work: CaptureWork): void {
    this.#work = work;
  }

  /** The source's settings and the topic are as they must be. @throws SyncError SOURCE_*, KAFKA_*, TOPIC_* */
  async connect(): Promise<Source> {
    const { deps, work, endpoint, admin, publisher, topic, during } = this;
    const { metrics, io } = deps;
    const askedAt = Date.now();
    const state = await during(this.sourceName, () => io.source.state(this.source));
    metrics.connected.set({ name: endpoint.name, to: 'source' }, 1);
    requireNameCase(endpoint.name, state, work.routes);
    await during(this.kafkaName, () => admin.ensureTopic(topic, endpoint.topic));
    publisher.limitRequests(await during(this.kafkaName, () => admin.requestLimit(topic)));
    metrics.connected.set({ name: endpoint.name, to: 'kafka' }, 1);
    return { state, askedAt };
  }

  /** No other live endpoint reads the source under this server id. @throws SyncError SERVER_ID_TAKEN; SOURCE_* */
  async holdServerId(log: string): Promise<void> {
    const { deps, endpoint, source, during } = this;
    const use = { serverId: endpoint.serverId, owner: log };
    this.#giveServerIdBack = await during(this.sourceName, () => deps.io.source.holdServerId(source, use));
  }

  /** Why the leadership ended, if its own parts ended it; the first reason stays. */
  get reason(): unknown {
    return this.#ended.signal.reason;
  }

  end(reason?: unknown): void {
    this.#ended.abort(reason);
  }

  async close(): Promise<void> {
    this.end(new SyncError('ABORTED', 'the leadership ended'));
    this.deps.metrics.disconnected(this.endpoint.name, 'source', 'kafka');
    this.#giveServerIdBack();
    await Promise.allSettled([this.publisher.close(), this.admin.close()]);
  }
}
