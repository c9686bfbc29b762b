/**
 * Where the audit is kept: the topic lutra.audit in the Kafka of control's region, as the region's document says at the moment. All of it
 * is in one partition, so that it has one order.
 */
import { Inject, Injectable } from '@nestjs/common';
import type { BusOptions } from '@lutra/bus';
import { LoadedEventClient } from '@lutra/host';
import type { Copies, EventTransport, OutEvent } from '@lutra/host';
import { auditDays, auditTopic, sealedAsId, SyncError } from '@lutra/model';
import type { RegionDocument } from '@lutra/model';
import { kafkaClient } from '@lutra/registry';
import type { Registry, Snapshot } from '@lutra/registry';
import type { Logger } from '@lutra/telemetry';
import type { Environment } from '../environment.js';
import { ENVIRONMENT, LOGGER, REGISTRY, SECRET_KEY } from '../tokens.js';
import type { SecretKey } from '../tokens.js';

export const partition = 0;
const retentionMs = auditDays * 24 * 3600 * 1000;

export interface AuditKafka {
  /** Changes where Kafka is another one, or is reached otherwise. */
  readonly identity: string;
  readonly bus: BusOptions;
  /** Of a new topic; null: no endpoint says it yet. */
  readonly copies: Copies | null;
}

@Injectable()
export class AuditTopicService implements EventTransport {
  #last: AuditKafka | null = null;
  #client: { readonly of: string; readonly events: LoadedEventClient } | null = null;

  constructor(
    @Inject(ENVIRONMENT) private readonly environment: Pick<Environment, 'region'>,
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(SECRET_KEY) private readonly keyring: SecretKey,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Control works for a region. */
  get isWanted(): boolean {
    return this.environment.region !== undefined;
  }

  /** null: control works for no region, or there is no such region yet. @throws SyncError ZOOKEEPER_UNAVAILABLE */
  async kafka(): Promise<AuditKafka | null> {
    const { region: name } = this.environment;
    if (name === undefined) return null;
    // What was known last is right as a rule, and an entry is not to wait for ZooKeeper.
    if (!this.registry.connected && this.#last) return this.#last;
    const snapshot = await this.registry.snapshot.known();
    const region = snapshot.regions.get(name)?.document;
    this.#last = region ? this.#kafkaOf(region, copiesOf(snapshot, name)) : null;
    return this.#last;
  }

  /** @throws SyncError KAFKA_*, RECORD_TOO_LARGE */
  async send(records: readonly OutEvent[]): Promise<void> {
    const kafka = await this.kafka();
    if (!kafka) throw new SyncError('KAFKA_UNAVAILABLE', `there is no region ${this.environment.region} yet, whose Kafka keeps the audit`);
    const of = `${kafka.identity} ${JSON.stringify(kafka.copies)}`;
    if (this.#client?.of !== of) {
      void this.#client?.events.close().catch(() => undefined); // it is not used any more either way
      const made = { retentionMs, copies: kafka.copies };
      this.#client = { of, events: new LoadedEventClient({ bus: () => kafka.bus, topic: auditTopic, partition, made }) };
    }
    await this.#client.events.send(records);
  }

  async close(): Promise<void> {
    await this.#client?.events.close();
  }

  #kafkaOf(region: RegionDocument, copies: Copies | null): AuditKafka {
    const bus = { ...kafkaClient(this.keyring, region), clientId: 'lutra-control-audit', logger: this.logger };
    return { identity: JSON.stringify(region.kafka, sealedAsId), bus, copies };
  }
}

/** As many as the topic of an endpoint there has that has the most; where there is none, of any endpoint. */
function copiesOf({ endpoints }: Snapshot, region: string): Copies | null {
  const all = [...endpoints.values()].flatMap(({ document }) => document ?? []);
  const here = all.filter((endpoint) => endpoint.region === region);
  const topics = (here.length > 0 ? here : all).map(({ topic }) => topic);
  if (topics.length === 0) return null;
  return {
    replicationFactor: Math.max(...topics.map(({ replicationFactor }) => replicationFactor)),
    minInsyncReplicas: Math.max(...topics.map(({ minInsyncReplicas }) => minInsyncReplicas)),
  };
}
