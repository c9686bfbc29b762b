/**
 * Remembers that a pipeline once had a checkpoint row: if the row is missing then, it was lost, and starting anew would apply everything
 * twice.
 */
import { z } from 'zod';
import { fromNode, toBytes } from './json.js';
import type { Paths } from './paths.js';
import type { Tree } from './tree.js';

export interface PipelineMark {
  /** ms since 1970 */
  readonly createdAt: number;
}

export interface PipelineMarkStore {
  read(pipelineId: string): Promise<PipelineMark | null>;
  /** Keeps the mark that is there, if there is one. */
  mark(pipelineId: string): Promise<void>;
  /** Nothing happens if there is none. */
  remove(pipelineId: string): Promise<void>;
}

export const markSchema = z.strictObject({ createdAt: z.int().min(0) });

export class ZooKeeperPipelineMarks implements PipelineMarkStore {
  readonly #tree: Tree;
  readonly #paths: Paths;

  constructor(tree: Tree, paths: Paths) {
    this.#tree = tree;
    this.#paths = paths;
  }

  async read(pipelineId: string): Promise<PipelineMark | null> {
    const node = await this.#tree.read(this.#paths.pipeline(pipelineId));
    return node && fromNode(markSchema, node, `mark of pipeline ${pipelineId}`).document;
  }

  async mark(pipelineId: string): Promise<void> {
    await this.#tree.create(this.#paths.pipeline(pipelineId), toBytes({ createdAt: Date.now() }));
  }

  async remove(pipelineId: string): Promise<void> {
    await this.#tree.remove(this.#paths.pipeline(pipelineId));
  }
}
