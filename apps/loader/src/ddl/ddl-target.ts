/**
 * Schema changes at a MySQL target: what is known of one, how it would run here, and running it once however often loader and server are
 * killed. With GTIDs the witness of an open intent decides; without, its definitions do, or a person. Decision 0034, rules 1 to 8 and 12.
 */
import type { Checkpoint } from '@lutra/marker';
import type { DdlActivity, DdlRecord, Route, Router, TableName } from '@lutra/model';
import {
  DdlConnection,
  ddlEnd,
  definitionsOf,
  hasRun,
  joined,
  loadTables,
  losesKey,
  narrowing,
  ofStore,
  readDdl,
  tableCollation,
} from '@lutra/mysql';
import type { ConnectionOptions, DdlOf, DdlRow, SqlText } from '@lutra/mysql';
import type { During } from '@lutra/runtime';
import type { TargetPort } from '../io.js';
import type { LoaderRun, Owned } from '../loader-run.js';
import { isRefusal } from './carry-out.js';
import { beforeMapping } from './before-mapping.js';
import { changedTables } from './changed-tables.js';
import type { DdlConclusion, DdlAt, DdlPlan, DdlRefusal, DdlState, DdlTarget, Misfit } from './carry-out.js';
import { takeLock } from './carry-out-once.js';
import { carryOut, carryOutParts } from './carry-out-parts.js';
import { answerOf, checkpointBehind, keyOf, rowOf } from './ddl-row.js';
import { droppedBy } from './dropped.js';
import { enteredRefusal, seedEntered } from './entered.js';
import { enteringOf } from './entering.js';
import { isMet } from './is-met.js';
import { mapStatement } from './map-statement.js';
import { Marks } from './marks.js';
import { droppedAmid, mayBeOfTool } from './online-plan.js';
import { isHarmlessAgain } from './record-facts.js';
import { refusalOf } from './runnable.js';
import { ddlTiming } from './run-statement.js';
import type { DdlTiming } from './run-statement.js';
import { hasGtids } from './server-facts.js';

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
  /** Routes of each other pipeline to the same target. */
  others(): readonly (readonly Route[])[];
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
    others: () => run.live.newest.ddl?.others ?? [],
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
      const found = await readDdl(connection, keyOf(this.#options.checkpoint, record));
      if (found?.state !== 'intent') return settled(found);
      await takeLock(connection, this.#options.checkpoint.pipeline, this.#options);
      // Who had the lock may have written more.
      const row = await readDdl(connection, keyOf(this.#options.checkpoint, record));
      return row?.state === 'intent' ? this.#decided(connection, record, row) : settled(row);
    });
  }

  async plan(record: DdlRecord): Promise<DdlPlan | DdlRefusal | 'nothing' | 'shadows'> {
    const { checkpoint, router, routes, bothWays } = this.#options;
    const options = { pipeline: checkpoint.pipeline, router, routes };
    const { online, entering } = await this.#connected((connection) => beforeMapping(connection, record, options));
    if (entering) return this.#connected((connection) => enteredRefusal(connection, { ...this.#options, record, entering }));
    const plan = online ?? mapStatement(record, options);
    if (plan === 'nothing' || plan === 'shadows' || isRefusal(plan)) return plan;
    for (const part of plan.parts ?? [{ sql: plan.sql, record }]) {
      const refusal = await this.#connected((connection) => refusalOf(connection, part.record, { sql: part.sql, tables: plan.tables }));
      if (refusal) return { ...refusal, ...(refusal.here && { here: plan }) };
    }
    const isBarred = bothWays && !(await this.#connected(hasGtids));
    const held = mayBeOfTool(record, router) ? await this.#connected((connection) => droppedAmid(connection, record, options)) : null;
    return { ...plan, ...(held && { held }), ...(isBarred && { barred: comesBack }) };
  }

  isMet(record: DdlRecord, plan: DdlPlan): Promise<boolean> {
    return this.#connected((connection) => isMet(connection, record, plan, this.#options.bothWays));
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
    const of = rowOf(this.#options, record, { plan, at });
    const activity = { log, seq, statement: record.statement, here: plan.sql.slice(0, shownCharacters), since: Date.now() };
    return this.#marking((marks) =>
      this.#connected(async (connection) => {
        await takeLock(connection, checkpoint.pipeline, this.#options);
        const onLook = (seen: Pick<DdlActivity, 'progress' | 'blockers'>): void => onActivity({ ...activity, ...seen });
        onLook({ progress: null, blockers: [] });
        try {
          const once = { target, timing, signal, maxSeconds, onLook, connection, marks, key: checkpoint, answer: answerOf(at) };
          const refusal = await (plan.parts ? carryOutParts(of, plan.parts, once) : carryOut(of, record, once));
          if (refusal === null) await this.#end(marks, of, { state: 'done', record, at });
          return refusal;
        } finally {
          onActivity(undefined);
        }
      }),
    );
  }

  async seed(record: DdlRecord, at: DdlAt): Promise<DdlRefusal | null> {
    const { checkpoint, timing = ddlTiming } = this.#options;
    const of = (part: number, sql: string, tables: readonly TableName[]): DdlOf => ({
      ...rowOf(this.#options, record, { plan: { sql, tables }, at }),
      part,
    });
    return this.#marking((marks) =>
      this.#connected(async (connection) => {
        await takeLock(connection, checkpoint.pipeline, this.#options);
        const { entering } = await beforeMapping(connection, record, { pipeline: checkpoint.pipeline, ...this.#options });
        const options = { ...this.#options, timing, connection, marks, of, entering };
        const seeded = await seedEntered(record, at, options);
        if ('reason' in seeded) return seeded;
        const { tables, waits } = seeded;
        await this.#end(marks, of(0, '', tables), { state: 'done', record, at, waits });
        return null;
      }),
    );
  }

  async conclude(record: DdlRecord, state: DdlConclusion, at: DdlAt): Promise<void> {
    const plan = mapStatement(record, this.#options);
    const tables = state === 'shadow' ? changedTables(record) : leavesOf(record, this.#options.router);
    const known = plan === 'nothing' || isRefusal(plan) ? { sql: '', tables } : plan;
    await this.#marking((marks) => this.#end(marks, rowOf(this.#options, record, { plan: known, at }), { state, record, at }));
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
    const of = rowOf(this.#options, record, { plan: { sql: '', tables: [] }, at });
    await this.#marking((marks) => marks.write(ddlEnd(of, 'done', null), of));
    return 'done';
  }

  async #end(marks: Marks, of: DdlOf, { state, record, at, waits = [] }: Ended): Promise<void> {
    const text = joined([ddlEnd(of, state, answerOf(at)), ...waits]);
    await marks.move(text, checkpointBehind(this.#options.checkpoint, record, at)).catch((error: unknown) => {
      throw ofStore(error);
    });
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

interface Ended {
  readonly state: DdlConclusion;
  readonly record: DdlRecord;
  readonly at: DdlAt;
  /** That tables wait for their seed. */
  readonly waits?: readonly SqlText[];
}

const shownCharacters = 4_000;
const comesBack =
  'The target has no GTIDs, so nothing tells what is run here from what its own users run: it would go back to the source. Do it by hand, and answer "done".';

/** By their names here. */
function leavesOf(record: DdlRecord, router: Router): readonly TableName[] {
  return enteringOf(record, router)?.leaves.map(({ target }) => target) ?? [];
}

function settled(row: DdlRow | null): DdlState {
  if (row?.state === 'shadow') return 'done';
  return row?.state === 'done' || row?.state === 'skipped' ? row.state : 'new';
}
