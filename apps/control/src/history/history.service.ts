/** What was written to a document, by whom and why. Of documents that were removed it is discarded after a while. */
import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common';
import { SyncError, toSyncError } from '@lutra/model';
import type { HistoricKind, Registry } from '@lutra/registry';
import type { Logger } from '@lutra/telemetry';
import { LOGGER, REGISTRY } from '../tokens.js';
import { changesOf } from './changes.js';
import type { HistoryChangeBody, HistoryEntryBody } from './history.schemas.js';

const dayMs = 24 * 3600 * 1000;
const keptMs = 30 * dayMs;
/** After the start, which has other things to do. */
const firstMs = 60_000;

@Injectable()
export class HistoryService implements OnApplicationBootstrap, OnModuleDestroy {
  #timer: NodeJS.Timeout | undefined;

  constructor(
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.#wait(firstMs);
  }

  onModuleDestroy(): void {
    clearTimeout(this.#timer);
  }

  /** Newest first. @throws SyncError CONFIG_MISSING */
  async list(kind: HistoricKind, name: string): Promise<readonly HistoryEntryBody[]> {
    return (await this.#changes(kind, name)).map(({ revision, by, at, from, reason, what }) => ({ revision, by, at, from, reason, what }));
  }

  /** @throws SyncError CONFIG_MISSING */
  async find(kind: HistoricKind, name: string, revision: number): Promise<HistoryChangeBody> {
    const found = (await this.#changes(kind, name)).find((change) => change.revision === revision);
    if (found) return found;
    throw new SyncError('CONFIG_MISSING', `revision ${revision} did not change ${kind}/${name}, or its history has been discarded`);
  }

  /** Never throws: what could not be done is tried again. */
  async discardRemoved(): Promise<void> {
    if (!this.registry.connected) return;
    try {
      const discarded = await this.registry.history.discardRemoved(Date.now() - keptMs);
      if (discarded > 0) this.logger.info({ discarded }, 'discarded the history of documents that were removed long ago');
    } catch (error) {
      const { code, message } = toSyncError(error);
      this.logger.warn({ code, reason: message }, 'the history of removed documents was not discarded');
    }
  }

  async #changes(kind: HistoricKind, name: string): Promise<readonly HistoryChangeBody[]> {
    const snapshot = await this.registry.snapshot.latest();
    const entries = await this.registry.history.list(kind, name);
    if (!snapshot[kind].has(name) && entries.length === 0) throw new SyncError('CONFIG_MISSING', `there is no history of ${kind}/${name}`);
    return changesOf(snapshot, { kind, name, entries });
  }

  #wait(ms: number): void {
    this.#timer = setTimeout(() => void this.discardRemoved().finally(() => this.#wait(dayMs)), ms).unref();
  }
}
