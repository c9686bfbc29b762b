/**
 * The gate that each process passes before its first write: it says in ZooKeeper what its build knows, reads the cluster's level, and does
 * no work above it. The level never falls, so what was seen once holds as long as the process lives, whatever the tree says later.
 */
import { SyncError, knownLevels, levelTrouble, toSyncError } from '@lutra/model';
import type { Levels } from '@lutra/model';
import type { Registry, Worker } from '@lutra/registry';
import type { Health, Logger, Metrics } from '@lutra/telemetry';
import { instanceName } from '../instance-name.js';
import { lutraVersion } from '../version.js';

/** Before there is a node. */
const firstLevel = 1;
const retryMs = 5_000;

export interface ClusterLevelParts {
  readonly app: Worker['app'];
  readonly region: string | null;
  readonly registry: Pick<Registry, 'join' | 'access' | 'level'>;
  readonly secretKey: { readonly kids: readonly string[] };
  readonly metrics: Pick<Metrics, 'level' | 'knownLevel'>;
  readonly health: Health;
  readonly logger: Pick<Logger, 'error' | 'info'>;
  readonly levels?: Levels;
  /** See Worker.files. */
  readonly files?: (() => Worker['files']) | undefined;
  /** Of a control app: the first one writes the level. */
  readonly begins?: boolean;
}

/** For writers: nothing of a later level than `current` is written. */
export interface WriteLevel {
  readonly current: number;
}

export class ClusterLevel implements WriteLevel {
  readonly #parts: ClusterLevelParts;
  readonly #levels: Levels;
  readonly #since = Date.now();
  readonly #listeners = new Set<() => void>();
  /** Null: not read yet. */
  #seen: number | null = null;

  constructor(parts: ClusterLevelParts) {
    this.#parts = parts;
    this.#levels = parts.levels ?? knownLevels;
    parts.health.watch('level', () => this.trouble?.message ?? this.#unread());
    parts.metrics.knownLevel.set(this.#levels.max);
  }

  start(): void {
    this.#parts.registry.join({ describe: () => this.#describe(), onLevel: (level) => this.#read(level) });
  }

  get isKnown(): boolean {
    return this.#seen !== null;
  }

  get current(): number {
    return Math.min(this.#seen ?? firstLevel, this.#levels.max);
  }

  /** Why this process must not work: LEVEL_TOO_NEW, LEVEL_TOO_OLD; null: it may, once the level is known. */
  get trouble(): SyncError | null {
    return this.#seen === null ? null : levelTrouble(this.#seen, this.#levels);
  }

  /** Told whenever another level is known. Returns a function that ends it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** @throws SyncError LEVEL_TOO_NEW, LEVEL_TOO_OLD; ZOOKEEPER_UNAVAILABLE where the level was not read in time */
  async ready(boundMs: number): Promise<void> {
    if (!this.isKnown) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const off = this.onChange(resolve);
      const bound = setTimeout(resolve, boundMs);
      await promise;
      clearTimeout(bound);
      off();
    }
    if (this.trouble) throw this.trouble;
    if (!this.isKnown) throw new SyncError('ZOOKEEPER_UNAVAILABLE', "the cluster's level was not read yet");
  }

  /** ZooKeeper's own trouble is told elsewhere. */
  #unread(): string | null {
    return this.isKnown || this.#parts.registry.access.trouble !== null ? null : 'not read yet';
  }

  /** A tree without a level is a new one. If this process has seen a level, it is another tree: then nothing is begun in it. */
  #read(level: number | null): void {
    const { begins = false, registry, logger } = this.#parts;
    if (level !== null || !begins || this.isKnown) return this.#learn(level ?? firstLevel);
    this.#begin(registry).catch((error: unknown) => {
      logger.error({ err: error }, "cannot write the cluster's level; trying again");
      // The tree tells nobody: nothing has changed in it.
      setTimeout(() => this.#read(null), retryMs).unref();
    });
  }

  /**
   * A new installation has all of this build at once. Where a process lives that does not know the highest level, or may not, this is a
   * tree that was emptied: then it begins at the lowest, and that process works on.
   */
  async #begin({ level }: Pick<Registry, 'level'>): Promise<void> {
    const { min, max } = this.#levels;
    const blocked = await level.blocks(max).then(
      (blocks) => blocks.length > 0,
      (error: unknown) => {
        if (toSyncError(error).code === 'CONFIG_INVALID') return true; // a process that cannot be read
        throw error;
      },
    );
    await level.begin({ level: blocked ? min : max, by: `control ${instanceName}, which found none`, at: Date.now() });
  }

  #learn(level: number): void {
    const { metrics, logger } = this.#parts;
    if (this.#seen !== null && level <= this.#seen) return;
    this.#seen = level;
    metrics.level.set(level);
    const { trouble } = this;
    const known = { level, min: this.#levels.min, max: this.#levels.max };
    if (trouble) logger.error({ code: trouble.code, help: trouble.help, ...known }, trouble.message);
    else logger.info(known, "the cluster's level");
    for (const listener of this.#listeners) listener();
  }

  #describe(): Worker {
    const { app, region, secretKey, files } = this.#parts;
    const { min, max } = this.#levels;
    const levels = [min, max] as const;
    const known = { app, instance: instanceName, region, version: lutraVersion(), levels, keys: secretKey.kids, since: this.#since };
    return { ...known, ...(files && { files: files() }) };
  }
}
