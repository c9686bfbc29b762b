/**
 * Probes: rows that capture publishes and the loader compares at that place of the log, which values alone cannot do (a value that goes
 * and comes back is equal in two looks and differs in none). A key is written into lutra.difference as `asked` first and asked for after
 * that: an answer without a question would be found by nobody.
 */
import { createHash } from 'node:crypto';
import { rowFromJson, rowToJson } from '@lutra/model';
import type { Row, TableName } from '@lutra/model';
import { quoteText } from '@lutra/mysql';
import type { Queries, ResultRow } from '@lutra/mysql';
import { sleep } from '@lutra/runtime';

export const probeOutcomes = ['asked', 'equal', 'in-flight', 'missing-here', 'missing-there', 'different'] as const;
export type ProbeOutcome = (typeof probeOutcomes)[number];
export type Outcomes = Readonly<Record<ProbeOutcome, number>>;

export interface ProbeStore {
  /** What an earlier pass found. */
  clear(): Promise<void>;
  ask(keys: readonly Row[]): Promise<void>;
  outcomes(): Promise<Outcomes>;
  keysWith(outcome: ProbeOutcome): Promise<readonly Row[]>;
  remove(outcome: ProbeOutcome): Promise<void>;
  /** Why capture cannot send what was asked for; null: it has not said so. */
  problem(): Promise<string | null>;
}

export interface ProbedTable {
  readonly pipeline: string;
  readonly request: string;
  /** At the source. */
  readonly table: TableName;
}

const batchKeys = 500;

export class ServerProbes implements ProbeStore {
  readonly #of: ProbedTable;
  readonly #source: Queries;
  readonly #target: Queries;

  constructor(of: ProbedTable, { source, target }: { readonly source: Queries; readonly target: Queries }) {
    this.#of = of;
    this.#source = source;
    this.#target = target;
  }

  async clear(): Promise<void> {
    await this.#target.query(`DELETE FROM lutra.difference WHERE ${this.#here()}`);
    await this.#clearProblems();
  }

  /** What could not be sent in an earlier pass would end each later one. By number: a condition would lock entries that others insert. */
  async #clearProblems(): Promise<void> {
    for (;;) {
      const ids = await this.#source.query(`SELECT id FROM lutra.resync WHERE ${this.#refused()} LIMIT ${batchKeys}`);
      if (ids.length === 0) return;
      await this.#source.query(`DELETE FROM lutra.resync WHERE id IN (${ids.map((row) => textIn(row, 'id')).join(', ')})`);
    }
  }

  async ask(keys: readonly Row[]): Promise<void> {
    const { pipeline, request, table } = this.#of;
    const [uid, id, database, name] = [pipeline, request, table.database, table.name].map(quoteText);
    for (let at = 0; at < keys.length; at += batchKeys) {
      const texts = keys.slice(at, at + batchKeys).map(rowToJson);
      const asked = texts.map(
        (json) =>
          `(${uid}, ${id}, ${database}, ${name}, X'${createHash('sha256').update(json).digest('hex')}', ${quoteText(json)}, 'asked', '', -1)`,
      );
      const columns = 'pipeline, request, database_name, table_name, key_hash, row_key, outcome, log_id, seq';
      const again = "ON DUPLICATE KEY UPDATE outcome = 'asked', `columns` = NULL, here_row = NULL, there_row = NULL";
      await this.#target.query(`INSERT INTO lutra.difference (${columns}) VALUES ${asked.join(', ')} ${again}`);
      const entries = texts.map((json) => `(${database}, ${name}, ${quoteText(json)}, ${uid}, 'probe', ${id})`);
      const into = 'lutra.resync (schema_name, table_name, row_key, pipeline, purpose, request)';
      await this.#source.query(`INSERT INTO ${into} VALUES ${entries.join(', ')}`);
    }
  }

  async outcomes(): Promise<Outcomes> {
    const rows = await this.#target.query(`SELECT outcome, COUNT(*) AS n FROM lutra.difference WHERE ${this.#here()} GROUP BY outcome`);
    const found = new Map(rows.map((row) => [String(row['outcome']), Number(row['n'])]));
    return Object.fromEntries(probeOutcomes.map((outcome) => [outcome, found.get(outcome) ?? 0])) as Record<ProbeOutcome, number>;
  }

  async keysWith(outcome: ProbeOutcome): Promise<readonly Row[]> {
    const sql = `SELECT row_key AS k FROM lutra.difference WHERE ${this.#here()} AND outcome = ${quoteText(outcome)}`;
    return (await this.#target.query(sql)).map((row) => rowFromJson(textIn(row, 'k')));
  }

  async remove(outcome: ProbeOutcome): Promise<void> {
    await this.#target.query(`DELETE FROM lutra.difference WHERE ${this.#here()} AND outcome = ${quoteText(outcome)}`);
  }

  async problem(): Promise<string | null> {
    const [row] = await this.#source.query(`SELECT problem FROM lutra.resync WHERE ${this.#refused()} ORDER BY id DESC LIMIT 1`);
    return row ? textIn(row, 'problem') : null;
  }

  #refused(): string {
    const { pipeline, request, table } = this.#of;
    const of = `pipeline = ${quoteText(pipeline)} AND request = ${quoteText(request)} AND purpose = 'probe'`;
    return `${of} AND ${namesAre('schema_name', table)} AND problem IS NOT NULL`;
  }

  #here(): string {
    const { pipeline, request, table } = this.#of;
    return `pipeline = ${quoteText(pipeline)} AND request = ${quoteText(request)} AND ${namesAre('database_name', table)}`;
  }
}

/** All that an order of a pipeline found, a few at a time. */
export async function removeDifferences(
  target: Queries,
  { uid, request }: { readonly uid: string; readonly request: string },
): Promise<void> {
  const of = `FROM lutra.difference WHERE pipeline = ${quoteText(uid)} AND request = ${quoteText(request)}`;
  while ((await target.query(`SELECT 1 ${of} LIMIT 1`)).length > 0) await target.query(`DELETE ${of} LIMIT 1000`);
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
  readonly signal: AbortSignal;
}

export interface Probed {
  readonly outcomes: Outcomes;
  /** Why some have no answer; null: all have one. */
  readonly unanswered: string | null;
}

/** Only what differs stays behind. */
export async function probe(store: ProbeStore, keys: readonly Row[], options: ProbeOptions): Promise<Probed> {
  const { rounds = 3 } = options;
  await store.clear();
  await store.ask(keys);
  let unanswered = await untilAnswered(store, options);
  for (let round = 1; round < rounds && unanswered === null; round++) {
    const moving = await store.keysWith('in-flight');
    if (moving.length === 0) break;
    await store.ask(moving);
    unanswered = await untilAnswered(store, options);
  }
  const outcomes = await store.outcomes();
  for (const outcome of ['equal', 'in-flight', 'asked'] as const) if (outcomes[outcome] > 0) await store.remove(outcome);
  return { outcomes, unanswered };
}

async function untilAnswered(store: ProbeStore, { patienceMs = 60_000, pollMs = 1_000, signal }: ProbeOptions): Promise<string | null> {
  let [left, since] = [Infinity, Date.now()];
  for (;;) {
    const { asked } = await store.outcomes();
    if (asked === 0) return null;
    if (asked < left) [left, since] = [asked, Date.now()];
    const problem = await store.problem();
    if (problem !== null) return `probes cannot be sent: ${problem}`;
    if (Date.now() - since > patienceMs) return `${asked} probes have no answer`;
    await sleep(pollMs, signal);
  }
}
