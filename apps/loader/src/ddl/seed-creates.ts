/**
 * What seeding creates at a target is a schema change like others: it has an intent and a witness, by which the target's capture knows it
 * for a copy. Without one it would go back where it came from. Decision 0034, rule 13.
 */
import type { Checkpoint } from '@lutra/marker';
import { toSyncError } from '@lutra/model';
import { DdlConnection, ddlEnd, Kept } from '@lutra/mysql';
import type { ConnectionOptions, CreateStatement, DdlOf } from '@lutra/mysql';
import type { During } from '@lutra/runtime';
import type { TargetPort } from '../io.js';
import type { LoaderRun } from '../loader-run.js';
import { carryOutOnce, rights, takeLock } from './carry-out-once.js';
import { Marks } from './marks.js';
import { ddlTiming } from './run-statement.js';
import { hasGtids, isMariadb } from './server-facts.js';

export interface SeedCreatesOptions {
  readonly target: ConnectionOptions;
  readonly port: Pick<TargetPort, 'connect' | 'loadTable'>;
  readonly checkpoint: Checkpoint;
  /** Its region. */
  readonly source: string;
  readonly bothWays: boolean;
  readonly signal: AbortSignal;
  readonly during: During;
  warn(message: string): void;
}

type SeedCreates = (record: string, statement: CreateStatement) => Promise<string | null>;

export function seedCreates({ deps, work, target, signal, during }: LoaderRun, checkpoint: Checkpoint): SeedCreates {
  const bothWays = (work.detector?.back.length ?? 0) > 0;
  const warn = (message: string): void => deps.logger.warn(message);
  return createsOf({ target, port: deps.io.target, checkpoint, source: work.source.region, bothWays, signal, during, warn });
}

/** Resolves to why a statement could not be run; null: it ran. */
export function createsOf(options: SeedCreatesOptions): SeedCreates {
  const kept = new Kept(() => Creator.open(options));
  return (record, created) => kept.use((creator) => creator.run(record, created));
}

/** Many tables are mostly created one after the other: what they take is opened once. It holds the pipeline's lock meanwhile. */
class Creator {
  readonly #options: SeedCreatesOptions;
  readonly #connection: DdlConnection;
  /** Null: what it creates has a witness. */
  readonly #lacking: string | null;
  readonly #marks: Marks;
  #isLocked = false;

  private constructor(options: SeedCreatesOptions, connection: DdlConnection, lacking: string | null) {
    const { target, port, checkpoint } = options;
    this.#options = options;
    this.#connection = connection;
    this.#lacking = lacking;
    this.#marks = new Marks({ target, port, key: checkpoint });
  }

  static async open(options: SeedCreatesOptions): Promise<Creator> {
    const connection = await DdlConnection.open({ ...options.target, foreignKeyChecks: false });
    try {
      return new Creator(options, connection, await lackingOf(connection));
    } catch (error) {
      await connection.close();
      throw error;
    }
  }

  get broken(): boolean {
    return this.#connection.broken || this.#options.signal.aborted;
  }

  async run(record: string, created: CreateStatement): Promise<string | null> {
    const { bothWays, warn } = this.#options;
    const lacking = this.#lacking;
    if (lacking === null) return this.#witnessed(ofStatement(record, created, this.#options));
    if (bothWays && lacking !== mariadb) return `${lacking}: what is created here would go back to the source as a schema change`;
    warn(`${record}: ${created.statement} runs without a witness: ${lacking}`);
    return plain(this.#connection, created.sql);
  }

  async #witnessed(of: DdlOf): Promise<string | null> {
    const { target, checkpoint, signal } = this.#options;
    if (!this.#isLocked) await takeLock(this.#connection, of.pipeline, this.#options);
    this.#isLocked = true;
    const once = { target, timing: ddlTiming, signal, connection: this.#connection, marks: this.#marks, key: checkpoint, answer: null };
    const bound = { maxSeconds: () => undefined, onLook: () => undefined };
    const refusal = await carryOutOnce(of, settings, { ...once, ...bound });
    if (refusal === null) await this.#marks.write(ddlEnd(of, 'done', null), of);
    return refusal?.message ?? null;
  }

  async close(): Promise<void> {
    await Promise.all([this.#marks.close(), this.#connection.close()]);
  }
}

async function plain(connection: DdlConnection, sql: string): Promise<string | null> {
  try {
    await connection.query(sql);
    return null;
  } catch (error) {
    const { outcome, code, message } = toSyncError(error);
    if (outcome !== 'stop' || code === 'TARGET_DENIED') throw error;
    return message;
  }
}

/** SHOW CREATE TABLE prints what is to be read so; its parents need not be there yet. */
const settings = [
  "sql_mode = 'STRICT_ALL_TABLES,ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO,NO_ENGINE_SUBSTITUTION'",
  'foreign_key_checks = 0',
];

/** The record that asked for it has no place of its own here: −1. */
function ofStatement(record: string, { statement, sql, table }: CreateStatement, { checkpoint, source }: SeedCreatesOptions): DdlOf {
  const part = statement === 'CREATE TABLE' ? 0 : 1;
  const { pipeline, logId: log } = checkpoint;
  return { pipeline, record, part, log, seq: -1, statement, sql, tables: [table], origin: source, path: [source] };
}

const mariadb = 'MariaDB has no such witness yet';

/** Null: it can have a witness. */
async function lackingOf(connection: DdlConnection): Promise<string | null> {
  if (await isMariadb(connection)) return mariadb;
  if (!(await hasGtids(connection))) return 'the target has no GTIDs';
  const isDenied = await connection.query("SET SESSION gtid_next = 'AUTOMATIC'").then(
    () => false,
    (error: unknown) => {
      if (toSyncError(error).code === 'TARGET_DENIED') return true;
      throw error;
    },
  );
  return isDenied ? `the user may not set gtid_next. ${rights}` : null;
}
