/**
 * lutra.ddl: which schema changes a pipeline carries out or has carried out here. Its texts are part of a target transaction, behind the
 * fence in lutra.checkpoint. The number of a witness is one that the server has not executed: a used GTID with another statement is skipped
 * without an error. Counter-example: lutra.ddl was emptied, numbers begin at 1 again, and the server says OK to statements that never run.
 */
import { createHash, randomBytes } from 'node:crypto';
import { SyncError, toSyncError } from '@lutra/model';
import type { TableName } from '@lutra/model';
import { quoteText } from './literal.js';
import { textOf } from './server-facts.js';
import type { Queries, ResultRow } from './session-options.js';
import type { SqlText } from './sql-text.js';

/**
 * failed: the server refused it, or carried out a part; the next try has another number · shadow: it is of a table that an online tool
 * makes, and nothing is done here
 */
export const ddlRowStates = ['intent', 'done', 'skipped', 'failed', 'shadow'] as const;
export type DdlRowState = (typeof ddlRowStates)[number];

/** GTID `<incarnation>:<n>`. Null: the server has none. */
export interface DdlWitness {
  readonly incarnation: string;
  readonly n: number;
}

/** What is known of a schema change before it runs. */
export interface DdlOf {
  /** uid */
  readonly pipeline: string;
  /** Id of the record. */
  readonly record: string;
  readonly part: number;
  readonly log: string;
  readonly seq: number;
  /** Its kind: ALTER TABLE. */
  readonly statement: string;
  /** As it runs here; '': it was not said in the names of the target. */
  readonly sql: string;
  readonly tables: readonly TableName[];
  readonly origin: string;
  readonly path: readonly string[];
  /** JSON: what an online tool did at the source. Undefined: it is of no tool. */
  readonly kept?: string | undefined;
}

export interface DdlRow {
  readonly state: DdlRowState;
  readonly witness: DdlWitness | null;
  /** JSON: definitions before it, where there is no witness. */
  readonly before: string | null;
}

/** UUIDs of witnesses begin so: "Lutr". */
export const witnessPrefix = '4c757472';

/** Null: there is no row, or no such table yet. @throws SyncError CHECKPOINT_INVALID, TARGET_* */
export async function readDdl(queries: Queries, of: Pick<DdlOf, 'pipeline' | 'record' | 'part'>): Promise<DdlRow | null> {
  try {
    const [row] = await queries.query(`SELECT state, incarnation, n, before_it FROM lutra.ddl${where(of)}`);
    return row === undefined ? null : rowOf(row);
  } catch (error) {
    if (toSyncError(error).code === 'TABLE_MISSING') return null;
    throw ofStore(error);
  }
}

/** Of the pipeline's next statement. @throws SyncError CHECKPOINT_INVALID, TARGET_* */
export async function nextWitness(queries: Queries, pipeline: string): Promise<DdlWitness> {
  const which = `pipeline = ${quoteText(pipeline)} AND incarnation <> ''`;
  const newest = `SELECT incarnation, n FROM lutra.ddl WHERE ${which} ORDER BY begun_at DESC, n DESC LIMIT 1`;
  try {
    const incarnation = textOf((await queries.query(newest))[0], 'incarnation') || newIncarnation(pipeline);
    const [row] = await queries.query(
      `SELECT @@GLOBAL.gtid_executed AS executed, (SELECT MAX(n) FROM lutra.ddl WHERE incarnation = '${incarnation}') AS n`,
    );
    const n = Math.max(highestOf(textOf(row, 'executed'), incarnation), Number(row?.['n'] ?? 0)) + 1;
    return { incarnation, n };
  } catch (error) {
    throw ofStore(error);
  }
}

function newIncarnation(pipeline: string): string {
  const hex = createHash('sha256')
    .update(`${pipeline}:${randomBytes(16).toString('hex')}`)
    .digest('hex');
  return `${witnessPrefix}-${hex.slice(0, 4)}-${hex.slice(4, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 24)}`;
}

/** 0: none of its numbers is in the set. */
export function highestOf(gtidSet: string, uuid: string): number {
  const sets = gtidSet.split(',').map((one) => one.trim().toLowerCase());
  const intervals = sets.flatMap((one) => (one.startsWith(`${uuid}:`) ? one.slice(uuid.length + 1).split(':') : []));
  return Math.max(0, ...intervals.flatMap((interval) => interval.split('-').map(Number)).filter(Number.isSafeInteger));
}

