/**
 * A loader's connection to its target. It runs texts; after any failure the transaction is rolled back, or the connection cut, before the
 * failure is told. The naive way sends the next BEGIN on the same connection, and BEGIN commits the half that had succeeded.
 *
 * When the connection is cut, the server may still be at work on the last text and commit it later. So the next owner of the
 * row, also the same process, takes it over again (ownership.ts): that waits for the old text and fences it if it has not begun.
 */
import { SyncError } from '@lutra/model';
import type { TableName } from '@lutra/model';
import { DefinitionCheck } from './definition-check.js';
import type { Remembered } from './definition-check.js';
import { explainFailure } from './explain-failure.js';
import { Session } from './session.js';
import type { ConnectionOptions, Queries, Result, ResultRow } from './session-options.js';
import type { SqlText } from './sql-text.js';
import { inSession } from './source-session.js';
import type { SessionText } from './source-session.js';
import { commitText, withCheck } from './transaction-text.js';
import { discard, upload } from './upload.js';

export class ApplyConnection implements Queries {
  readonly #session: Session;
  /** A transaction of several texts is under way: begun, and neither committed nor rolled back. */
  #open = false;
  /** Null: nobody remembers definitions, each was read just now. */
  readonly #definitionCheck: DefinitionCheck | null;
  /** Tables that the open transaction has met as they are remembered. */
  #checked: TableName[] = [];

  private constructor(session: Session, remembered: Remembered | null) {
    this.#session = session;
    this.#definitionCheck = remembered && new DefinitionCheck(session, remembered);
  }

  /**
   * @param remembered which tables must be what they were, whenever a transaction writes to them
   * @throws SyncError TARGET_UNAVAILABLE, TARGET_DENIED, TARGET_SETTINGS
   */
  static async open(options: ConnectionOptions, remembered: Remembered | null = null): Promise<ApplyConnection> {
    return new ApplyConnection(await Session.open(options, 'target'), remembered);
  }

  /** How often it began to watch tables: what changes them behind that is noticed by the next transaction that meets them. */
  get armed(): number {
    return this.#definitionCheck?.armed ?? 0;
  }

  /** Of no use any more: open another one. */
  get broken(): boolean {
    return this.#session.broken;
  }

