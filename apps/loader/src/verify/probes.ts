/**
 * Probes: rows that capture publishes and the loader compares at that place of the log, which values alone cannot do (a value that goes
 * and comes back is equal in two looks and differs in none). A key is written into lutra.difference as `asked` first and asked for after
 * that: an answer without a question would be found by nobody.
 *
 * Each time that keys are asked for is a round with a request of its own, and what it found becomes the order's in one transaction.
 * Counter-example with the order's request: a probe without an answer in time is answered after the next pass, or a repair, has asked for
 * the same row; the answer is of an earlier place of the log, and counts.
 */
import { createHash } from 'node:crypto';
import { rowFromJson, rowToJson, SyncError } from '@lutra/model';
import type { Row, TableName } from '@lutra/model';
import { quoteText } from '@lutra/mysql';
import type { Queries, ResultRow } from '@lutra/mysql';
import { sleep } from '@lutra/runtime';
import { anyRound, inTransaction, is, roundOf } from './probe-rounds.js';

export const probeOutcomes = ['asked', 'equal', 'in-flight', 'missing-here', 'missing-there', 'different'] as const;
export type ProbeOutcome = (typeof probeOutcomes)[number];
export type Outcomes = Readonly<Record<ProbeOutcome, number>>;

/** `ask`, `outcomes`, `keysWith` and `problem` are of the round. */
export interface ProbeStore {
  /** A round begins; what other rounds have left behind is removed. */
  begin(): Promise<void>;
  /** Again, too: what was answered before stays. */
  ask(keys: readonly Row[]): Promise<void>;
  outcomes(): Promise<Outcomes>;
  keysWith(outcome: ProbeOutcome): Promise<readonly Row[]>;
  /** Why capture cannot send what was asked for; null: it has not said so. */
  problem(): Promise<string | null>;
  /** The rows that differ stand in place of what the order had found: of the whole table, or of the rows that have an answer. */
  keep(of: 'table' | 'rows'): Promise<void>;
}

export interface ProbedTable {
  readonly pipeline: string;
  /** Of the order. */
  readonly request: string;
  /** At the source. */
  readonly table: TableName;
}

export const differingOutcomes = ['missing-here', 'missing-there', 'different'] as const;
const batchKeys = 500;
/** On an idle channel an answer comes soon. */
const firstPollMs = 50;
export const unsent = 'probes cannot be sent';

export class ServerProbes implements ProbeStore {
  readonly #of: ProbedTable;
  readonly #source: Queries;
  readonly #target: Queries;
  #round: string | null = null;

  constructor(of: ProbedTable, { source, target }: { readonly source: Queries; readonly target: Queries }) {
    this.#of = of;
    this.#source = source;
    this.#target = target;
  }

  async begin(): Promise<void> {
    this.#round = null;
    await this.#target.query(`DELETE FROM lutra.difference WHERE ${this.#here(anyRound(this.#of.request))}`);
    await this.#clearProblems();
  }

