/**
 * One source transaction that is too large to hold: its rows are sent as they arrive, in one open target transaction, which its last row
 * commits. Nothing else may be in the statements or under way meanwhile. What fails belongs to it: its end is not known, so its first seq
 * names it.
 *
 * No lock is held while bytes travel: as soon as a row names a file that is not staged nothing is written, and the rows that follow are
 * read for their files alone. When all are staged it begins once more, from its first row, and what is staged by then is answered soon.
 */
import { setTimeout as delay } from 'node:timers/promises';
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
  /** How often it was read for its files in this run. */
  readonly readAhead?: number;
  /** Of SQL in one piece. */
  readonly pieceBytes: number;
  readonly during?: During | undefined;
}

/** Files that it holds while it is read for them. */
const maxAhead = 10_000;
/** So long it waits for files with its locks: they were staged before. */
const [graceMs, maxDoublings] = [5_000, 7];

export class LargeTransaction {
  readonly #of: SourceTransaction;
  readonly #options: LargeTransactionOptions;
  /** It is read for its files: nothing is written. */
  #isAhead = false;
  /** Of its files, those that were looked at. */
  #looked = 0;

  constructor(of: SourceTransaction, options: LargeTransactionOptions) {
    this.#of = of;
    this.#options = options;
  }

  async open(): Promise<void> {
    if (this.#lacksFiles()) this.#isAhead = true;
    else await this.#named(() => this.#waiting(() => this.#options.writer.open(this.#of.event)));
  }

  async add(changes: readonly Change[]): Promise<void> {
    if (!this.#isAhead && this.#lacksFiles()) {
      await this.discard();
      this.#isAhead = true;
    }
    if (!this.#isAhead) return this.#named(() => this.#send(changes));
    if ((this.#of.files?.comes.length ?? 0) >= maxAhead) await this.#awaitFiles();
  }

  /** Committed when it resolves. */
  async close(checkpoint: Checkpoint): Promise<void> {
    const { statements, writer } = this.#options;
    const { event, position, files } = this.#of;
    if (this.#isAhead || !(await this.#readySoon())) await this.#giveWay();
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

  /** A row that came since names a file that is not staged. Behind the first time it is waited for at the end: it was staged. */
  #lacksFiles(): boolean {
    const { files, readAhead = 0 } = this.#options;
    const comes = files && readAhead === 0 ? (this.#of.files?.comes ?? []) : [];
    for (; this.#looked < comes.length; this.#looked += 1) if (comes[this.#looked]?.staged === undefined) return true;
    return false;
  }

  /** False: it would hold its locks for too long. Each time it is longer, so that this ends. */
  async #readySoon(): Promise<boolean> {
    const { readAhead = 0 } = this.#options;
    const over = new AbortController();
    const soon = delay(graceMs * 2 ** Math.min(readAhead, maxDoublings), false, { ref: false, signal: over.signal });
    soon.catch(() => undefined); // it was ready sooner
    // One that fails behind that touches nothing of what is written then: the next wait tells of it.
    const ready = this.#ready().then(() => true);
    ready.catch(() => undefined);
    let isReady = false;
    await this.#named(async () => void (isReady = await Promise.race([ready, soon]))).finally(() => over.abort());
    return isReady;
  }

  /** Never resolves to anything. */
  async #giveWay(): Promise<void> {
    if (!this.#isAhead) await this.discard();
    await this.#awaitFiles();
    await this.#named(async () => {
      throw new SyncError('ROW_CONFLICT', 'a large transaction has waited for its files', { refused: { files: true } });
    });
  }

  /** Nothing is held. What is staged is asked for once more when it is written. */
  async #awaitFiles(): Promise<void> {
    await this.#named(() => this.#ready());
    this.#of.forgetFiles();
  }

  /** They were asked for as its rows came. */
  async #ready(): Promise<void> {
    const { files } = this.#options;
    if (files && this.#of.files) await this.#waiting(async () => void (await files.ready([this.#of])), filesWait);
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
