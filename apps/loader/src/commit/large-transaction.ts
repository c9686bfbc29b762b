/**
 * One source transaction that is too large to hold: its rows are sent as they arrive, in one open target transaction, which its last row
 * commits. Nothing else may be in the statements or under way meanwhile. What fails belongs to it: its end is not known, so its first seq
 * names it.
 */
import type { During } from '@lutra/runtime';
import { targetWait } from './commit-queue.js';
import type { Checkpoint } from '@lutra/marker';
import type { RowEvent } from '@lutra/model';
import type { Change } from '@lutra/mysql';
import { nameFailure } from './failure.js';
import type { LargeWriter } from './large-writer.js';
import type { RecordPosition } from '../read/log-reader.js';
import type { Statements } from '../plan/statements.js';

export interface LargeTransactionOptions {
  readonly writer: LargeWriter;
  readonly statements: Statements;
  /** Of its first record. */
  readonly seq: number;
  /** It was applied before. */
  readonly safe: boolean;
  /** Of SQL in one piece. */
  readonly pieceBytes: number;
  readonly during?: During | undefined;
}

/** The row that is at hand. */
interface At {
  readonly event: RowEvent;
  readonly position: RecordPosition;
}

export class LargeTransaction {
  readonly #options: LargeTransactionOptions;

  constructor(options: LargeTransactionOptions) {
    this.#options = options;
  }

  open(at: At): Promise<void> {
    return this.#named(at, () => this.#waiting(() => this.#options.writer.open(at.event)));
  }

  add(changes: readonly Change[], at: At): Promise<void> {
    return this.#named(at, () => this.#send(changes));
  }

  /** Committed when it resolves. */
  async close(at: At, checkpoint: Checkpoint): Promise<void> {
    const { statements, writer } = this.#options;
    const rows = statements.take();
    const last = { statements: rows, changes: statements.changes, ...at, checkpoint };
    await this.#named(at, () => this.#waiting(() => writer.close(last)));
    statements.takeChanges();
  }

  /** It is void: nothing of it may stay. */
  async discard(): Promise<void> {
    const { statements, writer } = this.#options;
    await writer.discard();
    statements.take();
    statements.takeChanges();
  }

  async #send(changes: readonly Change[]): Promise<void> {
    const { statements, writer, safe, pieceBytes } = this.#options;
    for (const change of changes) {
      statements.add(change, safe);
      if (statements.bytes < pieceBytes) continue;
      await this.#waiting(() => writer.chunk(statements.take(), statements.changes));
      statements.takeChanges();
    }
  }

  #waiting(work: () => Promise<void>): Promise<void> {
    const { during, seq } = this.#options;
    return during ? during(targetWait(seq), work) : work();
  }

  async #named({ event, position }: At, work: () => Promise<void>): Promise<void> {
    const { statements, seq } = this.#options;
    try {
      await work();
    } catch (error) {
      throw nameFailure(error, { changes: statements.takeChanges(), log: position.log, seq, event });
    }
  }
}
