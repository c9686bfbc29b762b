/**
 * One queue of operational events for each region that this process tells of its work: as a rule one. Where the Kafka of a region changes,
 * or a secret of it, what waits is sent as the newest document says.
 */
import type { BusOptions } from '@lutra/bus';
import { sealedAsId } from '@lutra/model';
import type { EndpointDocument, OperationalEvent, RegionDocument } from '@lutra/model';
import { kafkaClient } from '@lutra/registry';
import type { Keyring } from '@lutra/registry';
import type { Logger, Metrics } from '@lutra/telemetry';
import type { EventClient, EventClientOptions } from './event-client.js';
import { EventQueue } from './event-queue.js';
import type { EventTransport, OutEvent } from './event-queue.js';

/** Takes an event and never fails. */
export type Tell = (event: OperationalEvent) => void;

interface HostDeps {
  readonly app: 'capture' | 'loader' | 'files';
  readonly secretKey: Keyring;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

interface Known {
  region: RegionDocument;
  readonly client: LoadedOnSend;
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
    return (event) => known.queue.offer(event);
  }

  /** Short, whatever Kafka does. */
  async close(): Promise<void> {
    await Promise.all([...this.#queues.values()].map(({ queue }) => queue.close()));
  }

  #open(region: RegionDocument, topic: EndpointDocument['topic']): Known {
    const { app, metrics, secretKey } = this.#deps;
    const logger = this.#deps.logger.child({ region: region.name });
    const bus = (): BusOptions => ({ ...kafkaClient(secretKey, known.region), clientId: `lutra-${app}-events`, logger });
    const client = new LoadedOnSend({ bus, topic: replicated(topic) });
    const queue = new EventQueue({ transport: client, logger, onDropped: (name) => metrics.eventsDropped.inc({ name }) });
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

/** Most processes never have an event to send: Nest's transport and kafkajs are loaded with the first one. */
class LoadedOnSend implements EventTransport {
  readonly #options: EventClientOptions;
  #client: EventClient | null = null;

  constructor(options: EventClientOptions) {
    this.#options = options;
  }

  async send(events: readonly OutEvent[]): Promise<void> {
    this.#client ??= await this.#load();
    return this.#client.send(events);
  }

  async close(): Promise<void> {
    await this.#client?.close();
  }

  async #load(): Promise<EventClient> {
    const { EventClient } = await import('./event-client.js');
    return new EventClient(this.#options);
  }
}
