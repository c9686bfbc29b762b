/** One queue of operational events for each Kafka that this process tells of its work: as a rule one, its region's. */
import type { EndpointDocument, OperationalEvent, RegionDocument } from '@lutra/model';
import type { Logger, Metrics } from '@lutra/telemetry';
import type { EventClient, EventClientOptions } from './event-client.js';
import { EventQueue } from './event-queue.js';
import type { EventTransport, OutEvent } from './event-queue.js';

/** Takes an event and never fails. */
export type Tell = (event: OperationalEvent) => void;

interface HostDeps {
  readonly app: 'capture' | 'loader';
  readonly metrics: Metrics;
  readonly logger: Logger;
}

export class EventQueues {
  readonly #deps: HostDeps;
  readonly #queues = new Map<string, EventQueue>();

  constructor(deps: HostDeps) {
    this.#deps = deps;
  }

  /** `endpoint`: how many copies of its topic are kept, are kept of a new topic of events. */
  of({ name, kafka }: RegionDocument, { topic }: Pick<EndpointDocument, 'topic'>): Tell {
    const key = JSON.stringify(kafka);
    const queue = this.#queues.get(key) ?? this.#open({ name, kafka }, topic);
    this.#queues.set(key, queue);
    return (event) => queue.offer(event);
  }

  /** Short, whatever Kafka does. */
  async close(): Promise<void> {
    await Promise.all([...this.#queues.values()].map((queue) => queue.close()));
  }

  #open({ name, kafka }: Pick<RegionDocument, 'name' | 'kafka'>, topic: EndpointDocument['topic']): EventQueue {
    const { app, metrics } = this.#deps;
    const logger = this.#deps.logger.child({ region: name });
    return new EventQueue({
      transport: new LoadedOnSend({ bus: { ...kafka, clientId: `lutra-${app}-events`, logger }, topic: replicated(topic) }),
      logger,
      onDropped: (name) => metrics.eventsDropped.inc({ name }),
    });
  }
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