  /**
   * Runs one text in one round trip. When it throws, nothing of the transaction was committed, except that a lost connection
   * (TARGET_UNAVAILABLE) leaves it unknown.
   * @returns what each statement on rows gave, in order
   * @throws SyncError FENCED, CHECKPOINT_MISSING, CHECKPOINT_INVALID, ROW_CONFLICT, TARGET_* (TARGET_CHANGED: a table is not what is
   * remembered of it), TABLE_MISSING, COLUMN_MISSING, APPLY_REFUSED;
   *   details: `table`, `does`, and `change`, `changes`: which changes of the builder the failed statement carried
   */
  async run(text: SqlText): Promise<readonly Result[]> {
    const begins = text.marks[0]?.does === 'begin';
    if (begins === this.#open && text.marks.length > 0) await this.#refuse(begins);
    if (text.marks.length === 0) return [];
    const checked = await this.#checking(text, tablesOf(text));
    this.#open = true;
    const results = await this.#execute(checked);
    this.#open = text.marks.at(-1)?.does !== 'commit';
    if (!this.#open) this.#checked = [];
    return results.filter((_, i) => {
      const mark = checked.marks[i];
      return mark !== undefined && 'table' in mark;
    });
  }

  /**
   * Runs statements inside the open transaction. When the server refuses one because a unique value is taken, because of a foreign key, or
   * because a row to update or delete is not there, the transaction stays open: the server has undone that statement, and nothing else. So
   * of a text of several statements those before it have taken effect, and those after it never run; and the count of a DELETE that should
   * have matched several rows leaves those deleted that were there. Who must know gives one change at a time.
   * @param session the text runs in it; our own is there again when this resolves
   * @returns null, or the ROW_CONFLICT (details: as for run(); conflictKind() says which) with which the transaction goes on
   * @throws SyncError as run(), for all else; the transaction is rolled back then
   */
  async attempt(text: SqlText, session: SessionText | null = null): Promise<SyncError | null> {
    if (!this.#open || text.marks.some(({ does }) => does === 'begin' || does === 'commit')) await this.#refuse(this.#open);
    if (text.marks.length === 0) return null;
    const checked = await this.#checking(session ? inSession(session, text) : text, tablesOf(text));
    try {
      await this.#send(checked);
      return null;
    } catch (error) {
      const explained = explainFailure(this.#session, error, checked);
      if (explained.code === 'ROW_CONFLICT' && !this.#session.broken) {
        if (session) await this.#execute({ sql: session.reset, marks: [{ does: 'session' }] });
        return explained;
      }
      await this.#giveUp(explained);
      // As in #execute().
      if (session) this.#session.destroy();
      throw explained;
    }
  }

  /**
   * The rows of each of some statements, in their order, inside the open transaction.
   * @param tables that are read
   * @throws SyncError as run(); the transaction is rolled back then
   */
  async within(sql: string, tables: readonly TableName[] = []): Promise<readonly (readonly ResultRow[])[]> {
    if (!this.#open) await this.#refuse(false);
    const checked = await this.#checking({ sql, marks: [] }, tables);
    return (await this.#execute(checked)).slice(checked.marks.length).map(({ rows }) => rows);
  }

  /** Ends the open transaction. @throws SyncError as run() */
  async commit(): Promise<void> {
    await this.run(commitText);
  }

  /** Gives up the open transaction. Never throws: a connection that cannot roll back is cut, and the server does it. */
  async rollback(): Promise<void> {
    this.#open = false;
    this.#checked = [];
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

  /** Its large values first: before the text begins a transaction no lock waits for them. */
  async #send({ sql, staged = [] }: SqlText): Promise<readonly Result[]> {
    if (staged.length === 0) return this.#session.execute(sql);
    try {
      await upload(this.#session, staged);
      return await this.#session.execute(sql);
    } finally {
      await discard(this.#session, staged);
    }
  }

  /** Whatever fails, the transaction is rolled back before that is told. */
  async #execute(text: SqlText): Promise<readonly Result[]> {
    try {
      return await this.#send(text);
    } catch (error) {
      const explained = explainFailure(this.#session, error, text);
      await this.#giveUp(explained);
      // It may have stopped amid the source's session, and nobody may go on in that one.
      if (text.marks.some(({ does }) => does === 'session')) this.#session.destroy();
      throw explained;
    }
  }

  /** With a check of the tables that the transaction has not met yet. */
  async #checking(text: SqlText, tables: readonly TableName[]): Promise<SqlText> {
    const definitionCheck = this.#definitionCheck;
    if (!definitionCheck) return text;
    const unmet = definitionCheck.knownOf(tables).filter((table) => !this.#checked.some((met) => sameName(met, table)));
    if (unmet.length === 0) return text;
    try {
      await definitionCheck.arm(unmet);
    } catch (error) {
      const explained = this.#session.translate(error, 'read definitions');
      await this.#giveUp(explained);
      throw explained;
    }
    this.#checked.push(...unmet);
    return withCheck(text, definitionCheck.check(unmet));
  }

  /** What its session has counted once it counts for ever. */
  async #giveUp({ code }: SyncError): Promise<void> {
    await this.rollback();
    if (code === 'TARGET_CHANGED') this.#session.destroy();
  }

  async #refuse(begins: boolean): Promise<never> {
    await this.rollback();
    const what = begins ? 'another text while a transaction is open' : 'rows outside a transaction';
    throw new SyncError('INTERNAL', `${what}; rolled back`);
  }
}

/** Each once. */
function tablesOf({ marks }: SqlText): readonly TableName[] {
  const tables: TableName[] = [];
  for (const mark of marks) if ('table' in mark && !tables.some((table) => sameName(table, mark.table))) tables.push(mark.table);
  return tables;
}

function sameName(a: TableName, b: TableName): boolean {
  return a.database === b.database && a.name === b.name;
}