  /** By number: a condition would lock entries that others insert. */
  async #clearProblems(): Promise<void> {
    for (;;) {
      const ids = await this.#source.query(`SELECT id FROM lutra.resync WHERE ${this.#refused()} LIMIT ${batchKeys}`);
      if (ids.length === 0) return;
      await this.#source.query(`DELETE FROM lutra.resync WHERE id IN (${ids.map((row) => textIn(row, 'id')).join(', ')})`);
    }
  }

  async ask(keys: readonly Row[]): Promise<void> {
    const { pipeline, request, table } = this.#of;
    const round = roundOf(request);
    // A late answer to what was asked for before is of no round any more.
    if (this.#round !== null)
      await this.#target.query(`UPDATE lutra.difference SET request = ${quoteText(round)} WHERE ${this.#here(is(this.#round))}`);
    this.#round = round;
    const [uid, id, database, name] = [pipeline, round, table.database, table.name].map(quoteText);
    for (let at = 0; at < keys.length; at += batchKeys) {
      const texts = keys.slice(at, at + batchKeys).map(rowToJson);
      const asked = texts.map((json) => `(${uid}, ${id}, ${database}, ${name}, ${hashOf(json)}, ${quoteText(json)}, 'asked', '', -1)`);
      const columns = 'pipeline, request, database_name, table_name, key_hash, row_key, outcome, log_id, seq';
      const again = "ON DUPLICATE KEY UPDATE outcome = 'asked', `columns` = NULL, here_row = NULL, there_row = NULL";
      await this.#target.query(`INSERT INTO lutra.difference (${columns}) VALUES ${asked.join(', ')} ${again}`);
      const entries = texts.map((json) => `(${database}, ${name}, ${quoteText(json)}, ${uid}, 'probe', ${id})`);
      const into = 'lutra.resync (schema_name, table_name, row_key, pipeline, purpose, request)';
      await this.#source.query(`INSERT INTO ${into} VALUES ${entries.join(', ')}`);
    }
  }

  async outcomes(): Promise<Outcomes> {
    const rows = await this.#target.query(
      `SELECT outcome, COUNT(*) AS n FROM lutra.difference WHERE ${this.#here(this.#ofRound)} GROUP BY outcome`,
    );
    const found = new Map(rows.map((row) => [String(row['outcome']), Number(row['n'])]));
    return Object.fromEntries(probeOutcomes.map((outcome) => [outcome, found.get(outcome) ?? 0])) as Record<ProbeOutcome, number>;
  }

  async keysWith(outcome: ProbeOutcome): Promise<readonly Row[]> {
    const sql = `SELECT row_key AS k FROM lutra.difference WHERE ${this.#here(this.#ofRound)} AND outcome = ${quoteText(outcome)}`;
    return (await this.#target.query(sql)).map((row) => rowFromJson(textIn(row, 'k')));
  }

  async problem(): Promise<string | null> {
    const [row] = await this.#source.query(`SELECT problem FROM lutra.resync WHERE ${this.#refused()} ORDER BY id DESC LIMIT 1`);
    return row ? textIn(row, 'problem') : null;
  }

  async keep(of: 'table' | 'rows'): Promise<void> {
    const ofOrder = this.#here(is(this.#of.request));
    const answered = `SELECT key_hash FROM lutra.difference WHERE ${this.#here(this.#ofRound)} AND outcome NOT IN ('asked', 'in-flight')`;
    const differing = differingOutcomes.map(quoteText).join(', ');
    await inTransaction(this.#target, async () => {
      // In a statement of its own: MySQL deletes from no table that a subquery reads.
      const hashes = of === 'table' ? null : (await this.#target.query(answered)).map((row) => hexOf(row, 'key_hash'));
      if (hashes === null) await this.#target.query(`DELETE FROM lutra.difference WHERE ${ofOrder}`);
      else
        for (let at = 0; at < hashes.length; at += batchKeys)
          await this.#target.query(
            `DELETE FROM lutra.difference WHERE ${ofOrder} AND key_hash IN (${hashes.slice(at, at + batchKeys).join(', ')})`,
          );
      const found = `${this.#here(this.#ofRound)} AND outcome IN (${differing})`;
      await this.#target.query(`UPDATE lutra.difference SET request = ${quoteText(this.#of.request)} WHERE ${found}`);
      await this.#target.query(`DELETE FROM lutra.difference WHERE ${this.#here(this.#ofRound)}`);
    });
    this.#round = null;
  }

  get #ofRound(): string {
    return this.#round === null ? 'FALSE' : is(this.#round);
  }

  #refused(): string {
    const { pipeline, request, table } = this.#of;
    const rounds = this.#round === null ? anyRound(request) : is(this.#round);
    const of = `pipeline = ${quoteText(pipeline)} AND ${rounds} AND purpose = 'probe'`;
    return `${of} AND ${namesAre('schema_name', table)} AND problem IS NOT NULL`;
  }

  #here(request: string): string {
    const { pipeline, table } = this.#of;
    return `pipeline = ${quoteText(pipeline)} AND ${request} AND ${namesAre('database_name', table)}`;
  }
}

