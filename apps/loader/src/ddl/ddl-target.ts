/**
 * Schema changes at a MySQL target: what is known of one, how it would run here, and running it once however often loader and server are
 * killed. With GTIDs the witness of an open intent decides; without, its definitions do, or a person. Decision 0034, rules 1 to 8 and 12.
 */
import type { Checkpoint } from '@lutra/marker';
import { tableName } from '@lutra/model';
import type { DdlActivity, DdlRecord, Route, Router } from '@lutra/model';
import {
  DdlConnection,
  ddlEnd,
  ddlSettings,
  definitionsOf,
  hasRun,
  loadTables,
  losesKey,
  narrowing,
  ofStore,
  readDdl,
  tableCollation,
} from '@lutra/mysql';
import type { ConnectionOptions, DdlOf, DdlRow } from '@lutra/mysql';
import type { During } from '@lutra/runtime';
import type { TargetPort } from '../io.js';
import type { LoaderRun, Owned } from '../loader-run.js';
import { isRefusal } from './carry-out.js';
import type { DdlDecision, DdlAt, DdlPlan, DdlRefusal, DdlState, DdlTarget, Misfit } from './carry-out.js';
import { droppedBy } from './dropped.js';
import { carryOutOnce, hasGtids, takeLock } from './carry-out-once.js';
import { numbersRows } from './made-up.js';
import { mapStatement } from './map-statement.js';
import { Marks } from './marks.js';
import { showsAll } from './met.js';
import { refusalOf } from './runnable.js';
import { ddlTiming } from './run-statement.js';
import type { DdlTiming } from './run-statement.js';

export interface ServerDdlTargetOptions {
  readonly target: ConnectionOptions;
  readonly port: Pick<TargetPort, 'connect' | 'loadTable'>;
  readonly checkpoint: Checkpoint;
  readonly router: Router;
  readonly routes: readonly Route[];
  readonly signal: AbortSignal;
  readonly during: During;
  readonly timing?: DdlTiming;
  /** What is written here goes to the source too. */
  readonly bothWays: boolean;
  maxSeconds(): number | undefined;
  /** Undefined: nothing runs any more. */
  onActivity(activity: DdlActivity | undefined): void;
}

export function ddlTargetOf(run: LoaderRun, { checkpoint }: Owned, { router }: { readonly router: Router }): DdlTarget {
  const { deps, target, signal, during } = run;
  return new ServerDdlTarget({
    target,
    port: deps.io.target,
    checkpoint,
    router,
    routes: run.work.routes,
    signal,
    during,
    bothWays: run.work.ddl?.bothWays === true,
    maxSeconds: () => run.live.newest.ddl?.settings?.maxSeconds,
    onActivity: (ddl) => deps.status.update({ ddl }),
  });
}

export class ServerDdlTarget implements DdlTarget {
  readonly #options: ServerDdlTargetOptions;

  constructor(options: ServerDdlTargetOptions) {
    this.#options = options;
  }

  async look(record: DdlRecord): Promise<DdlState> {
    return this.#connected(async (connection) => {
      const found = await readDdl(connection, this.#key(record));
      if (found?.state !== 'intent') return settled(found);
      await takeLock(connection, this.#options.checkpoint.pipeline, this.#options);
      // Who had the lock may have written more.
      const row = await readDdl(connection, this.#key(record));
      return row?.state === 'intent' ? this.#decided(connection, record, row) : settled(row);
    });
  }

  plan(record: DdlRecord): Promise<DdlPlan | DdlRefusal | 'nothing'> {
    return this.#connected(async (connection) => {
      const plan = mapStatement(record, this.#options);
      if (plan === 'nothing' || isRefusal(plan)) return plan;
      const isBarred = this.#options.bothWays && !(await hasGtids(connection));
      return (await refusalOf(connection, record, plan)) ?? (isBarred ? { ...plan, barred: comesBack } : plan);
    });
  }

  isMet(record: DdlRecord, plan: DdlPlan): Promise<boolean> {
    return this.#connected((connection) => showsAll(connection, { record, plan, bothWays: this.#options.bothWays }));
  }

