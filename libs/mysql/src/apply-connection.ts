/**
 * A loader's connection to its target. It runs texts; after any failure the transaction is rolled back, or the connection cut, before the
 * failure is told. The naive way sends the next BEGIN on the same connection, and BEGIN commits the half that had succeeded.
 *
 * When the connection is cut, the server may still be at work on the last text and commit it later. So the next owner of the
 * row, also the same process, takes it over again (ownership.ts): that waits for the old text and fences it if it has not begun.
 */
import { SyncError } from '@lutra/model';
import { explainFailure } from './explain-failure.js';
import { Session } from './session.js';
import type { ConnectionOptions, Queries, Result, ResultRow } from './session-options.js';
import type { SqlText } from './sql-text.js';
import { inSession } from './source-session.js';
import type { SessionText } from './source-session.js';
import { commitText } from './transaction-text.js';

export class ApplyConnection implements Queries {
  readonly #session: Session;
  /** A transaction of several texts is under way: begun, and neither committed nor rolled back. */
  #open = false;

  private constructor(session: Session) {
    this.#session = session;
  }

  /** @throws SyncError TARGET_UNAVAILABLE, TARGET_DENIED, TARGET_SETTINGS */
  static async open(options: ConnectionOptions): Promise<ApplyConnection> {
    return new ApplyConnection(await Session.open(options, 'target'));
  }

  /** Of no use any more: open another one. */
  get broken(): boolean {
    return this.#session.broken;
  }

  /**
   * Runs one text in one round trip. When it throws, nothing of the transaction was committed, except that a lost connection
   * (TARGET_UNAVAILABLE) leaves it unknown.
   * @returns what each statement on rows gave, in order
   * @throws SyncError FENCED, CHECKPOINT_MISSING, CHECKPOINT_INVALID, ROW_CONFLICT, TARGET_*, TABLE_MISSING, COLUMN_MISSING, APPLY_REFUSED;
   *   details: `table`, `does`, and `change`, `changes`: which changes of the builder the failed statement carried
   */
  async run(text: SqlText): Promise<readonly Result[]> {
    const begins = text.marks[0]?.does === 'begin';
    if (begins === this.#open && text.marks.length > 0) await this.#refuse(begins);
    if (text.marks.length === 0) return [];
    this.#open = true;
    const results = await this.#execute(text);
    this.#open = text.marks.at(-1)?.does !== 'commit';
    return results.filter((_, i) => {
      const mark = text.marks[i];
      return mark !== undefined && 'table' in mark;
    });
  }

  /**
   * Runs statements inside the open transaction. When the server refuses one because a unique value is taken, because of a foreign key, or
   * because a row to update or delete is not there, the transaction stays open: the server has undone that statement, and nothing else. So of
   * a text of several statements those before it have taken effect, and those after it never run; and the count of a DELETE that should have
   * matched several rows leaves those deleted that were there. Who must know gives one change at a time.
   * @param session the text runs in it; our own is there again when this resolves
   * @returns null, or the ROW_CONFLICT (details: as for run(); conflictKind() says which) with which the transaction goes on
   * @throws SyncError as run(), for all else; the transaction is rolled back then
   */
  async attempt(text: SqlText, session: SessionText | null = null): Promise<SyncError | null> {
    if (!this.#open || text.marks.some(({ does }) => does === 'begin' || does === 'commit')) await this.#refuse(this.#open);
    if (text.marks.length === 0) return null;
    const whole = session ? inSession(session, text) : text;
    try {
      await this.#session.execute(whole.sql);
      return null;
    } catch (error) {
      const explained = explainFailure(this.#session, error, whole);
      if (explained.code === 'ROW_CONFLICT' && !this.#session.broken) {
        if (session) await this.#execute({ sql: session.reset, marks: [{ does: 'session' }] });
        return explained;
      }
      await this.rollback();
      throw explained;
    }
  }

  /**
   * The rows of each of some statements, in their order, inside the open transaction.
   * @throws SyncError as run(); the transaction is rolled back then
   */
  async within(sql: string): Promise<readonly (readonly ResultRow[])[]> {
    if (!this.#open) await this.#refuse(false);
    return (await this.#execute({ sql, marks: [] })).map(({ rows }) => rows);
  }

  /** Ends the open transaction. @throws SyncError as run() */
  async commit(): Promise<void> {
    await this.run(commitText);
  }

  /** Gives up the open transaction. Never throws: a connection that cannot roll back is cut, and the server does it. */
  async rollback(): Promise<void> {
    this.#open = false;
    if (this.#session.broken) return;
    await this.#session.execute('ROLLBACK').catch(() => this.#session.destroy());
  }

  /** The rows of one statement. */
  async query(sql: string): Promise<readonly ResultRow[]> {
    if (this.#open) await this.#refuse(true);
    return this.#session.query(sql);
  }

  /** While a text is under way: cuts it off. */
  async close(): Promise<void> {
    if (this.#open) this.#session.destroy();
    await this.#session.close();
  }

  /** Whatever fails, the transaction is rolled back before that is told. */
  async #execute(text: SqlText): Promise<readonly Result[]> {
    try {
      return await this.#session.execute(text.sql);
    } catch (error) {
      await this.rollback();
      const explained = explainFailure(this.#session, error, text);
      // It may have stopped amid the source's session, and nobody may go on in that one.
      if (text.marks.some(({ does }) => does === 'session')) this.#session.destroy();
      throw explained;
    }
  }

  async #refuse(begins: boolean): Promise<never> {
    await this.rollback();
    const what = begins ? 'another text while a transaction is open' : 'rows outside a transaction';
    throw new SyncError('INTERNAL', `${what}; rolled back`);
  }
}
