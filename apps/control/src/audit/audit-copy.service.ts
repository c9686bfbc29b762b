/** The one control that copies changes of the configuration to the topic: whoever has the lease. Others stand by. */
import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common';
import { toSyncError } from '@lutra/model';
import type { AuditEntry } from '@lutra/model';
import type { Registry } from '@lutra/registry';
import { underLease } from '@lutra/runtime';
import type { Logger, Metrics } from '@lutra/telemetry';
import { LOGGER, METRICS, REGISTRY } from '../tokens.js';
import { AuditTopicService } from './audit-topic.service.js';
import { ChangeCopier, rememberMs } from './change-copier.js';
import type { CopierPorts } from './change-copier.js';
import { recordOf } from './entry.js';
import { writtenChanges } from './written-changes.js';
import type { WrittenChanges } from './written-changes.js';

const firstPauseMs = 1_000;
const mostPauseMs = 30_000;
/** Between two rounds that found something: each looks into the history of all documents. */
const calmMs = 1_000;

@Injectable()
export class AuditCopyService implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #stopping = new AbortController();
  #work: Promise<void> | undefined;
  #failures = 0;

  constructor(
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(METRICS) private readonly metrics: Pick<Metrics, 'auditEntries' | 'auditDropped' | 'auditCopyLag'>,
    @Inject(AuditTopicService) private readonly topic: AuditTopicService,
  ) {}

  onApplicationBootstrap(): void {
    if (this.topic.isWanted) this.#work = this.#lead();
  }

  async onModuleDestroy(): Promise<void> {
    this.#stopping.abort();
    await this.#work;
  }

  #lead(): Promise<void> {
    const lease = this.registry.lease('control/audit');
    return underLease({
      acquire: (signal) => lease.acquire(signal),
      onStandby: () => undefined,
      onError: (error) => this.#tell(error),
      work: (_, signal) => this.#follow(signal),
      signal: this.#stopping.signal,
    });
  }

  /** A process that slept may work on under a lost lease: what it copies is copied twice, and how far it came is not written over. */
  async #follow(ended: AbortSignal): Promise<void> {
    const news = new News(ended);
    const unwatch = this.registry.revision.watch(() => news.come());
    const copier = new ChangeCopier(this.#ports());
    try {
      while (!ended.aborted) {
        const pauseMs = await this.#round(copier);
        if (pauseMs === null) await news.next(copier.unremembered ? rememberMs : Infinity);
        await delay(pauseMs ?? calmMs, undefined, { signal: ended, ref: false }).catch(() => undefined); // ended: the loop sees it
      }
      await copier.remember();
    } finally {
      unwatch();
      this.metrics.auditCopyLag.set(0);
    }
  }

  /** Resolves with how long to wait, where it failed. */
  async #round(copier: ChangeCopier): Promise<number | null> {
    let oldest: number | null = null;
    try {
      await copier.round((changes) => {
        oldest = changes.entries[0]?.at ?? null;
        this.#tellCut(changes);
      });
      if (this.#failures > 0) this.logger.info('changes of the configuration are copied to the audit again');
      this.#failures = 0;
      this.metrics.auditCopyLag.set(0);
      return null;
    } catch (error) {
      if (oldest !== null) this.metrics.auditCopyLag.set(Math.max(0, Date.now() - oldest) / 1000);
      this.#tell(toSyncError(error));
      return Math.min(mostPauseMs, firstPauseMs * 2 ** (this.#failures - 1));
    }
  }

  #ports(): CopierPorts {
    const { registry, topic, metrics } = this;
    let version: number | null = null;
    return {
      async remembered() {
        const found = await registry.auditCopied.read();
        version = found?.version ?? null;
        return found?.document.revision ?? 0;
      },
      async remember(revision) {
        const written = await registry.auditCopied.write({ revision, at: Date.now() }, version);
        version = version === null ? 0 : version + 1;
        return written;
      },
      changes: (after) => writtenChanges(registry, after),
      async send(entries: readonly AuditEntry[]) {
        await topic.send(entries.map(recordOf));
        metrics.auditEntries.inc({ of: 'change' }, entries.length);
      },
      nowMs: () => performance.now(),
    };
  }

  #tellCut({ cut }: WrittenChanges): void {
    if (cut.length === 0) return;
    this.metrics.auditDropped.inc({ of: 'change' }, cut.length);
    this.logger.warn({ documents: cut }, 'documents were changed so often that the audit may lack some of their changes');
  }

  /** Once when it begins to fail. */
  #tell({ code, message }: { readonly code: string; readonly message: string }): void {
    if (this.#failures === 0 && code !== 'ABORTED')
      this.logger.warn({ code }, `changes of the configuration cannot be copied to the audit yet: ${message}`);
    this.#failures += 1;
  }
}

/** That something may have changed, also while nobody waited for it. */
class News {
  #has = true;
  #wake = (): void => undefined;

  constructor(readonly ended: AbortSignal) {
    ended.addEventListener('abort', () => this.#wake(), { once: true });
  }

  come(): void {
    this.#has = true;
    this.#wake();
  }

  /** Resolves when there is some, when it has ended, or after a while. */
  async next(withinMs: number): Promise<void> {
    if (!this.#has && !this.ended.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      const timer = withinMs === Infinity ? undefined : setTimeout(resolve, withinMs);
      await promise;
      clearTimeout(timer);
    }
    this.#has = false;
  }
}
