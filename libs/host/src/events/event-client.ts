/**
 * Sends operational events over NestJS's Kafka transport, as what Nest calls events of pattern `lutra.events`: one JSON record each, no
 * consumer group. The topic is made if it is missing, and never changed: who made it with other settings wanted them so.
 */
import './request-queue.js';
import createSocketFactory from 'kafkajs/src/network/socketFactory.js';
import { ClientKafka } from '@nestjs/microservices';
import type { KafkaOptions } from '@nestjs/microservices';
import { lastValueFrom } from 'rxjs';
import { BusAdmin } from '@lutra/bus';
import type { BusOptions, TopicSettings } from '@lutra/bus';
import { eventsTopic, mayHavePassword, SyncError, trustOf } from '@lutra/model';
import type { KafkaSecurity } from '@lutra/model';
import type { EventTransport, OutEvent } from './event-queue.js';

export interface EventClientOptions {
  /** Asked for at each opening. */
  readonly bus: () => BusOptions;
  /** Of a new topic. */
  readonly topic: Pick<TopicSettings, 'replicationFactor' | 'minInsyncReplicas'>;
}

const topicSettings = { retentionMs: 7 * 24 * 3600 * 1000, maxMessageBytes: 1024 * 1024, partitions: 1 };
const timeoutMs = 10_000;

export class EventClient implements EventTransport {
  readonly #options: EventClientOptions;
  #client: ClientKafka | null = null;
  /** While it looks whether the topic is there. */
  #looking: BusAdmin | null = null;
  #closings = 0;

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
    this.#closings += 1;
    await this.#looking?.close();
    await client?.close();
  }

  async #open(): Promise<ClientKafka> {
    const { topic } = this.#options;
    const bus = this.#options.bus();
    const begun = this.#closings;
    const admin = (this.#looking = new BusAdmin(bus));
    try {
      if (!(await admin.exists(eventsTopic))) await admin.ensureTopic(eventsTopic, { ...topicSettings, ...topic });
    } finally {
      this.#looking = null;
      await admin.close();
    }
    if (begun !== this.#closings) throw new SyncError('KAFKA_UNAVAILABLE', 'the events were aimed elsewhere, or ended');
    return new ClientKafka(clientOptions(bus));
  }
}

/** Its own log would say of every attempt what the queue says once. */
const silent = () => (): void => undefined;

type Options = NonNullable<KafkaOptions['options']>;

function clientOptions({ brokers, security, clientId, requestTimeoutMs = timeoutMs }: BusOptions): Options {
  const { tls, sasl } = security?.() ?? {};
  return {
    producerOnlyMode: true,
    client: {
      brokers: [...brokers],
      clientId,
      ...(tls && { ssl: trustOf(tls) }),
      ...(sasl && { sasl: saslOptions(sasl), socketFactory: trusting(sasl.mechanism) }),
      connectionTimeout: requestTimeoutMs,
      requestTimeout: requestTimeoutMs,
      retry: { retries: 2, initialRetryTime: 100 },
      logCreator: silent,
    },
    producer: { allowAutoTopicCreation: false },
    send: { acks: -1, timeout: requestTimeoutMs },
  };
}

type Client = NonNullable<Options['client']>;
type Sasl = NonNullable<KafkaSecurity['sasl']>;

function saslOptions({ mechanism, user: username, password }: Sasl): NonNullable<Client['sasl']> {
  // Each is a case of its own in the type of kafkajs.
  if (mechanism === 'plain') return { mechanism, username, password };
  return mechanism === 'scram-sha-256' ? { mechanism, username, password } : { mechanism, username, password };
}

/** A broker may send its clients to any host: without TLS a password that is sent as it is goes to none but this machine. */
function trusting(mechanism: Sasl['mechanism']): NonNullable<Client['socketFactory']> {
  const connect = createSocketFactory();
  return (to) => {
    if (to.ssl || mayHavePassword(mechanism, to.host)) return connect(to);
    throw new SyncError('SERVER_UNTRUSTED', `broker ${to.host}:${to.port} would get the password as it is (SASL plain without TLS)`);
  };
}

/** A KafkaJSNumberOfRetriesExceeded has the last failure as its cause. */
function kafkajsError(thrown: unknown): SyncError {
  for (let error = thrown; error instanceof Error; error = error.cause) {
    const type = 'type' in error ? error.type : undefined;
    if (type === 'MESSAGE_TOO_LARGE')
      return new SyncError('RECORD_TOO_LARGE', `events are larger than ${eventsTopic} takes`, { cause: thrown });
    if (type === 'TOPIC_AUTHORIZATION_FAILED')
      return new SyncError('KAFKA_DENIED', `events cannot be sent: the user needs the ACL WRITE on topic ${eventsTopic}`, {
        cause: thrown,
      });
  }
  return new SyncError('KAFKA_UNAVAILABLE', `events cannot be sent to ${eventsTopic}`, { cause: thrown });
}
