/**
 * Removes recorded conflicts that are older than their channel keeps them: every hour, by every control process (what one has removed, the
 * other does not find), in small statements, so that no lock lasts. `lutra` is never forwarded, so each target has rows of its own to
 * remove.
 */
import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common';
import { toSyncError } from '@lutra/model';
import type { ChannelDocument } from '@lutra/model';
import { Session } from '@lutra/mysql';
import type { ClusterLevel } from '@lutra/host';
import type { Registry } from '@lutra/registry';
import type { Logger } from '@lutra/telemetry';
import { listDocuments } from '../configuration/configuration.js';
import { LEVEL, LOGGER, REGISTRY } from '../tokens.js';
import { expiryStatement } from './conflict-queries.js';
import { ConflictService, targetsOf } from './conflict.service.js';

const hourMs = 3_600_000;
const firstMs = 60_000;
const batchRows = 1_000;
/** The rest has time until the next hour. */
const mostBatches = 2_000;
const answerTimeoutMs = 15_000;

@Injectable()
export class ConflictRetentionService implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #stopping = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> | undefined;

  constructor(
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(LEVEL) private readonly level: Pick<ClusterLevel, 'isKnown' | 'trouble'>,
    @Inject(ConflictService) private readonly conflicts: ConflictService,
  ) {}

  onApplicationBootstrap(): void {
    this.#wait(firstMs);
  }

  async onModuleDestroy(): Promise<void> {
    this.#stopping.abort();
    clearTimeout(this.#timer);
    await this.#round;
  }

  /** One round over all channels. Never throws: what could not be done is logged and tried again in an hour. */
  async removeOld(): Promise<void> {
    try {
      if (!this.registry.connected || !this.level.isKnown || this.level.trouble) return;
      for (const channel of await listDocuments(this.registry, 'channel')) {
        for (const { target } of targetsOf(channel)) await this.#removeAt(channel, target);
      }
    } catch (error) {
      const { code, message } = toSyncError(error);
      this.logger.warn({ code, reason: message }, 'old conflicts were not removed');
    }
  }

  #wait(ms: number): void {
    this.#timer = setTimeout(() => (this.#round = this.#work()), ms).unref();
  }

  async #work(): Promise<void> {
    await this.removeOld();
    if (!this.#stopping.signal.aborted) this.#wait(hourMs);
  }

  async #removeAt({ name: channel, conflicts: { retentionDays: days } }: ChannelDocument, endpoint: string): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    try {
      const options = { ...(await this.conflicts.connectionTo(endpoint)), answerTimeoutMs };
      const removed = await this.#inBatches(await Session.open(options, 'target'), expiryStatement(channel, { days, rows: batchRows }));
      if (removed > 0) this.logger.info({ channel, endpoint, days, removed }, 'removed old conflicts');
    } catch (error) {
      const { code, message } = toSyncError(error);
      // A target that never had a policy need not have the table.
      if (code === 'TABLE_MISSING') return;
      const grant = code === 'TARGET_DENIED' ? 'GRANT DELETE ON lutra.conflict' : undefined;
      this.logger.warn({ channel, endpoint, code, reason: message, grant }, 'old conflicts were not removed');
    }
  }

  async #inBatches(session: Session, statement: string): Promise<number> {
    let removed = 0;
    try {
      for (let batch = 0; batch < mostBatches && !this.#stopping.signal.aborted; batch += 1) {
        const [, counted] = await session.execute(`${statement}; SELECT ROW_COUNT() AS n`);
        const rows = Math.max(0, Number(counted?.rows[0]?.['n'] ?? 0));
        removed += rows;
        if (rows < batchRows) break;
      }
      return removed;
    } catch (error) {
      throw session.translate(error, 'remove old conflicts');
    } finally {
      await session.close();
    }
  }
}
