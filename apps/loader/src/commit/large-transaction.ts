/**
 * One source transaction that is too large to hold: its rows are sent as they arrive, in one open target transaction, which its last row
 * commits. Nothing else may be in the statements or under way meanwhile. What fails belongs to it: its end is not known, so its first seq
 * names it.
 */
import type { During } from '@lutra/runtime';
import type { SourceTransaction } from '../assemble/source-transaction.js';
import type { CommitFiles } from '../files/commit-files.js';
import { filesWait, targetWait } from './transaction-writer.js';
import { SyncError } from '@lutra/model';
import type { Checkpoint } from '@lutra/marker';
import type { Change } from '@lutra/mysql';
import { nameFailure } from './failure.js';
import type { LargeWriter } from './large-writer.js';
import type { Statements } from '../plan/statements.js';

export interface LargeTransactionOptions {
  readonly writer: LargeWriter;
  readonly statements: Statements;
  readonly files?: Pick<CommitFiles, 'ready'> | null;
  /** Its locks hold up applications: it gives them up while it waits for files, and begins once more. */
  readonly givesWay?: boolean;
  /** Of SQL in one piece. */
  readonly pieceBytes: number;
  readonly during?: During | undefined;
}

export class LargeTransaction {
  readonly #of: SourceTransaction;
  readonly #options: LargeTransactionOptions;

  constructor(of: SourceTransaction, options: LargeTransactionOptions) {
    this.#of = of;
    this.#options = options;
  }

  open(): Promise<void> {
    return this.#named(() => this.#waiting(() => this.#options.writer.open(this.#of.event)));
  }

  add(changes: readonly Change[]): Promise<void> {
    return this.#named(() => this.#send(changes));
  }

  /** Committed when it resolves. */
  async close(checkpoint: Checkpoint): Promise<void> {
    const { statements, writer } = this.#options;
    const { event, position, files } = this.#of;
    if (this.#options.givesWay && files?.comes.some(({ staged }) => staged === undefined)) await this.#giveWay();
    await this.#ready();
    const rows = statements.take();
    const last = { statements: rows, changes: statements.changes, event, position, checkpoint, ...(files && { files }) };
    await this.#named(() => this.#waiting(() => writer.close(last)));
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
    const { statements, writer, pieceBytes } = this.#options;
    for (const change of changes) {
      statements.add(change, this.#of.safe);
      if (statements.bytes < pieceBytes) continue;
      await this.#waiting(() => writer.chunk(statements.take(), statements.changes));
      statements.takeChanges();
    }
  }

  /** Never resolves to anything. */
  async #giveWay(): Promise<void> {
    await this.discard();
    await this.#ready();
    await this.#named(async () => {
      const refused = { conflict: true, files: true } as const;
      throw new SyncError('ROW_CONFLICT', 'a large transaction has waited for its files', { refused });
    });
  }

  /** They were asked for as its rows came. */
  async #ready(): Promise<void> {
    const { files } = this.#options;
    if (files && this.#of.files) await this.#named(() => this.#waiting(async () => void (await files.ready([this.#of])), filesWait));
  }

  #waiting(work: () => Promise<void>, what = targetWait): Promise<void> {
    const { during } = this.#options;
    return during ? during(what(this.#of.seq), work) : work();
  }

  async #named(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      throw nameFailure(error, this.#of, { changes: this.#options.statements.takeChanges(), firstSeq: this.#of.seq });
    }
  }
}
