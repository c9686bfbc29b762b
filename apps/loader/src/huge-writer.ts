/**
 * How a huge transaction is written while it arrives: guarded where the target takes writes of its own, else plainly. Nothing of it stays
 * unless it is closed.
 */
import type { RowEvent } from '@lutra/model';
import type { Change, ExactText } from '@lutra/mysql';
import type { Member } from './conflict/members.js';
import type { GuardedStream } from './conflict/guarded-stream.js';
import type { TargetWriter } from './target-writer.js';

export interface HugeWriter {
  /** With any of its rows. */
  open(event: RowEvent): Promise<void>;
  /** `changes`: those of the rows. */
  chunk(rows: ExactText, changes: readonly Change[]): Promise<void>;
  /** Its last rows, its position, COMMIT. */
  close(last: Member & { readonly statements: ExactText }): Promise<void>;
  /** It is void. */
  forget(): Promise<void>;
}

/** `safe`: it was applied before. */
export function plainly(writer: Pick<TargetWriter, 'open' | 'chunk' | 'close' | 'rollback'>, safe: boolean): HugeWriter {
  return {
    open: ({ source: { origin, path } }) => writer.open({ origin, path }, safe),
    chunk: (rows) => writer.chunk(rows),
    close: ({ statements, checkpoint }) => writer.close(statements, checkpoint),
    forget: () => writer.rollback(),
  };
}

export interface GuardedOptions {
  readonly stream: Pick<GuardedStream, 'open' | 'chunk' | 'close' | 'forget'>;
  /** Whose connection the stream uses. */
  readonly writer: Pick<TargetWriter, 'rollback'>;
  /** It met a conflict before. */
  readonly settled: boolean;
}

export function guarded({ stream, writer, settled }: GuardedOptions): HugeWriter {
  return {
    open: (event) => stream.open({ event, settled }),
    chunk: (rows, changes) => stream.chunk(rows, changes),
    close: (last) => stream.close(last),
    forget: async () => {
      await writer.rollback();
      stream.forget();
    },
  };
}
