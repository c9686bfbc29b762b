/**
 * Remembers which tables have left a pipeline. What is done to them from then on is in no topic, so one that comes in again is not as the
 * target has it, and nothing in the log tells a loader that goes on behind it.
 */
import type { PipelineUid } from '@lutra/model';
import { z } from 'zod';
import type { Node } from './connection.js';
import { fromNode, toBytes } from './json.js';
import type { Written } from './multi.js';
import type { Paths } from './paths.js';
import type { Tree } from './tree.js';

/** As in a route. */
export interface RemovedTable {
  readonly schema: string;
  readonly table: string;
}

export interface RemovedTableStore {
  /** [] if none has left. */
  read(uid: PipelineUid): Promise<readonly RemovedTable[]>;
  /** For a transaction; null: all are known already. */
  adding(uid: PipelineUid, tables: readonly RemovedTable[]): Promise<Written | null>;
}

export const removedTablesSchema = z.strictObject({ tables: z.array(z.strictObject({ schema: z.string(), table: z.string() })) });

export class ZooKeeperRemovedTables implements RemovedTableStore {
  readonly #tree: Tree;
  readonly #paths: Paths;

  constructor(tree: Tree, paths: Paths) {
    this.#tree = tree;
    this.#paths = paths;
  }

  async read(uid: PipelineUid): Promise<readonly RemovedTable[]> {
    return tablesOf(uid, await this.#tree.read(this.#paths.removedTables(uid)));
  }

  adding(uid: PipelineUid, tables: readonly RemovedTable[]): Promise<Written | null> {
    return this.#tree.changing(this.#paths.removedTables(uid), (node) => {
      const known = tablesOf(uid, node);
      const fresh = tables.filter((one) => !known.some(({ schema, table }) => schema === one.schema && table === one.table));
      return fresh.length === 0 ? null : toBytes({ tables: [...known, ...fresh] });
    });
  }
}

function tablesOf(uid: PipelineUid, node: Node | null): readonly RemovedTable[] {
  return node ? fromNode(removedTablesSchema, node, `removed tables of pipeline ${uid}`).document.tables : [];
}
