/** The cluster's level in ZooKeeper. What it is for: libs/model/src/levels.ts; who follows it: membership.ts. */
import { SyncError, levelSchema } from '@lutra/model';
import type { Level } from '@lutra/model';
import type { Node } from './connection.js';
import { fromNode, toBytes } from './json.js';
import { leaseContenders } from './lease-holders.js';
import type { LeaseContender } from './lease-holders.js';
import type { Paths } from './paths.js';
import type { Tree } from './tree.js';
import { liveWorkers } from './workers.js';
import type { Worker } from './workers.js';

/** Why the level cannot be raised. */
export type LevelBlock =
  /** It does not know the level that is wanted. */
  | { readonly kind: 'worker'; readonly worker: Worker }
  /** It may take work and does not say what it knows. */
  | { readonly kind: 'lease'; readonly contender: LeaseContender };

export interface LevelStore {
  /** Not older than what anybody had written before the call; null: no control app has started yet. @throws SyncError CONFIG_INVALID */
  latest(): Promise<Level | null>;
  /** Where there is none: else it stays. */
  begin(level: Level): Promise<void>;
  /** What is in the way of a level now. @throws SyncError CONFIG_INVALID: a process that cannot be read; ZOOKEEPER_* */
  blocks(level: number): Promise<readonly LevelBlock[]>;
  /**
   * Raises it unless something is in the way, which is the answer then; [] if it is raised, or was at that level already.
   * @throws SyncError CONFIG_CONFLICT: it is above, or processes keep coming; CONFIG_INVALID, CONFIG_MISSING, ZOOKEEPER_*
   */
  raise(level: Level): Promise<readonly LevelBlock[]>;
}

/** Of a raise that processes which start keep getting in the way of. */
const tries = 20;

export class ZooKeeperLevel implements LevelStore {
  readonly #tree: Tree;
  readonly #paths: Paths;

  constructor(tree: Tree, paths: Paths) {
    this.#tree = tree;
    this.#paths = paths;
  }

  async latest(): Promise<Level | null> {
    const node = await this.#tree.readLatest(this.#paths.level);
    return node && levelOf(node);
  }

  async begin(level: Level): Promise<void> {
    await this.#tree.create(this.#paths.level, toBytes(level));
  }

  async blocks(level: number): Promise<readonly LevelBlock[]> {
    const workers = await liveWorkers(this.#tree, this.#paths);
    const known = new Set(workers.map(({ session }) => session));
    const contenders = await leaseContenders(this.#tree, this.#paths);
    return [
      ...workers.filter(({ worker }) => worker.levels[1] < level).map(({ worker }) => ({ kind: 'worker', worker }) as const),
      ...contenders.filter(({ session }) => !known.has(session)).map((contender) => ({ kind: 'lease', contender }) as const),
    ];
  }

  /**
   * The version of `workers` grows whenever a process joins, before that process reads the level (membership.ts). Counter-example without
   * its check: a process joins between our reading and our writing, reads the old level, and works on below the new one.
   */
  async raise(wanted: Level): Promise<readonly LevelBlock[]> {
    const { level: path, workers } = this.#paths;
    const isOurs = async (): Promise<boolean> => (await this.#tree.readLatest(path))?.data.equals(toBytes(wanted)) ?? false;
    for (let left = tries; left > 0; left -= 1) {
      const joined = await this.#tree.readLatest(workers);
      const node = await this.#tree.readLatest(path);
      if (!node || !joined) throw new SyncError('CONFIG_MISSING', 'the cluster has no level yet: a control app writes it when it starts');
      const { level } = levelOf(node);
      if (level === wanted.level) return [];
      if (level > wanted.level) throw new SyncError('CONFIG_CONFLICT', `the cluster is at level ${level}, and a level never falls`);
      const blocks = await this.blocks(wanted.level);
      if (blocks.length > 0) return blocks;
      const check = { type: 'check', path: workers, version: joined.stat.version } as const;
      const set = { type: 'set', path, data: toBytes(wanted), version: node.stat.version } as const;
      if ((await this.#tree.commit([check, set], isOurs)) === null) return [];
    }
    throw new SyncError('CONFIG_CONFLICT', 'processes keep joining the cluster; raise the level when they have started');
  }
}

/** @throws SyncError CONFIG_INVALID */
export function levelOf(node: Node): Level {
  return fromNode(levelSchema, node, "the cluster's level").document;
}
