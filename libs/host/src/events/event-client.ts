/**
 * Sends operational events over NestJS's Kafka transport, as what Nest calls events of pattern `lutra.events`: one JSON record each, no
 * consumer group. The topic is made if it is missing, and never changed: who made it with other settings wanted them so.
 */
import './request-queue.js';
import { ClientKafka } from '@nestjs/microservices';
import type { KafkaOptions } from '@nestjs/microservices';
import { lastValueFrom } from 'rxjs';
import { BusAdmin } from '@lutra/bus';
import type { BusOptions, TopicSettings } from '@lutra/bus';
import { eventsTopic, SyncError, trustOf } from '@lutra/model';
import type { EventTransport, OutEvent } from './event-queue.js';

export interface EventClientOptions {
  readonly bus: BusOptions;
  /** Of a new topic. */
  readonly topic: Pick<TopicSettings, 'replicationFactor' | 'minInsyncReplicas'>;
}

const topicSettings = { retentionMs: 7 * 24 * 3600 * 1000, maxMessageBytes: 1024 * 1024, partitions: 1 };
const timeoutMs = 10_000;

export class EventClient implements EventTransport {
  readonly #options: EventClientOptions;
  #client: ClientKafka | null = null;

  constructor(options: EventClientOptions) {
    this.#options = options;
  }

  async send(events: readonly OutEvent[]): Promise<void> {
    this.#client ??= await this.#open();
    const messages = events.map(({ key, value }) => ({ key, value }));
    try {
      await lastValueFrom(this.#client.emitBatch(eventsTopic, { messages }));
    } catch (error) {
      // Whatever it was, the next attempt begins with the question whether the topic is there.
      await this.close().catch(() => undefined); // the error before it is the one that counts
      throw kafkajsError(error);
    }
  }

  async close(): Promise<void> {
    const client = this.#client;
    this.#client = null;
    await client?.close();
  }

  async #open(): Promise<ClientKafka> {
    const { bus, topic } = this.#options;
    const admin = new BusAdmin(bus);
    try {
      if (!(await admin.exists(eventsTopic))) await admin.ensureTopic(eventsTopic, { ...topicSettings, ...topic });
    } finally {
      await admin.close();
    }
    return new ClientKafka(clientOptions(bus));
  }
}

/** Its own log would say of every attempt what the queue says once. */
const silent = () => (): void => undefined;

function clientOptions({ brokers, tls, clientId, requestTimeoutMs = timeoutMs }: BusOptions): NonNullable<KafkaOptions['options']> {
  return {
    producerOnlyMode: true,
    client: {
      brokers: [...brokers],
      clientId,
      ...(tls && { ssl: trustOf(tls) }),
      connectionTimeout: requestTimeoutMs,
      requestTimeout: requestTimeoutMs,
      retry: { retries: 2, initialRetryTime: 100 },
      logCreator: silent,
    },
    producer: { allowAutoTopicCreation: false },
    send: { acks: -1, timeout: requestTimeoutMs },
  };
}

/** A KafkaJSNumberOfRetriesExceeded has the last failure as its cause. */
function kafkajsError(thrown: unknown): SyncError {
  for (let error = thrown; error instanceof Error; error = error.cause)
    if ('type' in error && error.type === 'MESSAGE_TOO_LARGE')
      return new SyncError('RECORD_TOO_LARGE', `events are larger than ${eventsTopic} takes`, { cause: thrown });
  return new SyncError('KAFKA_UNAVAILABLE', `events cannot be sent to ${eventsTopic}`, { cause: thrown });
}
