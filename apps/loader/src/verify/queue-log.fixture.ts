/**
 * For tests of verification on two real servers: a queue that stands in for capture, Kafka and loader. It carries what a test writes, late
 * and in order, and answers probes at their place in it, as they do.
 */
import { createHash } from 'node:crypto';
import { rowFromJson, rowToJson } from '@lutra/model';
import type { Row, TableName } from '@lutra/model';
import { planDigest, rowsByKeyQuery, sameRowsBeside, Session, toRowBeside } from '@lutra/mysql';
import type { DigestPlan, DigestedSide, ResultRow } from '@lutra/mysql';
import type { TestServer } from '../../../../libs/mysql/src/mysql.fixture.js';
import { ServerProbes } from './probes.js';
import type { ProbeOutcome } from './probes.js';
import type { SieveOptions } from './sieve.js';
import { ServerPair } from './table-pair.js';
import type { TableVerification } from './verify-table.js';

/** Source and target. */
export type Both<T> = readonly [T, T];

/** What is on its way from the source to the target, in order. */
export class Log {
  readonly #waiting: (() => Promise<void>)[] = [];
  #running = false;

  add(entry: () => Promise<void>): void {
    this.#waiting.push(entry);
  }

  /** Entries come late, as after a distance. */
  async run(ended: AbortSignal): Promise<void> {
    this.#running = true;
    while (!ended.aborted || this.#waiting.length > 0) {
      const entry = this.#waiting.shift();
      if (entry) await entry();
      else await new Promise((resolve) => setTimeout(resolve, 1));
    }
    this.#running = false;
  }

  get stands(): string | null {
    return this.#running ? null : 'the log does not run';
  }

  /** Everything that is in it now has arrived. */
  async passed(): Promise<string | null> {
    if (!this.#running) return this.stands;
    await new Promise<void>((resolve) => this.add(async () => resolve()));
    return null;
  }
}

/** Again and again, until it is ended. */
export function everyTurn(work: () => Promise<void>, pauseMs = 20): { end(): Promise<void> } {
  let isEnded = false;
  const done = (async () => {
    while (!isEnded) {
      await work();
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  })();
  return {
    end: () => {
      isEnded = true;
      return done;
    },
  };
}

/** One statement after the other on a connection of its own, whoever asks. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  constructor(readonly session: Session) {}

  query(sql: string): Promise<readonly ResultRow[]> {
    const next = this.#last.then(() => this.session.query(sql));
    this.#last = next.catch(() => undefined); // its caller has it
    return next;
  }
}

export async function digestPlanOf(
  servers: Both<TestServer>,
  [session]: Both<Session>,
  { database, name }: TableName,
): Promise<DigestPlan> {
  const [source, target] = [await servers[0].load(database, name), await servers[1].load(database, name)];
  const plan = await planDigest(session, { from: source.target, to: target.target });
  if (typeof plan === 'string') throw new Error(plan);
  return plan;
}

/** Capture's and the loader's part of a probe. */
export class Prober {
  readonly #turns: Both<Turns>;
  readonly #plan: DigestPlan;

  constructor(turns: Both<Turns>, plan: DigestPlan) {
    this.#turns = turns;
    this.#plan = plan;
  }

  /** Takes the entries of lutra.resync, reads the rows, and answers where they pass in the log. */
  async answer(log: Log, { database, name }: TableName): Promise<void> {
    const [source, target] = this.#turns;
    const entries = await source.query(
      `SELECT id, row_key AS k, request FROM lutra.resync WHERE schema_name = '${database}' AND table_name = '${name}'`,
    );
    for (const { id, k, request } of entries) {
      const key = rowFromJson(String(k));
      await source.query(`DELETE FROM lutra.resync WHERE id = ${String(id)}`);
      // Publishing is one at a time: no write of the source stands between the read and its place.
      const there = await this.#row('source', key);
      log.add(async () => {
        const outcome = await this.#outcome(key, there);
        const hash = `X'${createHash('sha256').update(rowToJson(key)).digest('hex')}'`;
        await target.query(
          `UPDATE lutra.difference SET outcome = '${outcome}', log_id = 'l', seq = 1 WHERE request = '${String(request)}' AND key_hash = ${hash}`,
        );
      });
    }
  }

  /** As a loader does: the source's row of the probe's place against the target's of now. */
  async #outcome(key: Row, there: Row | undefined): Promise<ProbeOutcome> {
    const here = await this.#row('target', key);
    if (!there || !here) return there ? 'missing-here' : here ? 'missing-there' : 'equal';
    return (await sameRowsBeside(this.#plan.target.rows, there, here)) ? 'equal' : 'different';
  }

  async #row(side: DigestedSide, key: Row): Promise<Row | undefined> {
    const [row] = await this.#turns[side === 'source' ? 0 : 1].query(rowsByKeyQuery(this.#plan[side], [key]));
    return row && (await toRowBeside(this.#plan[side].rows, row));
  }
}

export interface QueuedVerification {
  readonly plan: DigestPlan;
  readonly request: string;
  readonly log: Log;
  readonly sieve: SieveOptions;
  readonly table: TableName;
}

export function verificationOf(
  [source, target]: Both<Session>,
  { plan, request, log, sieve, table }: QueuedVerification,
): TableVerification {
  const of = { pipeline: 'abcdefghijkl', request, table };
  return {
    pair: new ServerPair({ plan, source, target, where: null }),
    crossed: () => log.passed(),
    stands: async () => log.stands,
    probes: new ServerProbes(of, { source, target }),
    sieve,
    probing: { signal: new AbortController().signal, pollMs: 20 },
    mayBeExtra: false,
  };
}
