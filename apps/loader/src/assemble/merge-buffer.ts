/**
 * Source transactions that were read whole and wait to share one target transaction, in their order. It never holds a part of one, nor
 * transactions of different origins or of both modes, as long as the caller asks suits() before each.
 */
import { nameFailure } from '../commit/failure.js';
import type { RecordPosition } from '../read/log-reader.js';
import { sum, total } from './source-transaction.js';
import type { Ops, SourceTransaction } from './source-transaction.js';
import type { Statements } from '../plan/statements.js';
import type { CommitQueue } from '../commit/commit-queue.js';
import type { TargetTransaction } from '../commit/target-transaction.js';

export interface MergeBufferOptions {
  readonly statements: Statements;
  readonly transactions: CommitQueue;
}

export class MergeBuffer {
  readonly #options: MergeBufferOptions;
  #last: SourceTransaction | null = null;
  /** Behind the last one and the records without a row that followed it. */
  #position: RecordPosition | null = null;
  /** One by one: those with rows of this pipeline. */
  #buffered: SourceTransaction[] = [];
  #ops: Ops = {};
  #transactions = 0;

  constructor(options: MergeBufferOptions) {
    this.#options = options;
  }

  /**
   * May it share a target transaction with what waits? Only one of the same origin and path does: the marker has room for one. The two
   * modes never do: their sessions differ.
   */
  suits({ event: { source }, safe }: SourceTransaction): boolean {
    const last = this.#last;
    if (last === null) return true;
    const { origin, path } = last.event.source;
    return last.safe === safe && source.origin === origin && source.path.join() === path.join();
  }

  /** @throws SyncError what cannot be written at all, with its transaction; what waited before it is committed first */
  async add(transaction: SourceTransaction): Promise<void> {
    const { statements } = this.#options;
    const { changes, ops, position, safe } = transaction;
    try {
      for (const change of changes) statements.add(change, safe);
    } catch (error) {
      const refused = nameFailure(error, transaction, { changes: statements.takeChanges() });
      await this.#flushApart();
      throw refused;
    }
    if (changes.length > 0) this.#buffered.push(transaction);
    this.#ops = sum(this.#ops, ops);
    this.#transactions += 1;
    this.#last = transaction;
    this.#position = position;
  }

  /** A record without a row lies behind what waits. */
  passed(position: RecordPosition): void {
    this.#position = position;
  }

  /** Hands over what waits; its commit goes on while the caller reads on. */
  async flush(): Promise<void> {
    const { transactions } = this.#options;
    transactions.throwIfFailed();
    const waiting = this.#take();
    if (!waiting) return;
    // Rows that this pipeline does not route are no reason to write: their progress is saved with the next row that it does.
    if (total(waiting.ops) === 0) transactions.passed(waiting);
    else await transactions.commit(waiting);
  }

  /** The statements hold a part of a transaction that is refused: what waits is written without them. */
  async #flushApart(): Promise<void> {
    const { transactions } = this.#options;
    const waiting = this.#take();
    if (waiting) await transactions.commitApart(waiting);
    await transactions.drained();
  }

  #take(): TargetTransaction | null {
    const last = this.#last;
    if (!last) return null;
    const { statements } = this.#options;
    const taken = {
      position: this.#position ?? last.position,
      event: last.event,
      safe: last.safe,
      statements: statements.take(),
      changes: statements.takeChanges(),
      buffered: this.#buffered,
      ops: this.#ops,
      transactions: this.#transactions,
    };
    this.#last = null;
    this.#buffered = [];
    this.#ops = {};
    this.#transactions = 0;
    return taken;
  }
}
