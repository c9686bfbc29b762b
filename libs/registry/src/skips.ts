/**
 * What an operator told a loader to skip, or answered where it holds at a schema change: one source transaction of one log. Written by
 * control, carried out and removed by the loader.
 */
import { ddlAnswers, pipelineUidSchema } from '@lutra/model';
import type { PipelineUid } from '@lutra/model';
import { z } from 'zod';
import { fromNode, toBytes } from './json.js';
import type { Operation } from './multi.js';
import type { Paths } from './paths.js';
import type { Tree } from './tree.js';

export const skipSchema = z.strictObject({
  /** Log id, and seq of the transaction's last record, or of its first where it was refused before its end was known. */
  log: z.string().min(1),
  seq: z.int().min(0),
  reason: z.string().min(1).max(1000),
  /** At a schema change, since level 3; absent: skip. */
  answer: z.enum(ddlAnswers).optional(),
  /** Who says so, with `answer`. */
  by: z.string().min(1).max(200).optional(),
  /** ms since 1970 */
  at: z.int().min(0),
});
export type SkipOrder = z.infer<typeof skipSchema>;

export interface SkipStore {
  read(uid: PipelineUid): Promise<SkipOrder | null>;
  /** Whose orders wait, also damaged ones, and those of pipelines that are gone. */
  waiting(): Promise<readonly PipelineUid[]>;
  /** Replaces an order that was not carried out yet. */
  order(uid: PipelineUid, skip: SkipOrder): Promise<void>;
  /** Nothing happens if there is none. */
  remove(uid: PipelineUid): Promise<void>;
  /** The same for a transaction; null: there is none. */
  removing(uid: PipelineUid): Promise<Operation | null>;
}

export class ZooKeeperSkips implements SkipStore {
  readonly #tree: Tree;
  readonly #paths: Paths;

  constructor(tree: Tree, paths: Paths) {
    this.#tree = tree;
    this.#paths = paths;
  }

  async read(uid: PipelineUid): Promise<SkipOrder | null> {
    const node = await this.#tree.read(this.#paths.skip(uid));
    return node && fromNode(skipSchema, node, `skip order of pipeline ${uid}`).document;
  }

  async waiting(): Promise<readonly PipelineUid[]> {
    const names = await this.#tree.children(this.#paths.folder('skips'));
    return names.flatMap((name) => pipelineUidSchema.safeParse(name).data ?? []);
  }

  async order(uid: PipelineUid, skip: SkipOrder): Promise<void> {
    await this.remove(uid);
    await this.#tree.create(this.#paths.skip(uid), toBytes(skip));
  }

  async remove(uid: PipelineUid): Promise<void> {
    await this.#tree.remove(this.#paths.skip(uid));
  }

  async removing(uid: PipelineUid): Promise<Operation | null> {
    const path = this.#paths.skip(uid);
    const node = await this.#tree.read(path);
    return node && { type: 'remove', path, version: node.stat.version };
  }
}
