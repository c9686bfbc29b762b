/**
 * A loader's connection to its target. It runs texts; after any failure the transaction is rolled back, or the connection cut, before the
 * failure is told. The naive way sends the next BEGIN on the same connection, and BEGIN commits the half that had succeeded.
 *
 * When the connection is cut, the server may still be at work on the last text and commit it later. So the next owner of the
 * row, also the same process, takes it over again (ownership.ts): that waits for the old text and fences it if it has not begun.
 */
import { SyncError, tableName } from '@lutra/model';
import type { ErrorDetails } from '@lutra/model';
import { Session, TextFailure } from './session.js';
import type { ConnectionOptions, Queries, ResultRow } from './session-options.js';
import { countFailed } from './sql-text.js';
import type { Mark, SqlText } from './sql-text.js';
import { commitText } from './transaction-text.js';

const columnCannotBeNull = 1048;
/** What the upsert of safe-plan.ts fails with; the same trick as countStatement. */
const upsertRefused = countFailed;

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
   * @throws SyncError FENCED, CHECKPOINT_MISSING, CHECKPOINT_INVALID, ROW_CONFLICT, TARGET_*, TABLE_MISSING, COLUMN_MISSING, APPLY_REFUSED;
   *   details: `table`, `does`, and `change`, `changes`: which changes of the builder the failed statement carried
   */
  async run(text: SqlText): Promise<void> {
    const begins = text.marks[0]?.does === 'begin';
    if (begins === this.#open && text.marks.length > 0) await this.#refuse(begins);
    if (text.marks.length === 0) return;
    this.#open = true;
    await this.#execute(text);
    this.#open = text.marks.at(-1)?.does !== 'commit';
  }

  /**
   * Runs statements inside the open transaction. When the server refuses one because a unique value is taken, because of a foreign key, or
   * because a row to update or delete is not there, the transaction stays open: the server has undone that statement, and nothing else. So of
   * a text of several statements those before it have taken effect, and those after it never run; and the count of a DELETE that should have
   * matched several rows leaves those deleted that were there. Who must know gives one change at a time.
   * @returns null, or the ROW_CONFLICT (details: as for run(); conflictKind() says which) with which the transaction goes on
   * @throws SyncError as run(), for all else; the transaction is rolled back then
   */
  async attempt(text: SqlText): Promise<SyncError | null> {
    if (!this.#open || text.marks.some(({ does }) => does === 'begin' || does === 'commit')) await this.#refuse(this.#open);
    if (text.marks.length === 0) return null;
    try {
      await this.#session.execute(text.sql);
      return null;
    } catch (error) {
      const explained = this.#explain(error, text);
      if (explained.code === 'ROW_CONFLICT') return explained;
      await this.rollback();
      throw explained;
    }
  }

  /**
   * The rows of one statement, or of several in their order, inside the open transaction.
   * @throws SyncError as run(); the transaction is rolled back then
   */
  async within(sql: string): Promise<readonly ResultRow[]> {
    if (!this.#open) await this.#refuse(false);
    return (await this.#execute({ sql, marks: [] })).flat();
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
  async #execute(text: SqlText): Promise<readonly (readonly ResultRow[])[]> {
    try {
      return await this.#session.execute(text.sql);
    } catch (error) {
      await this.rollback();
      throw this.#explain(error, text);
    }
  }

  async #refuse(begins: boolean): Promise<never> {
    await this.rollback();
    const what = begins ? 'another text while a transaction is open' : 'rows outside a transaction';
    throw new SyncError('INTERNAL', `${what}; rolled back`);
  }

  #explain(error: unknown, text: SqlText): SyncError {
    const index = error instanceof TextFailure ? error.index : -1;
    const mark = text.marks[index];
    const translated = this.#session.translate(error, mark ? describe(mark) : 'apply');
    const details = { ...translated.details, ...(mark && factsOf(mark)) };
    const errno = translated.details['errno'];
    return mark && typeof errno === 'number'
      ? withMark(translated, { mark, errno, details })
      : new SyncError(translated.code, translated.message, { details });
  }
}

function withMark(error: SyncError, { mark, errno, details }: { mark: Mark; errno: number; details: ErrorDetails }): SyncError {
  switch (mark.does) {
    case 'fence':
      if (errno === columnCannotBeNull)
        return new SyncError('FENCED', 'another loader owns the checkpoint row, or has applied this already', { details });
      if (error.code === 'TABLE_MISSING' || error.code === 'COLUMN_MISSING')
        return new SyncError('CHECKPOINT_INVALID', error.message, { details });
      break;
    case 'count fence':
      if (errno === countFailed) return new SyncError('CHECKPOINT_MISSING', 'the checkpoint row is gone', { details });
      break;
    case 'count rows':
      if (errno === countFailed) return new SyncError('ROW_CONFLICT', `${tableName(mark.table)}: ${missing(mark.changes)}`, { details });
      break;
    case 'upsert':
      if (errno === upsertRefused)
        return new SyncError('ROW_CONFLICT', `${tableName(mark.table)}: a row of another key holds a unique value`, { details });
      break;
    default:
  }
  return new SyncError(error.code, error.message, { details });
}

function missing(changes: number): string {
  return changes === 1 ? 'the row to update or delete is not there' : `not all of the ${changes} rows to delete are there`;
}

function describe(mark: Mark): string {
  return 'table' in mark ? `${mark.does} ${tableName(mark.table)}` : mark.does;
}

function factsOf(mark: Mark): ErrorDetails {
  if (!('table' in mark)) return { does: mark.does };
  return { does: mark.does, database: mark.table.database, table: mark.table.name, change: mark.change, changes: mark.changes };
}
