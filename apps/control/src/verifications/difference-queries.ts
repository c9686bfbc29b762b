/** Reading lutra.difference at one target, in the order of its primary key. Loaders write it. Times are UTC, as the session is. */
import { fileOutcomes, SyncError } from '@lutra/model';
import { quoteText, roundPrefix } from '@lutra/mysql';
import type { ResultRow } from '@lutra/mysql';
import { z } from 'zod';
import type { Difference, DifferenceQuery } from './verification.schemas.js';

export interface AskedTarget {
  readonly target: string;
  /** Of the pipelines that write there: uid → name. */
  readonly pipelines: ReadonlyMap<string, string>;
}

const cursorSchema = z.strictObject({
  target: z.string(),
  pipeline: z.string(),
  request: z.string(),
  schema: z.string(),
  table: z.string(),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
});
/** The last row that was shown, and where it is. */
export type Cursor = z.infer<typeof cursorSchema>;

/** A server that takes longer gives up by itself; MariaDB reads a comment. */
const select = 'SELECT /*+ MAX_EXECUTION_TIME(15000) */';
/** Of a row in a list. */
const listedBytes = 16_384;
const order = ['pipeline', 'request', 'database_name', 'table_name', 'key_hash'] as const;

export interface DifferenceQuestion {
  readonly request: string;
  readonly query: DifferenceQuery;
  /** Of this target. */
  readonly from: Cursor | null;
  /** More conditions. */
  readonly also?: readonly string[];
}

export function differenceQuery(asked: AskedTarget, { request, query, from, also = [] }: DifferenceQuestion): string {
  const is = (column: string, value: string | undefined): readonly string[] =>
    value === undefined ? [] : [`${column} = ${quoteText(value)}`];
  const conditions = [
    `pipeline IN (${[...asked.pipelines.keys()].map(quoteText).join(', ')})`,
    `request = ${quoteText(request)}`,
    ...is('database_name', query.schema),
    ...is('table_name', query.table),
    query.outcome === undefined ? "outcome NOT IN ('asked', 'equal')" : `outcome = ${quoteText(query.outcome)}`,
    ...(from ? [behind(from)] : []),
    ...also,
  ];
  const images = ['here_row', 'there_row'].map((name) => `IF(LENGTH(${name}) > ${listedBytes}, NULL, ${name}) AS ${name}`);
  const cut = `GREATEST(COALESCE(LENGTH(here_row), 0), COALESCE(LENGTH(there_row), 0)) > ${listedBytes} AS cut`;
  const facts =
    'pipeline, request, database_name, table_name, LOWER(HEX(key_hash)) AS hash, row_key, outcome, columns, problem, log_id, seq, found_at';
  return `${select} ${facts}, ${images.join(', ')}, ${cut} FROM lutra.difference WHERE ${conditions.join(' AND ')} ORDER BY ${order.join(', ')} LIMIT ${query.limit}`;
}

/** `(a, b) > (x, y)`, written out so that the primary key is used. */
function behind({ pipeline, request, schema, table, hash }: Cursor): string {
  const values = [pipeline, request, schema, table].map(quoteText).concat(`UNHEX(${quoteText(hash)})`);
  const alternatives = order.map((column, index) => {
    const equal = order.slice(0, index).map((before, at) => `${before} = ${values[at]}`);
    return `(${[...equal, `${column} > ${values[index]}`].join(' AND ')})`;
  });
  return `(${alternatives.join(' OR ')})`;
}

/** In small statements, so that no lock lasts. Rounds of probes too, of a process that was killed. */
export function removalStatement(asked: AskedTarget, request: string, rows: number): string {
  const uids = [...asked.pipelines.keys()].map(quoteText).join(', ');
  return `DELETE FROM lutra.difference WHERE pipeline IN (${uids}) AND (request = ${quoteText(request)} OR request LIKE ${quoteText(`${roundPrefix(request)}%`)}) LIMIT ${rows}`;
}

export function toDifference({ target, pipelines }: AskedTarget, row: ResultRow): Difference {
  const text = (name: string): string => row[name]?.toString() ?? '';
  const json = <T>(name: string): T | null => {
    const value = row[name];
    if (value === null || value === undefined) return null;
    try {
      return JSON.parse(value.toString()) as T;
    } catch {
      return null; // written by hand
    }
  };
  const isFile = fileOutcomes.some((outcome) => outcome === text('outcome'));
  return {
    pipeline: pipelines.get(text('pipeline')) ?? text('pipeline'),
    target,
    request: text('request'),
    schema: text('database_name'),
    table: text('table_name'),
    key: json('row_key'),
    outcome: text('outcome'),
    columns: json('columns'),
    file: isFile ? json('here_row') : null,
    here: isFile ? null : json('here_row'),
    there: json('there_row'),
    cut: text('cut') === '1',
    problem: row['problem']?.toString() ?? null,
    log: text('log_id'),
    seq: Number(text('seq')),
    foundAt: `${text('found_at').replace(' ', 'T')}Z`,
  };
}

export function cursorAt(target: string, row: ResultRow): Cursor {
  const text = (name: string): string => row[name]?.toString() ?? '';
  return {
    target,
    pipeline: text('pipeline'),
    request: text('request'),
    schema: text('database_name'),
    table: text('table_name'),
    hash: text('hash'),
  };
}

export function printCursor(cursor: Cursor): string {
  return Buffer.from(JSON.stringify(cursor)).toString('base64url');
}

/** @throws SyncError CONFIG_INVALID */
export function parseCursor(text: string): Cursor {
  try {
    return cursorSchema.parse(JSON.parse(Buffer.from(text, 'base64url').toString()));
  } catch {
    throw new SyncError('CONFIG_INVALID', 'after: what "next" of a page gave');
  }
}
