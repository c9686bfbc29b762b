/**
 * How a large transaction is written while it arrives: with conflict detection where the target takes writes of its own, else plainly.
 * Nothing of it stays unless it is closed.
 */
import { SyncError, toSyncError } from '@lutra/model';
import type { RowEvent } from '@lutra/model';
import type { Change, ExactText, SqlText } from '@lutra/mysql';
import type { BufferedTransaction } from '../conflict/detect/buffered-transactions.js';
import type { CommitFiles } from '../files/commit-files.js';
import { placedWith } from '../files/with-placed.js';
import type { StreamDetector } from '../conflict/detect/stream-detector.js';
import type { MissingRows } from '../seed/missing-rows.js';
import type { TargetWriter } from './target-writer.js';

export interface LargeWriter {
  /** With any of its rows. */
  open(event: RowEvent): Promise<void>;
  /** `changes`: those of the rows. */
  chunk(rows: ExactText, changes: readonly Change[]): Promise<void>;
  /** Its last rows, its position, COMMIT. */
  close(last: BufferedTransaction & { readonly statements: ExactText }): Promise<void>;
  /** It is void. */
  discard(): Promise<void>;
}

export interface NotDetectingOptions {
  /** It was applied before. */
  readonly safe: boolean;
  /** Null: nothing is seeded here. */
  readonly missing: Pick<MissingRows, 'apply' | 'areToCome'> | null;
  /** Null: no row of this pipeline names a file. */
  readonly files?: CommitFiles | null;
  /** It met rows that were not there yet, before: it comes once more, one change after the other. */
  readonly resolved: boolean;
}

export function notDetecting(
  writer: Pick<TargetWriter, 'open' | 'chunk' | 'close' | 'rollback' | 'opened'>,
  { safe, missing, files = null, resolved }: NotDetectingOptions,
): LargeWriter {
  const chunk = async (rows: ExactText, changes: readonly Change[]): Promise<void> => {
    if (missing && resolved && !safe) return missing.apply(writer.opened(), changes);
    try {
      await writer.chunk(rows);
    } catch (error) {
      const { code } = toSyncError(error);
      if (code !== 'ROW_CONFLICT' || safe || !(await missing?.areToCome(changes))) throw error;
      throw new SyncError(code, 'rows of a large transaction are not here yet, or not as they must be', {
        refused: { conflict: true },
      });
    }
  };
  return {
    open: ({ source: { origin, path } }) => writer.open({ origin, path }, safe),
    chunk,
    close: async ({ statements, changes, checkpoint, files: named }) => {
      await chunk(statements, changes);
      const close = async (behind: readonly SqlText[]): Promise<void> => {
        for (const text of behind) await writer.chunk(text);
        await writer.close({ sql: '', marks: [] }, checkpoint);
      };
      if (!files || !named) return close([]);
      const placing = await files.place(named, { isLocked: true });
      // All is given up, what it lacks is waited for, and it begins once more.
      if (placing === 'again')
        throw new SyncError('ROW_CONFLICT', 'files of a large transaction cannot be placed now', { refused: { files: true } });
      await (placing ? placedWith(files, placing, () => close(placing.sql)) : close([]));
    },
    discard: () => writer.rollback(),
  };
}

export interface DetectingOptions {
  readonly stream: Pick<StreamDetector, 'open' | 'chunk' | 'close' | 'discard'>;
  /** Whose connection the stream uses. */
  readonly writer: Pick<TargetWriter, 'rollback'>;
  /** It met a conflict before. */
  readonly resolved: boolean;
}

export function detecting({ stream, writer, resolved }: DetectingOptions): LargeWriter {
  return {
    open: (event) => stream.open({ event, resolved }),
    chunk: (rows, changes) => stream.chunk(rows, changes),
    close: (last) => stream.close(last),
    discard: async () => {
      await writer.rollback();
      stream.discard();
    },
  };
}
