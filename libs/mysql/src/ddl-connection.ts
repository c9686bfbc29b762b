/**
 * The connection on which a schema change runs: it never reconnects, has no open transaction, and holds the pipeline's lock as long as its
 * statement runs, also when its loader has died. A session whose loader sleeps is ended by the server within seconds, and its lock with it.
 */
import { checkpointFence } from '@lutra/marker';
import type { Checkpoint } from '@lutra/marker';
import { SyncError } from '@lutra/model';
import { ddlFailure } from './ddl-failure.js';
import type { DdlFailure } from './ddl-failure.js';
import { gtidOf } from './ddl-store.js';
import type { DdlWitness } from './ddl-store.js';
import { quoteText } from './literal.js';
import { Session, TextFailure } from './session.js';
import type { ConnectionOptions, Queries, ResultRow } from './session-options.js';
import { columnCannotBeNull, countFailed, countStatement } from './sql-text.js';

export interface DdlRun {
  readonly key: Pick<Checkpoint, 'pipeline' | 'part' | 'epoch'>;
  readonly witness: DdlWitness | null;
  /** `name = value` (ddl-session.ts). */
  readonly settings: readonly string[];
  readonly sql: string;
}

/** An ALTER may run for days; whether its session still lives is asked elsewhere (ddl-watch.ts). */
const answerTimeoutMs = 2 ** 31 - 1;

export class DdlConnection implements Queries {
  readonly #session: Session;
  /** Of the server, for KILL QUERY. */
  readonly id: number;

  private constructor(session: Session, id: number) {
    this.#session = session;
    this.id = id;
  }

  /** @throws SyncError TARGET_UNAVAILABLE, TARGET_DENIED, TARGET_SETTINGS */
  static async open(options: ConnectionOptions): Promise<DdlConnection> {
    const session = await Session.open({ ...options, answerTimeoutMs }, 'target');
    const [row] = await session.query('SELECT CONNECTION_ID() AS id');
    return new DdlConnection(session, Number(row?.['id']));
  }

  get broken(): boolean {
    return this.#session.broken;
  }

  query(sql: string): Promise<readonly ResultRow[]> {
    return this.#session.query(sql);
  }

  /** False: another session has it still. */
  async lock(pipeline: string, seconds: number): Promise<boolean> {
    const [row] = await this.query(`SELECT GET_LOCK(${quoteText(`lutra:ddl:${pipeline}`)}, ${seconds}) AS got`);
    return Number(row?.['got']) === 1;
  }

  /**
   * Whether the server takes the text, in that session but for collation_connection. Counter-example with it: PREPARE converts the text to
   * its character set, and names that it lacks are lost. Behind it the connection is of no other use.
   */
  async prepare(settings: readonly string[], sql: string): Promise<DdlFailure | null> {
    const session = settings.filter((one) => !one.startsWith('collation_connection'));
    const text = [`SET @lutra_ddl = ${quoteText(sql)}`, `SET SESSION ${session.join(', ')}`, 'PREPARE lutra_ddl FROM @lutra_ddl'];
    return this.#attempt([...text, 'DEALLOCATE PREPARE lutra_ddl']);
  }

  /**
   * Fence, session, witness and statement in one text: the server stops at the first that fails. The fence is strict, and has no witness,
   * whatever ran here before. Counter-example: under the record's non-strict mode it writes epoch 0 instead of failing, and the statement
   * runs.
   * @throws SyncError FENCED, CHECKPOINT_MISSING; TARGET_UNAVAILABLE: nobody knows whether it ran
   */
  async run({ key, witness, settings, sql }: DdlRun): Promise<DdlFailure | null> {
    const fence = [
      ...this.#ours(witness),
      "SET SESSION sql_mode = 'STRICT_ALL_TABLES'",
      checkpointFence(key),
      countStatement(1),
      `SET SESSION ${settings.join(', ')}`,
    ];
    const text = [...fence, ...(witness ? [`SET SESSION gtid_next = '${gtidOf(witness)}'`] : []), sql];
    const failure = await this.#attempt(text);
    if (!this.#session.broken) await this.#session.query(this.#ours(witness).join('; '));
    if (failure === null || failure.index === text.length - 1) return failure;
    const at = { details: { pipeline: key.pipeline } };
    if (failure.errno === columnCannotBeNull) throw new SyncError('FENCED', 'the checkpoint row has another owner', at);
    if (failure.errno === countFailed) throw new SyncError('CHECKPOINT_MISSING', 'the checkpoint row is gone', at);
    return failure;
  }

  async close(): Promise<void> {
    await this.#session.close();
  }

  /** What runs goes on at the server. */
  destroy(): void {
    this.#session.destroy();
  }

  /** A statement that failed under a GTID leaves it behind. */
  #ours(witness: DdlWitness | null): readonly string[] {
    return ['ROLLBACK', ...(witness ? ["SET SESSION gtid_next = 'AUTOMATIC'"] : [])];
  }

  async #attempt(text: readonly string[]): Promise<DdlFailure | null> {
    try {
      await this.#session.execute(text.join(';\n'));
      return null;
    } catch (error) {
      if (this.#session.broken || !(error instanceof TextFailure) || error.index < 0) throw this.#session.translate(error, 'schema change');
      return ddlFailure(error.driverError, this.#session.translate(error, 'schema change'), error.index);
    }
  }
}