/** The server has executed something under it. @throws SyncError TARGET_* */
export async function hasRun(queries: Queries, witness: DdlWitness): Promise<boolean> {
  const [row] = await queries.query(`SELECT GTID_SUBSET('${gtidOf(witness)}', @@GLOBAL.gtid_executed) AS ran`);
  return Number(row?.['ran']) === 1;
}

export function gtidOf({ incarnation, n }: DdlWitness): string {
  return `${incarnation}:${n}`;
}

/** That it may run from here on. */
export function ddlIntent(of: DdlOf, { witness, before }: Pick<DdlRow, 'witness' | 'before'>): SqlText {
  const { incarnation, n } = witness ?? { incarnation: '', n: 0 };
  const anew = ['incarnation', 'n', 'sql_here', 'tables', 'before_it', 'origin', 'path'].map((name) => `${name} = VALUES(${name})`);
  const again = [...anew, "state = 'intent'", 'answer = VALUES(answer)', 'begun_at = CURRENT_TIMESTAMP(6)', 'ended_at = NULL'];
  return upsert(of, { state: 'intent', incarnation, n, before, answer: null }, again);
}

/** It is over. `answer`: JSON of what a person said. Witness and text of an intent stay. */
export function ddlEnd(of: DdlOf, state: Exclude<DdlRowState, 'intent'>, answer: string | null): SqlText {
  const again = [`state = '${state}'`, 'answer = VALUES(answer)', 'ended_at = CURRENT_TIMESTAMP(6)'];
  return upsert(of, { state, incarnation: '', n: 0, before: null, answer }, again);
}

interface Values extends DdlWitness {
  readonly state: DdlRowState;
  readonly before: string | null;
  readonly answer: string | null;
}

function upsert(of: DdlOf, { state, incarnation, n, before, answer }: Values, again: readonly string[]): SqlText {
  const tables = JSON.stringify(of.tables.map(({ database, name }) => [database, name]));
  const { kept } = of;
  const texts = {
    pipeline: of.pipeline,
    record: of.record,
    incarnation,
    log_id: of.log,
    state,
    statement: of.statement,
    sql_here: of.sql,
    tables,
    before_it: before,
    origin: of.origin,
    path: of.path.join(','),
    answer,
    ...(kept !== undefined && { kept }),
  };
  const values = Object.values(texts).map((text) => (text === null ? 'NULL' : quoteText(text)));
  const ended = state === 'intent' ? 'NULL' : 'CURRENT_TIMESTAMP(6)';
  const into = `INSERT INTO lutra.ddl (${Object.keys(texts).join(', ')}, part, n, seq, ended_at)`;
  const sql = `${into} VALUES (${[...values, of.part, n, of.seq, ended].join(', ')}) ON DUPLICATE KEY UPDATE ${[...again, ...(kept === undefined ? [] : ['kept = VALUES(kept)'])].join(', ')}`;
  return { sql, marks: [{ does: 'upsert', table: { database: 'lutra', name: 'ddl' }, change: 0, changes: 1 }] };
}

function where({ pipeline, record, part }: Pick<DdlOf, 'pipeline' | 'record' | 'part'>): string {
  return ` WHERE pipeline = ${quoteText(pipeline)} AND record = ${quoteText(record)} AND part = ${part}`;
}

function rowOf(row: ResultRow): DdlRow {
  const state = ddlRowStates.find((one) => one === textOf(row, 'state'));
  if (!state)
    throw new SyncError('CHECKPOINT_INVALID', 'lutra.ddl: a row has a state that is not known; compare it with schemas/lutra.sql');
  const incarnation = textOf(row, 'incarnation');
  const witness = incarnation === '' ? null : { incarnation, n: Number(row['n']) };
  return { state, witness, before: row['before_it'] === null ? null : textOf(row, 'before_it') };
}

/** What is wrong with lutra.ddl is said as it is of lutra.checkpoint. */
export function ofStore(error: unknown): unknown {
  const { code, message } = toSyncError(error);
  if (code !== 'TABLE_MISSING' && code !== 'COLUMN_MISSING') return error;
  return new SyncError('CHECKPOINT_INVALID', `lutra.ddl is not as schemas/lutra.sql makes it (${message})`);
}
