/** lutra.difference: rows that differ between the source of a pipeline and here, as texts of the target transaction that compared them. */
import { createHash } from 'node:crypto';
import { recordedRow, rowToJson } from '@lutra/model';
import type { Row, TableName } from '@lutra/model';
import { quoteText } from './literal.js';
import { stagedOf } from './sql-text.js';
import type { SqlText } from './sql-text.js';
import { Staging } from './staged-values.js';

export const differenceOutcomes = ['equal', 'in-flight', 'missing-here', 'missing-there', 'different', 'clash', 'again'] as const;
export type DifferenceOutcome = (typeof differenceOutcomes)[number];

export interface Difference {
  /** The primary key. */
  readonly key: Row;
  readonly outcome: DifferenceOutcome;
  /** Names of those that differ; null: a row is missing, or nothing is known of single columns. */
  readonly columns: readonly string[] | null;
  readonly here: Row | null;
  readonly there: Row | null;
}

export interface DifferenceOf {
  readonly pipeline: string;
  readonly request: string;
  /** At the source. */
  readonly table: TableName;
  /** Where they were compared. */
  readonly log: string;
  readonly seq: number;
}

/** Of one table and request. */
export const maxDifferences = 10_000;

const differenceTable = { database: 'lutra', name: 'difference' };
const ofRecord = { column: 'a row', table: differenceTable, change: 0 };
const told = ['outcome', 'columns', 'here_row', 'there_row', 'log_id', 'seq'];

/** Begins the requests of all rounds of probes of an order. No request that others write begins with it. */
export function roundPrefix(request: string): string {
  return `${createHash('sha256').update(request).digest('hex').slice(0, 24)}.`;
}

/** How many stand there; for ApplyConnection.within(). */
export function differencesQuery({ pipeline, request, table }: DifferenceOf): string {
  const [uid, id, database, name] = [pipeline, request, table.database, table.name].map(quoteText);
  const where = `pipeline = ${uid} AND request = ${id} AND database_name = ${database} AND table_name = ${name}`;
  return `SELECT COUNT(*) AS found FROM lutra.difference WHERE ${where}`;
}

/** Requests that have found rows of the pipeline; for ApplyConnection.within(). Column `request`. */
export function differenceRequestsQuery(pipeline: string): string {
  return `SELECT DISTINCT request FROM lutra.difference WHERE pipeline = ${quoteText(pipeline)}`;
}

/** Rows of a table, whichever of some requests found them. */
export interface ListedOf extends Pick<DifferenceOf, 'pipeline' | 'table'> {
  /** At least one. */
  readonly requests: readonly string[];
}

/** How many of the rows with these keys a probe found different; for ApplyConnection.within(). Column `found`. */
export function differentQuery(of: ListedOf, keys: readonly Row[]): string {
  return `SELECT COUNT(DISTINCT key_hash) AS found FROM lutra.difference${whereListed(of, keys)} AND outcome = 'different'`;
}

/**
 * Rows that a seed of the table has left out are as their source has them now, or are gone there: they are listed no more. `keys`: of these
 * rows; left out: of all that orders before `request` have left out.
 */
export function settledText({ pipeline, table }: Pick<DifferenceOf, 'pipeline' | 'table'>, of: SettledOf): SqlText {
  const [uid, database, name] = [pipeline, table.database, table.name].map(quoteText);
  const ofTable = `pipeline = ${uid} AND database_name = ${database} AND table_name = ${name}`;
  const left = "outcome IN ('clash', 'again')";
  const mark = { does: 'upsert', table: differenceTable, change: 0, changes: 1 } as const;
  if ('before' in of) {
    const sql = `DELETE FROM lutra.difference WHERE ${ofTable} AND ${left} AND request <> ${quoteText(of.before)}`;
    return { sql, marks: [mark] };
  }
  const request = `request IN (SELECT request FROM lutra.seed WHERE ${ofTable})`;
  const hashes = of.keys.map((key) => hashOf(rowToJson(key))).join(', ');
  return {
    sql: [
      `DELETE FROM lutra.difference WHERE ${ofTable} AND ${request} AND key_hash IN (${hashes}) AND ${left}`,
      `UPDATE lutra.seed SET clashes = clashes - LEAST(clashes, ROW_COUNT()) WHERE ${ofTable} AND clashes > 0 AND ROW_COUNT() > 0 LIMIT 1`,
    ].join(';\n'),
    marks: [mark, mark],
  };
}

export type SettledOf = { readonly keys: readonly Row[] } | { /** Id of an order. */ readonly before: string };

/** Why a repair did not write the row; null: it has written it. */
export function problemText(of: ListedOf, keys: readonly Row[], problem: string | null): SqlText {
  const set = problem === null ? 'NULL' : quoteText(problem.slice(0, 1000));
  const sql = `UPDATE lutra.difference SET problem = ${set}${whereListed(of, keys)}`;
  return { sql, marks: [{ does: 'upsert', table: differenceTable, change: 0, changes: 1 }] };
}

function whereListed({ pipeline, requests, table }: ListedOf, keys: readonly Row[]): string {
  const [uid, database, name] = [pipeline, table.database, table.name].map(quoteText);
  const ofTable = `database_name = ${database} AND table_name = ${name}`;
  const hashes = keys.map((key) => hashOf(rowToJson(key)));
  return ` WHERE pipeline = ${uid} AND request IN (${requests.map(quoteText).join(', ')}) AND ${ofTable} AND key_hash IN (${hashes.join(', ')})`;
}

function hashOf(key: string): string {
  return `X'${createHash('sha256').update(key).digest('hex')}'`;
}

/** What stood there of the same row is written over. */
export function differenceText({ key, outcome, columns, here, there }: Difference, of: DifferenceOf): SqlText {
  const staging = new Staging();
  const json = rowToJson(key);
  const rows = [here, there].map((row) => (row === null ? 'NULL' : staging.text(JSON.stringify(recordedRow(row)), ofRecord, quoteText)));
  const values = [
    ...[of.pipeline, of.request, of.table.database, of.table.name].map(quoteText),
    hashOf(json),
    quoteText(json),
    quoteText(outcome),
    columns === null ? 'NULL' : quoteText(JSON.stringify(columns)),
    ...rows,
    quoteText(of.log),
    String(of.seq),
  ];
  const names = ['pipeline', 'request', 'database_name', 'table_name', 'key_hash', 'row_key', ...told].map((name) => `\`${name}\``);
  const anew = [...told.map((name) => `\`${name}\` = VALUES(\`${name}\`)`), 'found_at = CURRENT_TIMESTAMP(6)'];
  const sql = `INSERT INTO lutra.difference (${names.join(', ')}) VALUES (${values.join(', ')}) ON DUPLICATE KEY UPDATE ${anew.join(', ')}`;
  return { sql, marks: [{ does: 'upsert', table: differenceTable, change: 0, changes: 1 }], ...stagedOf([{ staged: staging.take() }]) };
}
