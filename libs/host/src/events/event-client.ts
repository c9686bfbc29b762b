/**
 * Sends events over NestJS's Kafka transport, as what Nest calls events of the topic's name as pattern: one JSON record each, no consumer
 * group. The topic is made if it is missing, and never changed: who made it with other settings wanted them so.
 */
import './request-queue.js';
import createSocketFactory from 'kafkajs/src/network/socketFactory.js';
import { ClientKafka } from '@nestjs/microservices';
import type { KafkaOptions } from '@nestjs/microservices';
import { lastValueFrom } from 'rxjs';
import { BusAdmin } from '@lutra/bus';
import type { BusOptions, TopicSettings } from '@lutra/bus';
import { mayHavePassword, SyncError, trustOf } from '@lutra/model';
import type { KafkaSecurity } from '@lutra/model';
import type { EventTransport, OutEvent } from './event-queue.js';

export type Copies = Pick<TopicSettings, 'replicationFactor' | 'minInsyncReplicas'>;

export interface EventClientOptions {
  /** Asked for at each opening. */
  readonly bus: () => BusOptions;
  readonly topic: string;
  /** Left out: by the key. */
  readonly partition?: number;
  /** Of a new topic. `copies` null: it cannot be made yet. */
  readonly made: { readonly retentionMs: number; readonly copies: Copies | null };
}

const topicSettings = { maxMessageBytes: 1024 * 1024, partitions: 1 };
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
    const { topic, partition } = this.#options;
    const messages = events.map(({ key, value }) => ({ key, value, ...(partition !== undefined && { partition }) }));
    try {
      await lastValueFrom(this.#client.emitBatch(topic, { messages }));
    } catch (error) {
      // Whatever it was, the next attempt begins with the question whether the topic is there.
      await this.close().catch(() => undefined); // the error before it is the one that counts
      throw kafkajsError(error, topic);
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
    const { topic, made } = this.#options;
    const bus = this.#options.bus();
    const begun = this.#closings;
    const admin = (this.#looking = new BusAdmin(bus));
    try {
      if (!(await admin.exists(topic))) await admin.ensureTopic(topic, { ...topicSettings, ...settingsOf(topic, made) });
    } finally {
      this.#looking = null;
      await admin.close();
    }
    if (begun !== this.#closings) throw new SyncError('KAFKA_UNAVAILABLE', 'the events were aimed elsewhere, or ended');
    return new ClientKafka(clientOptions(bus));
  }
}

function settingsOf(topic: string, { retentionMs, copies }: EventClientOptions['made']): Pick<TopicSettings, 'retentionMs'> & Copies {
  if (copies) return { retentionMs, ...copies };
  throw new SyncError('KAFKA_UNAVAILABLE', `topic ${topic} is made when an endpoint says how many copies of a topic are kept`);
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
function kafkajsError(thrown: unknown, topic: string): SyncError {
  for (let error = thrown; error instanceof Error; error = error.cause) {
    const type = 'type' in error ? error.type : undefined;
    if (type === 'MESSAGE_TOO_LARGE') return new SyncError('RECORD_TOO_LARGE', `events are larger than ${topic} takes`, { cause: thrown });
    if (type === 'TOPIC_AUTHORIZATION_FAILED')
      return new SyncError('KAFKA_DENIED', `events cannot be sent: the user needs the ACL WRITE on topic ${topic}`, {
        cause: thrown,
      });
  }
  return new SyncError('KAFKA_UNAVAILABLE', `events cannot be sent to ${topic}`, { cause: thrown });
}
