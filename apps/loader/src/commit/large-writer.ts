/**
 * How a large transaction is written while it arrives: with conflict detection where the target takes writes of its own, else plainly.
 * Nothing of it stays unless it is closed.
 */
import type { RowEvent } from '@lutra/model';
import type { Change, ExactText } from '@lutra/mysql';
import type { BufferedTransaction } from '../conflict/detect/buffered-transactions.js';
import type { StreamDetector } from '../conflict/detect/stream-detector.js';
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

/** `safe`: it was applied before. */
export function notDetecting(writer: Pick<TargetWriter, 'open' | 'chunk' | 'close' | 'rollback'>, safe: boolean): LargeWriter {
  return {
    open: ({ source: { origin, path } }) => writer.open({ origin, path }, safe),
    chunk: (rows) => writer.chunk(rows),
    close: ({ statements, checkpoint }) => writer.close(statements, checkpoint),
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