/** As lutra.difference has it of a row_key. */
export function hashOf(json: string): string {
  return `X'${createHash('sha256').update(json).digest('hex')}'`;
}

function hexOf(row: ResultRow, name: string): string {
  const value = row[name];
  if (!Buffer.isBuffer(value)) throw new SyncError('INTERNAL', `lutra.difference: ${name} is not read as bytes`);
  return `X'${value.toString('hex')}'`;
}

/** All that an order of a pipeline found, a few at a time. */
export async function removeDifferences(
  target: Queries,
  { uid, request }: { readonly uid: string; readonly request: string },
): Promise<void> {
  for (const requests of [is(request), anyRound(request)]) {
    const of = `FROM lutra.difference WHERE pipeline = ${quoteText(uid)} AND ${requests}`;
    while ((await target.query(`SELECT 1 ${of} LIMIT 1`)).length > 0) await target.query(`DELETE ${of} LIMIT 1000`);
  }
}

function namesAre(column: 'schema_name' | 'database_name', { database, name }: TableName): string {
  return `${column} = ${quoteText(database)} AND table_name = ${quoteText(name)}`;
}

function textIn(row: ResultRow, name: string): string {
  const value = row[name];
  return Buffer.isBuffer(value) ? value.toString('utf8') : String(value);
}

export interface ProbeOptions {
  /** Without an answer to any of them. */
  readonly patienceMs?: number;
  readonly pollMs?: number;
  /** How often a row that was in flight is asked for again. */
  readonly rounds?: number;
  /** Before that: the answer is the same until the source has applied what the target had. */
  readonly moved?: () => Promise<void>;
  /** At each look; ends it by throwing. */
  readonly look?: () => Promise<void>;
  /** That its pipeline holds at a schema change: nobody answers meanwhile. Null: it does not. */
  readonly held?: () => Promise<string | null>;
  readonly signal: AbortSignal;
}

export interface Probed {
  readonly outcomes: Outcomes;
  /** Why some have no answer; null: all have one. */
  readonly unanswered: string | null;
}

/** What differs stands in the order's rows: those of the table, or those of the keys alone. */
export async function probe(
  store: ProbeStore,
  keys: readonly Row[],
  { kept = 'table', ...options }: ProbeOptions & { readonly kept?: 'table' | 'rows' },
): Promise<Probed> {
  const { rounds = 3 } = options;
  await store.begin();
  await store.ask(keys);
  let unanswered = await untilAnswered(store, options);
  for (let round = 1; round < rounds && unanswered === null; round++) {
    const moving = await store.keysWith('in-flight');
    if (moving.length === 0) break;
    await options.moved?.();
    await store.ask(moving);
    unanswered = await untilAnswered(store, options);
  }
  const outcomes = await store.outcomes();
  await store.keep(kept);
  return { outcomes, unanswered };
}

async function untilAnswered(store: ProbeStore, options: ProbeOptions): Promise<string | null> {
  const { patienceMs = 60_000, pollMs = 1_000, look, signal } = options;
  let [left, since] = [Infinity, Date.now()];
  for (let waitMs = firstPollMs; ; waitMs *= 2) {
    await look?.();
    const { asked } = await store.outcomes();
    if (asked === 0) return null;
    if (asked < left) [left, since] = [asked, Date.now()];
    const problem = await store.problem();
    if (problem !== null) return `${unsent}: ${problem}`;
    const held = (await options.held?.()) ?? null;
    if (held !== null) return `${held}: ${asked} probes have no answer`;
    if (Date.now() - since > patienceMs) return `${asked} probes have no answer`;
    await sleep(Math.min(pollMs, waitMs), signal);
  }
}
