/**
 * `.lutra/fence/<pipeline>`: the epoch of its owner, below which nothing happens. `isLate` keeps out a place that comes behind its own
 * take-back or settling: those of an epoch count upwards.
 */
import { SyncError, type PipelineUid } from '@lutra/model';
import { orNull } from './disk.js';
import type { Tree } from './tree.js';

interface OfPipeline {
  readonly pipeline: PipelineUid;
  readonly epoch: number;
}

export class Fences {
  readonly #tree: Tree;
  readonly #epochs = new Map<PipelineUid, number>();
  /** Highest n that is not open any more, of the present epoch. */
  readonly #past = new Map<PipelineUid, number>();

  constructor(tree: Tree) {
    this.#tree = tree;
  }

  /** @throws SyncError FENCED, if the epoch is lower; durable when it returns */
  async raise({ pipeline, epoch }: OfPipeline): Promise<void> {
    const present = await this.#epochOf(pipeline);
    if (epoch < present) throw this.#fenced(pipeline, `the pipeline is owned with epoch ${present}, and this is ${epoch}`);
    if (epoch === present) return;
    await this.#tree.fence.write(pipeline, String(epoch));
    await this.#tree.fence.sync();
    this.#epochs.set(pipeline, epoch);
    this.#past.delete(pipeline);
  }

  /**
   * A higher epoch than the fence's is that of an owner who never was at this root before: it is the fence then, if nothing is open.
   * @throws SyncError FENCED
   */
  async admit({ pipeline, epoch }: OfPipeline, hasOpen: boolean): Promise<void> {
    const present = await this.#epochOf(pipeline);
    if (epoch > present && hasOpen) throw this.#fenced(pipeline, `epoch ${epoch} did not ask what is open since epoch ${present}`);
    await this.raise({ pipeline, epoch });
  }

  /** @throws SyncError FENCED */
  refuseLate({ pipeline, n }: { readonly pipeline: PipelineUid; readonly n: number }): void {
    const past = this.#past.get(pipeline) ?? -1;
    if (n <= past) throw this.#fenced(pipeline, `placing ${n} comes behind ${past}, which was settled or taken back`);
  }

  pass({ pipeline, n }: { readonly pipeline: PipelineUid; readonly n: number }): void {
    this.#past.set(pipeline, Math.max(n, this.#past.get(pipeline) ?? -1));
  }

  async #epochOf(pipeline: PipelineUid): Promise<number> {
    const known = this.#epochs.get(pipeline);
    if (known !== undefined) return known;
    const text = await orNull(
      this.#tree.fence.withFile(pipeline, async (file) => await file.readFile('utf8')),
      'ENOENT',
    );
    const epoch = text === null ? -1 : Number(text);
    this.#epochs.set(pipeline, epoch);
    return epoch;
  }

  #fenced(pipeline: PipelineUid, why: string): SyncError {
    const { root } = this.#tree;
    return new SyncError('FENCED', `files in root ${root}: ${why}`, { details: { root, pipeline } });
  }
}
