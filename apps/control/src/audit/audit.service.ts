/**
 * Writes what requests did: to the log, into the memory that is searched, and to the topic as soon as that is possible. Nobody waits for
 * it, and no request fails because it cannot be sent: what Kafka does not take for long is in the log alone, and is counted.
 */
import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { EventQueue } from '@lutra/host';
import { toSyncError } from '@lutra/model';
import type { Logger, Metrics } from '@lutra/telemetry';
import type { Environment } from '../environment.js';
import { ENVIRONMENT, LOGGER, METRICS } from '../tokens.js';
import type { Audit, AuditNote } from './audit.js';
import { AuditMemory } from './audit-memory.js';
import { AuditTopicService } from './audit-topic.service.js';
import { noteEntry, recordOf } from './entry.js';

@Injectable()
export class AuditService implements Audit, OnApplicationBootstrap, OnApplicationShutdown {
  readonly #queue: EventQueue | null;

  constructor(
    @Inject(ENVIRONMENT) { region }: Pick<Environment, 'region'>,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(METRICS) private readonly metrics: Pick<Metrics, 'auditEntries' | 'auditDropped'>,
    @Inject(AuditMemory) private readonly memory: AuditMemory,
    @Inject(AuditTopicService) topic: AuditTopicService,
  ) {
    // Seen at 0, so that an alert sees the first one.
    for (const of of ['request', 'change']) metrics.auditDropped.inc({ of }, 0);
    const send: AuditTopicService['send'] = async (records) => {
      await topic.send(records);
      metrics.auditEntries.inc({ of: 'request' }, records.length);
    };
    const transport = { send, close: () => topic.close() };
    const onDropped = (): void => metrics.auditDropped.inc({ of: 'request' });
    this.#queue = region === undefined ? null : new EventQueue({ what: 'entries of the audit', transport, logger, onDropped });
  }

  onApplicationBootstrap(): void {
    if (!this.#queue) this.logger.warn('no LUTRA_REGION: the audit is in this log alone, and in the history of documents');
  }

  /** Requests are answered until then. */
  async onApplicationShutdown(): Promise<void> {
    await this.#queue?.close();
  }

  note(note: AuditNote): void {
    try {
      const entry = noteEntry(note, { id: randomUUID(), at: Date.now() });
      const { change: _, v: __, ...told } = entry;
      this.logger.info({ audit: true, ...told }, 'audit');
      this.memory.add(entry);
      this.#queue?.offer(recordOf(entry));
    } catch (error) {
      this.metrics.auditDropped.inc({ of: 'request' });
      this.logger.error({ err: toSyncError(error) }, 'an entry of the audit could not be written');
    }
  }
}
