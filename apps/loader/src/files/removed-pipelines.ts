/**
 * A pipeline that was killed and then removed has left what it placed: whether that counts only lutra.file_place says, and nobody takes it
 * over any more. Its paths would be busy for ever, and bytes that were never committed stay. So whoever has the root next takes it over
 * in its name, as its own loader would: the epoch is raised, the root fenced, what is not committed taken back, the rest settled.
 */
import type { FilesService } from '@lutra/files';
import { toSyncError } from '@lutra/model';
import type { PipelineUid } from '@lutra/model';
import type { ConnectionOptions } from '@lutra/mysql';
import type { UidEntry } from '@lutra/registry';
import type { FileStore } from './files-io.js';
import { takeOverFiles } from './take-over-files.js';

export interface RemovedPipelinesOptions {
  readonly files: Pick<FilesService, 'fence' | 'unplace' | 'settle'>;
  readonly store: Pick<FileStore, 'othersPlacing' | 'takeOver' | 'readPlacing' | 'inheritLeaving'>;
  readonly target: ConnectionOptions;
  /** Name of the target's endpoint. */
  readonly endpoint: string;
  /** Who takes over. */
  readonly pipeline: PipelineUid;
  readUid(uid: PipelineUid): Promise<Pick<UidEntry, 'target' | 'removedAt'> | null>;
}

export async function takeOverRemoved(options: RemovedPipelinesOptions, root: string): Promise<readonly PipelineUid[]> {
  const { store, target, pipeline, endpoint, readUid } = options;
  const taken: PipelineUid[] = [];
  for (const other of (await store.othersPlacing(target, pipeline, root)) as readonly PipelineUid[]) {
    const entry = await readUid(other);
    if (entry?.removedAt === undefined || entry.target !== endpoint) continue;
    if (await takeOverOne(options, other, root)) taken.push(other);
  }
  return taken;
}

/** False: another one may have adopted it meanwhile, and does so itself. */
async function takeOverOne(
  { files, store, target, pipeline }: RemovedPipelinesOptions,
  other: PipelineUid,
  root: string,
): Promise<boolean> {
  try {
    const { checkpoint } = await store.takeOver(target, { pipeline: other, part: 0, lease: 0, mayCreate: false });
    const committed = await store.readPlacing(target, other);
    await takeOverFiles({ files, pipeline: other, epoch: checkpoint.epoch, committed }, [root]);
    await store.inheritLeaving(target, { from: other, to: pipeline, root });
    return true;
  } catch (error) {
    if (['FENCED', 'CHECKPOINT_MISSING'].includes(toSyncError(error).code)) return false;
    throw error;
  }
}
