/**
 * One queue of operational events for each region that this process tells of its work: as a rule one. Where the Kafka of a region changes,
 * or a secret of it, what waits is sent as the newest document says.
 */
import type { BusOptions } from '@lutra/bus';
import { eventsTopic, sealedAsId } from '@lutra/model';
import type { EndpointDocument, OperationalEvent, RegionDocument } from '@lutra/model';
import { kafkaClient } from '@lutra/registry';
import type { Keyring } from '@lutra/registry';
import type { Logger, Metrics } from '@lutra/telemetry';
import { EventQueue } from './event-queue.js';
import { recordOf } from './event-record.js';
import { LoadedEventClient } from './loaded-event-client.js';

/** Takes an event and never fails. */
export type Tell = (event: OperationalEvent) => void;

interface HostDeps {
  readonly app: 'capture' | 'loader' | 'files';
  readonly secretKey: Keyring;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

const retentionMs = 7 * 24 * 3600 * 1000;

interface Known {
  region: RegionDocument;
  readonly client: LoadedEventClient;
  readonly queue: EventQueue;
}

export class EventQueues {
  readonly #deps: HostDeps;
  readonly #queues = new Map<string, Known>();

  constructor(deps: HostDeps) {
    this.#deps = deps;
  }

  /** `endpoint`: how many copies of its topic are kept, are kept of a new topic of events. */
  of(region: RegionDocument, { topic }: Pick<EndpointDocument, 'topic'>): Tell {
    const known = this.#queues.get(region.name) ?? this.#open(region, topic);
    this.#queues.set(region.name, known);
    if (identityOf(known.region) !== identityOf(region)) {
      known.region = region;
      void known.client.close().catch(() => undefined); // the next attempt to send opens it anew
    }
    return (event) => known.queue.offer(recordOf(event));
  }

  /** Short, whatever Kafka does. */
  async close(): Promise<void> {
    await Promise.all([...this.#queues.values()].map(({ queue }) => queue.close()));
  }

  #open(region: RegionDocument, topic: EndpointDocument['topic']): Known {
    const { app, metrics, secretKey } = this.#deps;
    const logger = this.#deps.logger.child({ region: region.name });
    const bus = (): BusOptions => ({ ...kafkaClient(secretKey, known.region), clientId: `lutra-${app}-events`, logger });
    const client = new LoadedEventClient({ bus, topic: eventsTopic, made: { retentionMs, copies: replicated(topic) } });
    const onDropped = (name: string): void => metrics.eventsDropped.inc({ name });
    const queue = new EventQueue({ what: 'operational events', transport: client, logger, onDropped });
    const known: Known = { region, client, queue };
    return known;
  }
}

function identityOf({ kafka }: RegionDocument): string {
  return JSON.stringify(kafka, sealedAsId);
}

function replicated({
  replicationFactor,
  minInsyncReplicas,
}: EndpointDocument['topic']): Pick<EndpointDocument['topic'], 'replicationFactor' | 'minInsyncReplicas'> {
  return { replicationFactor, minInsyncReplicas };
}
