/** What a verification found of one table, as it stands in lutra.difference at the target. */
import { rowFromJson } from '@lutra/model';
import type { RepairOrder, Row } from '@lutra/model';
import { quoteText } from '@lutra/mysql';
import type { Queries, ResultRow } from '@lutra/mysql';
import { differingOutcomes, hashOf } from '../probes.js';
import type { ProbedTable } from '../probes.js';

export type DifferingOutcome = (typeof differingOutcomes)[number];

export interface FoundRow {
  /** Digits of key_hash. */
  readonly hash: string;
  readonly key: Row;
  readonly outcome: DifferingOutcome;
  /** JSON as recordedRow() makes it; null: no row. */
  readonly here: string | null;
  readonly there: string | null;
  /** Where they were compared. */
  readonly log: string;
  readonly seq: number;
}

export type FoundCounts = Readonly<Record<DifferingOutcome, number>>;

export interface Scope {
  readonly outcomes: readonly DifferingOutcome[];
  /** Texts of keys; null: all. */
  readonly keys: readonly string[] | null;
}

/** Of one statement. */
const atOnce = 500;

export class FoundRows {
  readonly #target: Queries;
  readonly #here: string;
  readonly #scope: Scope;

  constructor(target: Queries, { pipeline, request, table }: ProbedTable, scope: Scope) {
    const [uid, id, database, name] = [pipeline, request, table.database, table.name].map(quoteText);
    this.#target = target;
    this.#here = `pipeline = ${uid} AND request = ${id} AND database_name = ${database} AND table_name = ${name}`;
    this.#scope = scope;
  }

  /** The next of them, in the order of their hashes; `outcomes` are some of the scope. */
  async page(outcomes: readonly DifferingOutcome[], after: string, limit: number): Promise<readonly FoundRow[]> {
    const sql = `SELECT ${facts} FROM lutra.difference WHERE ${this.#here} AND key_hash > X'${after}'${this.#only(outcomes)} ORDER BY key_hash LIMIT ${limit}`;
    return (await this.#target.query(sql)).map(foundRow);
  }

  async byHash(hashes: readonly string[]): Promise<readonly FoundRow[]> {
    if (hashes.length === 0) return [];
    const of = `key_hash IN (${hashes.map((hash) => `X'${hash}'`).join(', ')})${this.#only(this.#scope.outcomes)}`;
    return (await this.#target.query(`SELECT ${facts} FROM lutra.difference WHERE ${this.#here} AND ${of}`)).map(foundRow);
  }

  /** Of the scope: hash → key. */
  async keys(): Promise<ReadonlyMap<string, Row>> {
    const sql = `SELECT LOWER(HEX(key_hash)) AS hash, row_key FROM lutra.difference WHERE ${this.#here}${this.#only(this.#scope.outcomes)}`;
    return new Map((await this.#target.query(sql)).map((row) => [textIn(row, 'hash'), rowFromJson(textIn(row, 'row_key'))]));
  }

  /** Of the whole table. */
  async counts(): Promise<FoundCounts> {
    const rows = await this.#target.query(`SELECT outcome, COUNT(*) AS n FROM lutra.difference WHERE ${this.#here} GROUP BY outcome`);
    const found = new Map(rows.map((row) => [textIn(row, 'outcome'), Number(row['n'])]));
    return Object.fromEntries(differingOutcomes.map((outcome) => [outcome, found.get(outcome) ?? 0])) as Record<DifferingOutcome, number>;
  }

  /** What is said of rows: hash → text. */
  async problems(): Promise<ReadonlyMap<string, string>> {
    const sql = `SELECT LOWER(HEX(key_hash)) AS hash, problem FROM lutra.difference WHERE ${this.#here} AND problem IS NOT NULL`;
    return new Map((await this.#target.query(sql)).map((row) => [textIn(row, 'hash'), textIn(row, 'problem')]));
  }

  /** Why rows were not written: hash → text. Those that are not in it have none. */
  async saveProblems(problems: ReadonlyMap<string, string>): Promise<void> {
    await this.#target.query(`UPDATE lutra.difference SET problem = NULL WHERE ${this.#here} AND problem IS NOT NULL`);
    const byText = Map.groupBy(problems, ([, problem]) => problem.slice(0, 1_000));
    for (const [problem, entries] of byText)
      for (let at = 0; at < entries.length; at += atOnce) {
        const hashes = entries.slice(at, at + atOnce).map(([hash]) => `X'${hash}'`);
        const set = `UPDATE lutra.difference SET problem = ${quoteText(problem)}`;
        await this.#target.query(`${set} WHERE ${this.#here} AND key_hash IN (${hashes.join(', ')})`);
      }
  }

  #only(outcomes: readonly DifferingOutcome[]): string {
    const { keys } = this.#scope;
    const named = keys === null ? '' : ` AND key_hash IN (${['NULL', ...keys.map(hashOf)].join(', ')})`;
    return ` AND outcome IN (${["''", ...outcomes.map(quoteText)].join(', ')})${named}`;
  }
}

/** Keys that an order names of a table. */
export function keysNamed(
  { keys }: Pick<RepairOrder, 'keys'>,
  of: { pipeline: string; database: string; table: string },
): readonly string[] | null {
  if (!keys) return null;
  const isOf = (one: typeof of): boolean => one.pipeline === of.pipeline && one.database === of.database && one.table === of.table;
  return keys.filter(isOf).map(({ key }) => key);
}

const facts = 'LOWER(HEX(key_hash)) AS hash, row_key, outcome, here_row, there_row, log_id, seq';

function foundRow(row: ResultRow): FoundRow {
  const json = (name: string): string | null => (row[name] === null ? null : textIn(row, name));
  return {
    hash: textIn(row, 'hash'),
    key: rowFromJson(textIn(row, 'row_key')),
    outcome: textIn(row, 'outcome') as DifferingOutcome,
    here: json('here_row'),
    there: json('there_row'),
    log: textIn(row, 'log_id'),
    seq: Number(row['seq']),
  };
}

function textIn(row: ResultRow, name: string): string {
  const value = row[name];
  return Buffer.isBuffer(value) ? value.toString('utf8') : String(value);
}
