/**
 * Makes a server ready to be an endpoint, with the login of an administrator that nobody keeps, and takes it back. Each step may be carried
 * out again: what was interrupted is begun anew.
 */
import { SyncError } from '@lutra/model';
import type { Prepared, PreparedStep } from '@lutra/model';
import { quoteText } from '../literal.js';
import { textOf } from '../server-facts.js';
import { Session } from '../session.js';
import type { ConnectionOptions } from '../session-options.js';
import { lookAt } from './look.js';
import type { Look, PrepareWant } from './look.js';
import { accountText, doing, isOfUser, stepId, undoing } from './steps.js';
import type { StepContext } from './steps.js';

export interface UndoStep {
  readonly step: PreparedStep;
  readonly sql: readonly string[];
}

export class Preparation {
  readonly #session: Session;

  private constructor(session: Session) {
    this.#session = session;
  }

  /** @throws SyncError TARGET_UNAVAILABLE, TARGET_DENIED */
  static async open(administrator: ConnectionOptions): Promise<Preparation> {
    return new Preparation(await Session.open(administrator, 'target'));
  }

  close(): Promise<void> {
    return this.#session.close();
  }

  look(want: PrepareWant): Promise<Look> {
    return lookAt(this.#session, want);
  }

  /** @throws SyncError that names the step that the server refused */
  async carryOut(steps: readonly PreparedStep[], context: StepContext, password: string): Promise<void> {
    for (const step of steps) await this.#run(step, doing(step, context, quoteText(password)), context);
  }

  /** For a user of ours that does not log in: whoever began was interrupted, and has another password now. */
  async setPassword({ account, binlog }: StepContext, password: string): Promise<void> {
    const text = `ALTER USER ${accountText(account)} IDENTIFIED BY ${quoteText(password)}`;
    await this.#run({ kind: 'user' }, [text], { binlog });
  }

  /** What is as we made it; the rest is somebody else's by now, and stays. */
  async undoable(prepared: Prepared): Promise<readonly UndoStep[]> {
    const { steps } = prepared;
    const isGoneWith = ({ kind }: PreparedStep): boolean =>
      (kind === 'grant' && steps.some((step) => step.kind === 'user')) ||
      (kind === 'table' && steps.some((step) => step.kind === 'database'));
    const found: UndoStep[] = [];
    for (const step of steps.toReversed()) {
      if (isGoneWith(step) || !(await this.#isOurs(step))) continue;
      found.push({ step, sql: undoing(step, prepared) });
    }
    return found;
  }

  async undo(steps: readonly UndoStep[], context: StepContext): Promise<void> {
    for (const { step, sql } of steps) await this.#run(step, sql, context);
  }

  /** How many sessions the user has: somebody works with it. */
  async sessionsOf({ user }: Prepared['account']): Promise<number> {
    return (await this.#session.query('SHOW PROCESSLIST')).filter((row) => textOf(row, 'User') === user).length;
  }

  async #isOurs(step: PreparedStep): Promise<boolean> {
    if (step.kind !== 'setting') return true;
    const [row] = await this.#session.query(`SHOW GLOBAL VARIABLES WHERE Variable_name = ${quoteText(step.variable)}`);
    return textOf(row, 'Value').toUpperCase() === step.value.toUpperCase();
  }

  async #run(step: PreparedStep, sql: readonly string[], { binlog }: Pick<StepContext, 'binlog'>): Promise<void> {
    const quiet = isOfUser(step) && !binlog;
    try {
      if (quiet) await this.#session.query('SET SESSION sql_log_bin = 0');
      for (const statement of sql) await this.#session.query(statement);
      if (quiet) await this.#session.query('SET SESSION sql_log_bin = 1');
    } catch (error) {
      if (!(error instanceof SyncError)) throw error;
      if (sql.every((text) => text.startsWith('REVOKE ')) && goneAlready.has(error.refused.errno ?? 0)) return;
      throw error.again(`${stepId(step)}: ${error.message}`, {});
    }
  }
}

/** The right, or the user, is not there any more. */
const goneAlready = new Set([1141, 1147, 1269, 1410]);

/** Whether the user gets in. @throws SyncError *_UNAVAILABLE */
export async function logsIn(user: ConnectionOptions): Promise<boolean> {
  try {
    await (await Session.open(user, 'target')).close();
    return true;
  } catch (error) {
    if (error instanceof SyncError && error.code === 'TARGET_DENIED') return false;
    throw error;
  }
}
