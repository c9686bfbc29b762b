/** lutra.ddl and lutra.seed at one target: what was carried out there of late, and what waits for its seed. */
import { quoteText } from '@lutra/mysql';
import type { ResultRow } from '@lutra/mysql';
import { z } from 'zod';
import type { RecentDdl, WaitingTable } from './ddl.schemas.js';

const mostRecent = 20;
const mostLetters = 4_000;

export function recentQuery(uid: string): string {
  const columns = `record, part, log_id, seq, state, statement, LEFT(sql_here, ${mostLetters}) AS here, tables, begun_at, ended_at, answer`;
  const newest = 'begun_at DESC, seq DESC, part DESC';
  return `SELECT /*+ MAX_EXECUTION_TIME(10000) */ ${columns} FROM lutra.ddl WHERE pipeline = ${quoteText(uid)} ORDER BY ${newest} LIMIT ${mostRecent}`;
}

const tablesSchema = z.array(z.tuple([z.string(), z.string()]));
const answerSchema = z.object({ answer: z.string(), by: z.string(), reason: z.string() });

export function toRecent(row: ResultRow): RecentDdl {
  const text = (name: string): string => row[name]?.toString() ?? '';
  const time = (name: string): string => `${text(name).replace(' ', 'T')}Z`;
  const tables = tablesSchema.safeParse(parsed(text('tables'))).data ?? [];
  return {
    record: text('record').replace(/@\d+$/, ''),
    part: Number(text('part')),
    log: text('log_id'),
    seq: Number(text('seq')),
    state: text('state'),
    statement: text('statement'),
    here: text('here'),
    tables: tables.map((names) => names.join('.')),
    begunAt: time('begun_at'),
    endedAt: row['ended_at'] === null ? null : time('ended_at'),
    answer: answerSchema.safeParse(parsed(text('answer'))).data ?? null,
  };
}

/** What somebody else has written there is shown as nothing. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}

export function waitingQuery(uid: string): string {
  const names = "CONCAT(database_name, '.', table_name) AS source, CONCAT(target_database, '.', target_table) AS target";
  const waits = `pipeline = ${quoteText(uid)} AND state = 'waiting'`;
  return `SELECT ${names}, ROUND(UNIX_TIMESTAMP(begun_at) * 1000) AS since FROM lutra.seed WHERE ${waits} ORDER BY source LIMIT ${mostRecent}`;
}

export function toWaiting(row: ResultRow): WaitingTable {
  return { source: String(row['source']), target: String(row['target']), since: Number(row['since']) };
}
