/** When each API token was last used: known here at once, written to ZooKeeper an hour later at most, and at the end. */
import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common';
import { toSyncError } from '@lutra/model';
import type { Registry } from '@lutra/registry';
import type { Logger } from '@lutra/telemetry';
import { LOGGER, REGISTRY } from '../tokens.js';

const everyMs = 3_600_000;
/** Nobody waits longer for a write at the end. */
const atEndMs = 2_000;

@Injectable()
export class LastUses implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #at = new Map<string, number>();
  readonly #unwritten = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.#timer = setInterval(() => void this.write(), everyMs).unref();
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.#timer);
    if (this.#unwritten.size === 0 || !this.registry.connected) return;
    await Promise.race([this.write(), new Promise((resolve) => setTimeout(resolve, atEndMs).unref())]);
  }

  note(id: string): void {
    this.#at.set(id, Date.now());
    this.#unwritten.add(id);
  }

  forget(id: string): void {
    this.#at.delete(id);
    this.#unwritten.delete(id);
  }

  /** By id, as this control and those that have written say. */
  async all(): Promise<ReadonlyMap<string, number>> {
    const all = new Map(await this.registry.people.used());
    for (const [id, at] of this.#at) all.set(id, Math.max(at, all.get(id) ?? 0));
    return all;
  }

  async write(): Promise<void> {
    const due = Array.from(this.#unwritten); // one that is used meanwhile has its turn the next time
    for (const id of due) {
      this.#unwritten.delete(id);
      try {
        await this.registry.people.use(id, this.#at.get(id) ?? 0);
      } catch (error) {
        this.#unwritten.add(id);
        this.logger.debug({ code: toSyncError(error).code }, 'the last use of a token was not written; later');
        return;
      }
    }
  }
}
