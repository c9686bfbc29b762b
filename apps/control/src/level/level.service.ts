/** The cluster's level: what each process knows, what is in the way of raising it, and the raise. It never falls. */
import { Inject, Injectable } from '@nestjs/common';
import { SyncError, levelContents } from '@lutra/model';
import type { Level } from '@lutra/model';
import type { LevelBlock, Registry } from '@lutra/registry';
import type { Logger } from '@lutra/telemetry';
import { RefusedError } from '../configuration/problem.js';
import { LOGGER, REGISTRY } from '../tokens.js';
import type { LevelBlockShown, LevelStatus } from './level.schemas.js';

@Injectable()
export class LevelService {
  constructor(
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async status(): Promise<LevelStatus> {
    const { level, by, at } = await this.#latest();
    const workers = await this.registry.workers.list();
    const highest = Math.max(...workers.map(({ levels }) => levels[1]));
    const next = highest > level ? { level: highest, blocks: (await this.registry.level.blocks(highest)).map(shown) } : null;
    const processes = workers.map((worker) => ({ ...worker, levels: [...worker.levels] as [number, number], keys: [...worker.keys] }));
    return { level, by, at, contents: Object.fromEntries(levelContents), processes, next };
  }

  /** @throws RefusedError CONFIG_CONFLICT with what is in the way; SyncError CONFIG_CONFLICT, CONFIG_INVALID */
  async raise(level: number, by: string): Promise<LevelStatus> {
    const { level: before } = await this.#latest();
    const workers = await this.registry.workers.list();
    if (workers.every(({ levels }) => levels[1] < level) && level !== before)
      throw new SyncError('CONFIG_INVALID', `level: no live process knows level ${level}`);
    const blocks = await this.registry.level.raise({ level, by, at: Date.now() });
    if (blocks.length > 0) throw new RefusedError('CONFIG_CONFLICT', `the level stays ${before}`, blocks.map(problem));
    if (level !== before)
      this.logger.warn({ before, level, by }, "the cluster's level was raised; processes that do not know it end their work");
    return this.status();
  }

  async #latest(): Promise<Level> {
    const found = await this.registry.level.latest();
    if (found) return found;
    throw new SyncError('CONFIG_MISSING', 'the cluster has no level yet: a control app writes it when it starts');
  }
}

function shown(block: LevelBlock): LevelBlockShown {
  switch (block.kind) {
    case 'worker': {
      const { app, instance, version, levels } = block.worker;
      const what = `${app} ${instance} (version ${version}) knows levels ${levels[0]} to ${levels[1]}`;
      return { instance, what, fix: 'replace it with a newer version, or end it' };
    }
    case 'lease': {
      const { instance, lease } = block.contender;
      const what = `${instance} holds or waits for the lease ${lease} and does not say what it knows`;
      return { instance, what, fix: 'end that process; if it has just lost its session, try again' };
    }
  }
}

function problem(block: LevelBlock) {
  const { what, fix } = shown(block);
  return { id: `level-${block.kind}`, severity: 'error', what, fix } as const;
}
