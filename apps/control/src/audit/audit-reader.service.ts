/**
 * Reads the topic of the audit without a group: at the start its end backwards, in pieces, until the memory is full or the time is over,
 * and what is written from then on. After an error it begins anew: what it knows already it knows by id.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common';
import { BusAdmin, readRange, subscribe } from '@lutra/bus';
import type { RawRecord } from '@lutra/bus';
import { auditTopic, SyncError, toSyncError } from '@lutra/model';
import type { Registry } from '@lutra/registry';
import type { Logger } from '@lutra/telemetry';
import { LOGGER, REGISTRY } from '../tokens.js';
import { AuditMemory } from './audit-memory.js';
import { AuditTopicService, partition } from './audit-topic.service.js';
import type { AuditKafka } from './audit-topic.service.js';
import { entryOf } from './entry.js';

/** Records: 128 MB where all are as large as may be. */
export const pieceRecords = 2_000;
const rebuildMs = 30_000;
const firstPauseMs = 1_000;
const mostPauseMs = 30_000;
/** How often it is looked whether there is a topic yet. */
const absentMs = 5_000;

interface Ends {
  readonly start: number;
  readonly end: number;
}

@Injectable()
export class AuditReaderService implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #stopping = new AbortController();
  #work: Promise<void> | undefined;
  #state: 'absent' | 'reading' | 'following' | 'away';

  constructor(
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(AuditMemory) private readonly memory: AuditMemory,
    @Inject(AuditTopicService) private readonly topic: AuditTopicService,
  ) {
    this.#state = topic.isWanted ? 'reading' : 'absent';
  }

  /** following: the memory has the newest of the topic · away: Kafka did not answer the last time · absent: there is no topic */
  get state(): 'absent' | 'reading' | 'following' | 'away' {
    return this.#state;
  }

  onApplicationBootstrap(): void {
    if (this.topic.isWanted) this.#work = this.#run();
  }

  async onModuleDestroy(): Promise<void> {
    this.#stopping.abort(new SyncError('ABORTED', 'control is shutting down'));
    await this.#work;
  }

  /** null: there is no topic. @throws SyncError KAFKA_*, ZOOKEEPER_UNAVAILABLE */
  async ends(): Promise<Ends | null> {
    const kafka = await this.topic.kafka();
    return kafka && endsOf(kafka);
  }

  /** Records of [from, to). @throws SyncError KAFKA_*, LOG_*, ABORTED (the signal) */
  async read(from: number, to: number, signal: AbortSignal): Promise<readonly RawRecord[]> {
    const kafka = await this.topic.kafka();
    if (!kafka) return [];
    const records: RawRecord[] = [];
    for await (const batch of readRange({ ...kafka.bus, topic: auditTopic, partition, from, to, signal })) records.push(...batch);
    return records;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    for (let failures = 0; !signal.aborted;) {
      const begun = performance.now();
      const error = await this.#follow().then(() => null, toSyncError);
      this.#state = error ? 'away' : 'absent';
      if (signal.aborted) return;
      if (error && failures === 0) this.logger.warn({ code: error.code }, `the audit cannot be read: ${error.message}`);
      failures = error && performance.now() - begun < mostPauseMs ? failures + 1 : 0;
      const pauseMs = error ? Math.min(mostPauseMs, firstPauseMs * 2 ** failures) : absentMs;
      await delay(pauseMs, undefined, { signal, ref: false }).catch(() => undefined); // ended: the loop sees it
    }
  }

  /** Resolves when there is nothing to follow, or Kafka is another one. */
  async #follow(): Promise<void> {
    const kafka = await this.topic.kafka();
    const ends = kafka && (await endsOf(kafka));
    if (!ends) return;
    this.#state = 'reading';
    this.memory.forgetTopic();
    await this.#rebuild(ends);
    this.#state = 'following';
    const moved = new AbortController();
    const signal = AbortSignal.any([moved.signal, this.#stopping.signal]);
    const unwatch = this.registry.revision.watch(() => {
      this.topic.kafka().then(
        (now) => now?.identity !== kafka.identity && moved.abort(),
        () => undefined, // it is asked again on the next connection
      );
    });
    try {
      for await (const batch of subscribe({ ...kafka.bus, topic: auditTopic, partition, offset: ends.end, maxWaitMs: 1_000, signal })) {
        for (const record of batch) this.#take(record);
      }
    } catch (error) {
      if (!moved.signal.aborted) throw error;
    } finally {
      unwatch();
    }
  }

  async #rebuild({ start, end }: Ends): Promise<void> {
    const timeUp = AbortSignal.timeout(rebuildMs);
    const signal = AbortSignal.any([timeUp, this.#stopping.signal]);
    this.memory.reaches(end);
    try {
      for (let to = end; to > start && this.memory.floor === to && !this.memory.isFull;) {
        const from = Math.max(start, to - pieceRecords);
        const records = await this.read(from, to, signal);
        // Where it is too much, the memory says anew from where on it has all.
        this.memory.reaches(from);
        for (const record of records) this.#take(record);
        to = from;
      }
    } catch (error) {
      if (!timeUp.aborted) throw error;
      this.logger.info({ from: this.memory.floor }, 'the audit is long: what is older is read when it is asked for');
    }
  }

  #take({ offset, value }: RawRecord): void {
    const entry = entryOf(value);
    if (entry) this.memory.add(entry, offset);
  }
}

async function endsOf({ bus }: AuditKafka): Promise<Ends | null> {
  const admin = new BusAdmin(bus);
  try {
    return (await admin.exists(auditTopic)) ? await admin.offsets(auditTopic, partition) : null;
  } finally {
    await admin.close();
  }
}
