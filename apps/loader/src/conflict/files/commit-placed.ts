/**
 * The end of a transaction that holds its locks: its files are placed, what is said of them is written, COMMIT. Files of a transaction that
 * was not committed are taken back. Where nobody knows, the run ends, and the next take-over asks the target.
 */
import { closingText, joined } from '@lutra/mysql';
import type { ApplyConnection, SqlText } from '@lutra/mysql';
import type { TransactionFiles } from '../../files/commit-files.js';
import { isUnknown } from '../../files/with-placed.js';
import type { ConflictFiles } from './conflict-files.js';

type Files = Pick<ConflictFiles, 'place' | 'committed' | 'takeBack'>;

export interface Ending {
  readonly connection: Pick<ApplyConnection, 'run' | 'commit' | 'rollback' | 'broken'>;
  /** Null where no table has file rules. */
  readonly files: Files | null;
  readonly brought: TransactionFiles | null;
  /** What is written last of all: marker's checkpointStatement. Left out: it is written already. */
  readonly fence?: string;
}

/** @throws FilesWanted, in the open transaction; SyncError as ApplyConnection.run and CommitFiles.place */
export async function commitPlaced({ connection, files, brought, fence }: Ending): Promise<void> {
  const placing = files && brought ? await files.place(brought) : null;
  try {
    await commit({ connection, fence }, joined(placing?.sql ?? []));
  } catch (error) {
    if (!placing || connection.broken || isUnknown(error)) throw error;
    await connection.rollback();
    await files?.takeBack(placing);
    throw error;
  }
  files?.committed(placing);
}

async function commit({ connection, fence }: Pick<Ending, 'connection' | 'fence'>, said: SqlText): Promise<void> {
  if (fence !== undefined) return void (await connection.run(closingText(said, fence)));
  await connection.run(said);
  await connection.commit();
}
