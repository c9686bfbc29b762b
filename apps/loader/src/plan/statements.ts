/**
 * SQL that is put together, and the changes that it comes from: by them the row is named that the target refuses. The text may be on its
 * way already, but its changes stay until somebody takes them: what fails may be among them.
 */
import { StatementBuilder } from '@lutra/mysql';
import type { Change, ExactText } from '@lutra/mysql';
import { nameRow } from '../commit/failure.js';
import type { NumberedChanges } from '../commit/failure.js';

export class Statements {
  readonly #builder: StatementBuilder;
  #changes: Change[] = [];

  /** @param options.exact see StatementBuilder */
  constructor(options: { readonly exact: boolean }) {
    this.#builder = new StatementBuilder(options);
  }

  /** Of text since the last take(), roughly. */
  get bytes(): number {
    return this.#builder.bytes;
  }

  /** Since the last takeChanges(). */
  get changes(): readonly Change[] {
    return this.#changes;
  }

  /** See StatementBuilder.prepare. */
  prepare(change: Change): Promise<void> | null {
    return (
      this.#builder.prepare(change)?.catch((error: unknown) => {
        throw nameRow(error, change);
      }) ?? null
    );
  }

  /** @throws SyncError as StatementBuilder.add and addSafe, and whatever else fails, with the row's table and key; of no use after that */
  add(change: Change, safe: boolean): void {
    try {
      if (safe) this.#builder.addSafe(change);
      else this.#builder.add(change);
    } catch (error) {
      throw nameRow(error, change);
    }
    this.#changes.push(change);
  }

  /** The text so far; what comes begins anew. */
  take(): ExactText {
    return this.#builder.take();
  }

  /** The changes since the last call, and the number of the first. */
  takeChanges(): NumberedChanges {
    const changes = { first: this.#builder.changes - this.#changes.length, list: this.#changes };
    this.#changes = [];
    return changes;
  }
}
