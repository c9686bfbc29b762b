/**
 * Becoming the one who places files for a pipeline, behind the fence in the database: a loader that was replaced while it slept places
 * nothing from here on, and what is placed is what the target has committed.
 *
 * Taken back, not done once more: what comes again may be decided otherwise. Counter-example: a row wins, its file is placed, crash; here
 * the row is changed meanwhile, and stays; the loser's bytes would stay with it.
 */
import type { FilesService } from '@lutra/files';
import type { PipelineUid } from '@lutra/model';

interface TakeOverFiles {
  readonly files: Pick<FilesService, 'fence' | 'unplace' | 'settle'>;
  readonly pipeline: PipelineUid;
  readonly epoch: number;
  /** By root, of the last placing that was committed: lutra.file_place. */
  readonly committed: ReadonlyMap<string, number>;
}

/** Resolves to a number that no placing had in these roots. */
export async function takeOverFiles({ files, pipeline, epoch, committed }: TakeOverFiles, roots: readonly string[]): Promise<number> {
  let nextN = Math.max(0, ...committed.values()) + 1;
  for (const root of roots) {
    const n = committed.get(root) ?? 0;
    const of = { pipeline, epoch, root };
    const { open } = await files.fence(of);
    const uncommitted = open.filter((one) => one > n);
    for (const one of uncommitted.toReversed()) await files.unplace({ ...of, n: one });
    if (uncommitted.length < open.length) await files.settle({ ...of, n });
    nextN = Math.max(nextN, ...open.map((one) => one + 1));
  }
  return nextN;
}
