/**
 * Remembers which tables have left a pipeline. What is done to them from then on is in no topic, so one that comes in again is not as the
 * target has it, and nothing in the log tells a loader that goes on behind it.
 */
import { SyncError } from '@lutra/model';
import { z } from 'zod';
import { fromNode, toBytes } from './json.js';
import type { Paths } from './paths.js';
import type { Tree } from './tree.js';

/** As in a route. */
export interface RemovedTable {
  readonly schema: string;
  readonly table: string;
}

export interface RemovedTableStore {
  /** [] if none has left. */
  read(pipelineId: string): Promise<readonly RemovedTable[]>;
  add(pipelineId: string, tables: readonly RemovedTable[]): Promise<void>;
}

export const removedTablesSchema = z.strictObject({ tables: z.array(z.strictObject({ schema: z.string(), table: z.string() })) });

const tries = 20;

export class ZooKeeperRemovedTables implements RemovedTableStore {
  readonly #tree: Tree;
  readonly #paths: Paths;

  constructor(tree: Tree, paths: Paths) {
    this.#tree = tree;
    this.#paths = paths;
  }

  async read(pipelineId: string): Promise<readonly RemovedTable[]> {
    return (await this.#read(pipelineId)).tables;
  }

  async add(pipelineId: string, tables: readonly RemovedTable[]): Promise<void> {
    const path = this.#paths.removedTables(pipelineId);
    for (let left = tries; left > 0; left -= 1) {
      const { tables: known, version } = await this.#read(pipelineId);
      const fresh = tables.filter((one) => !known.some(({ schema, table }) => schema === one.schema && table === one.table));
      if (fresh.length === 0) return;
      const bytes = toBytes({ tables: [...known, ...fresh] });
      const written = version === null ? await this.#tree.create(path, bytes) : (await this.#tree.write(path, bytes, version)) !== null;
      if (written) return;
    }
    throw new SyncError('CONFIG_CONFLICT', `other processes keep writing which tables have left pipeline ${pipelineId}`);
  }

  async #read(pipelineId: string): Promise<{ readonly tables: readonly RemovedTable[]; readonly version: number | null }> {
    const node = await this.#tree.read(this.#paths.removedTables(pipelineId));
    if (!node) return { tables: [], version: null };
    const { document, version } = fromNode(removedTablesSchema, node, `removed tables pipeline ${pipelineId}`);
    return { tables: document.tables, version };
  }
}
