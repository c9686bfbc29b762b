import type { EventClient, EventClientOptions } from './event-client.js';
import type { EventTransport, OutEvent } from './event-queue.js';

/** Most processes never have an event to send: Nest's transport and kafkajs are loaded with the first one. */
export class LoadedEventClient implements EventTransport {
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
