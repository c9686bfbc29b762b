/**
 * Which processes live, and what each one knows: an ephemeral node for each, `workers/<app>@<instance>@<session>`. The session is part of
 * the name: two processes of one host name and process id (containers) must not hide each other.
 */
import { SyncError } from '@lutra/model';
import { z } from 'zod';
import { fromNode } from './json.js';
import type { Paths } from './paths.js';
import type { Tree } from './tree.js';

export interface Worker {
  readonly app: string;
  /** host:pid */
  readonly instance: string;
  /** null: of no region (a control app need not have one). */
  readonly region: string | null;
  readonly version: string;
  /** The lowest and the highest level that its build knows. */
  readonly levels: readonly [min: number, max: number];
  /** Ids of the keys that it can open passwords with. */
  readonly keys: readonly string[];
  /** When it started, in ms since 1970. */
  readonly since: number;
  /** Of a files app. */
  readonly files?: WorkerFiles | undefined;
}

export interface WorkerFiles {
  /** https://host:port, where other apps reach it. */
  readonly url: string;
  /** Names of the trees that it serves. */
  readonly roots: readonly string[];
  /** Of these, those that it alone places files in: it holds the lease. */
  readonly places: readonly string[];
  /** Of those that it places files in: those whose file system takes two different names for one (case, or forms of Unicode). */
  readonly folds?: readonly string[] | undefined;
}

export interface WorkerStore {
  /**
   * All live processes, not older than what anybody had written before the call. A killed one stays until its session expires.
   * @throws SyncError CONFIG_INVALID naming a node that cannot be read: what that process knows is unknown; ZOOKEEPER_*
   */
  list(): Promise<readonly Worker[]>;
}

/** Loose: a later build may say more about itself. */
const workerSchema = z.looseObject({
  app: z.string(),
  instance: z.string(),
  region: z.string().nullable(),
  version: z.string(),
  levels: z.tuple([z.int().min(1), z.int().min(1)]),
  keys: z.array(z.string()),
  since: z.number(),
  files: z
    .looseObject({ url: z.string(), roots: z.array(z.string()), places: z.array(z.string()), folds: z.array(z.string()).optional() })
    .optional(),
});

/** As it stands in the tree. */
export interface LiveWorker {
  readonly worker: Worker;
  readonly path: string;
  /** Of the node. */
  readonly version: number;
  /** Id of its session, in hex. */
  readonly session: string;
}

export class ZooKeeperWorkers implements WorkerStore {
  readonly #tree: Tree;
  readonly #paths: Paths;

  constructor(tree: Tree, paths: Paths) {
    this.#tree = tree;
    this.#paths = paths;
  }

  async list(): Promise<readonly Worker[]> {
    return (await liveWorkers(this.#tree, this.#paths)).map(({ worker }) => worker);
  }
}

/** @throws SyncError CONFIG_INVALID, ZOOKEEPER_* */
export async function liveWorkers(tree: Tree, paths: Paths): Promise<readonly LiveWorker[]> {
  const nodes = await tree.childrenLatest(paths.workers);
  return [...nodes].map(([name, node]) => {
    const path = `${paths.workers}/${name}`;
    try {
      const { document: worker, version } = fromNode(workerSchema, node, `worker ${name}`);
      const { app, instance, region, version: build, levels, keys, since, files } = worker;
      const known = { app, instance, region, version: build, levels, keys, since, ...(files && { files }) };
      return { worker: known, path, version, session: node.stat.ephemeralOwner.toString('hex') };
    } catch (cause) {
      const what = `worker ${name}: the node cannot be read, so nobody knows what this process can do; end the process, or remove ${path}`;
      throw new SyncError('CONFIG_INVALID', what, { cause, details: { document: `worker ${name}` } });
    }
  });
}