  misfits(record: DdlRecord, { tables: [of] }: DdlPlan): Promise<Misfit | null> {
    return this.#connected(async (connection) => {
      const [table] = of ? await loadTables(connection, of.database, of.name) : [];
      // The statement says it itself.
      if (!of || !table) return null;
      const narrower = narrowing({ table, collation: await tableCollation(connection, of) }, record.modifies);
      const key = losesKey(table, droppedBy(record));
      if (narrower !== null) return { what: 'narrower', why: narrower };
      return key === null ? null : { what: 'key', why: key };
    });
  }

  async run(record: DdlRecord, plan: DdlPlan, at: DdlAt): Promise<DdlRefusal | null> {
    const { onActivity, checkpoint, maxSeconds, signal, target, timing = ddlTiming } = this.#options;
    const { log, seq } = at.position;
    const of = this.#of(record, plan, at);
    const activity = { log, seq, statement: record.statement, here: plan.sql.slice(0, shownCharacters), since: Date.now() };
    return this.#marking((marks) =>
      this.#connected(async (connection) => {
        await takeLock(connection, checkpoint.pipeline, this.#options);
        const settings = await ddlSettings(connection, record.session);
        if ('problem' in settings) return { reason: 'unmapped', message: settings.problem };
        const differs = await numbersRows(connection, record, plan);
        if (differs) return differs;
        const onLook = (seen: Pick<DdlActivity, 'progress' | 'blockers'>): void => onActivity({ ...activity, ...seen });
        onLook({ progress: null, blockers: [] });
        try {
          const once = { target, timing, signal, maxSeconds, onLook, connection, marks, key: checkpoint, answer: answerOf(at.decision) };
          const refusal = await carryOutOnce(of, settings.set, once);
          if (refusal === null) await this.#end(marks, of, { state: 'done', record, at });
          return refusal;
        } finally {
          onActivity(undefined);
        }
      }),
    );
  }

  async conclude(record: DdlRecord, state: 'done' | 'skipped', at: DdlAt): Promise<void> {
    const plan = mapStatement(record, this.#options);
    const known = plan === 'nothing' || isRefusal(plan) ? { sql: '', tables: [] } : plan;
    await this.#marking((marks) => this.#end(marks, this.#of(record, known, at), { state, record, at }));
  }

  /** Of an open intent whose session is over. */
  async #decided(connection: DdlConnection, record: DdlRecord, row: DdlRow): Promise<DdlState> {
    if (row.witness) {
      if (!(await hasRun(connection, row.witness))) return 'new';
    } else {
      const plan = mapStatement(record, this.#options);
      if (plan === 'nothing' || isRefusal(plan)) return 'open';
      const isSame = JSON.stringify(await definitionsOf(connection, plan.tables)) === row.before;
      if (isSame || record.statement === 'TRUNCATE TABLE') return isHarmlessAgain(record) ? 'new' : 'open';
    }
    const at = { position: { log: '', logEpoch: 0, seq: 0, nextOffset: 0 }, decision: null };
    const of = this.#of(record, { sql: '', tables: [] }, at);
    await this.#marking((marks) => marks.write(ddlEnd(of, 'done', null), of));
    return 'done';
  }

  async #end(
    marks: Marks,
    of: DdlOf,
    { state, record, at }: { readonly state: 'done' | 'skipped'; readonly record: DdlRecord; readonly at: DdlAt },
  ): Promise<void> {
    const { log: logId, logEpoch, seq, nextOffset } = at.position;
    const gtid = isGtid.test(record.id) ? record.id : null;
    const { origin, path } = record;
    const moved = {
      ...this.#options.checkpoint,
      logId,
      logEpoch,
      seq,
      nextOffset,
      gtid,
      sourceUs: record.session.timestampUs,
      origin,
      path,
    };
    await marks.move(ddlEnd(of, state, answerOf(at.decision)), moved).catch((error: unknown) => {
      throw ofStore(error);
    });
  }

  #key(record: DdlRecord): Pick<DdlOf, 'pipeline' | 'record' | 'part'> {
    return { pipeline: this.#options.checkpoint.pipeline, record: keyOf(record), part: 0 };
  }

  #of(record: DdlRecord, { sql, tables }: DdlPlan, { position: { log, seq }, own }: DdlAt): DdlOf {
    const { statement } = record;
    const { origin, path } = own ?? record;
    return { ...this.#key(record), log, seq, statement, sql, tables, origin, path };
  }

  async #connected<T>(work: (connection: DdlConnection) => Promise<T>): Promise<T> {
    const connection = await DdlConnection.open(this.#options.target);
    try {
      return await work(connection);
    } finally {
      await connection.close();
    }
  }

  async #marking<T>(work: (marks: Marks) => Promise<T>): Promise<T> {
    const { target, port, checkpoint } = this.#options;
    const marks = new Marks({ target, port, key: checkpoint });
    try {
      return await work(marks);
    } finally {
      await marks.close();
    }
  }
}

const shownCharacters = 4_000;
const comesBack =
  'The target has no GTIDs, so nothing tells what is run here from what its own users run: it would go back to the source. Do it by hand, and answer "done".';
/** Of MySQL, with a tag or without; of MariaDB. Where a source has none, the id of a record is a place in its binlog. */
const isGtid = /^(?:[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}(?::\w+)?:\d+|\d+-\d+-\d+)$/i;

/**
 * A GTID, or a place in a file, is used again where a source was restored from a backup, or began its binlogs anew. Counter-example for the
 * id alone: the statement that has it then is taken for the one that ran. The second that it ran in is the same wherever it is read.
 */
function keyOf({ id, session }: DdlRecord): string {
  return `${id}@${Math.floor(session.timestampUs / 1e6)}`;
}

function settled(row: DdlRow | null): DdlState {
  return row?.state === 'done' || row?.state === 'skipped' ? row.state : 'new';
}

function answerOf(decision: DdlDecision | null): string | null {
  return decision && JSON.stringify(decision);
}

/**
 * Definitions are as they were: it did not run, or it changed nothing, or it does what it did once more. Counter-example for any RENAME:
 * two tables that are defined alike change their names, and back.
 */
function isHarmlessAgain({ statement, clauses, tables }: DdlRecord): boolean {
  const from = tables.filter(({ role }) => role === 'from').map(tableName);
  if (tables.some((table) => table.role === 'to' && from.includes(tableName(table)))) return false;
  return clauses !== null || /^(?:TRUNCATE TABLE|(?:CREATE|DROP) (?:TABLE|INDEX|DATABASE)|ALTER DATABASE|RENAME TABLE)$/.test(statement);
}
