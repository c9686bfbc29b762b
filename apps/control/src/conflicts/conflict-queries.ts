/** Reading lutra.conflict at one target: SQL, and its rows as entries. apps/loader writes them. Times are UTC, as the session is. */
import { SyncError } from '@lutra/model';
import { quoteText } from '@lutra/mysql';
import type { ResultRow } from '@lutra/mysql';
import type { ConflictCount, ConflictEntry, ConflictFilter, ListedConflict } from './conflict.schemas.js';

export interface Selection {
  /** `<channel>.<pipeline>` each. */
  readonly pipelines: readonly string[];
  readonly filter: Omit<ConflictFilter, 'pipeline'>;
}

/** Since level 2; an older table lacks them. */
export const orderedColumns = 'request, reason';
const facts = `id, pipeline, uid, log_id, seq, gtid, source_us, origin, database_name, table_name, row_key, type, policy, winner, final, op, local_seq, decided_at, ${orderedColumns}`;
const rows = ['before_row', 'after_row', 'existing_row', 'result_row'] as const;
/** A server that takes longer gives up by itself; MariaDB reads a comment. */
const select = 'SELECT /*+ MAX_EXECUTION_TIME(15000) */';
/** Of a row in a list. */
const listedBytes = 16_384;

export function listQuery(selection: Selection, page: { readonly limit: number; readonly before: number | undefined }): string {
  const images = rows.map((name) => `IF(LENGTH(${name}) > ${listedBytes}, NULL, ${name}) AS ${name}`);
  const cut = `GREATEST(${rows.map((name) => `COALESCE(LENGTH(${name}), 0)`).join(', ')}) > ${listedBytes} AS cut`;
  const older = page.before === undefined ? '' : ` AND id < ${page.before}`;
  return `${select} ${facts}, ${images.join(', ')}, ${cut} FROM lutra.conflict WHERE ${conditions(selection)}${older} ORDER BY id DESC LIMIT ${page.limit}`;
}

export function countsQuery(selection: Selection): string {
  const groups = 'pipeline, database_name, table_name, policy, type, winner, final';
  return `${select} ${groups}, COUNT(*) AS n, MAX(decided_at) AS latest FROM lutra.conflict WHERE ${conditions(selection)} GROUP BY ${groups}`;
}

export function findQuery(pipeline: string, id: number): string {
  return `SELECT ${facts}, ${rows.join(', ')} FROM lutra.conflict WHERE id = ${id} AND pipeline = ${quoteText(pipeline)}`;
}

/** Some of the rows that are older; all pipelines of the channel that ever were. */
export function expiryStatement(channel: string, { days, rows: limit }: { readonly days: number; readonly rows: number }): string {
  return `DELETE FROM lutra.conflict WHERE decided_at < NOW(6) - INTERVAL ${days} DAY AND pipeline LIKE ${quoteText(`${channel}.%`)} ORDER BY decided_at LIMIT ${limit}`;
}

function conditions({ pipelines, filter }: Selection): string {
  const { schema, table, type, policy, winner, final, since, until, key } = filter;
  const is = (column: string, value: string | undefined): readonly string[] =>
    value === undefined ? [] : [`${column} = ${quoteText(value)}`];
  return [
    `pipeline IN (${pipelines.map(quoteText).join(', ')})`,
    ...is('database_name', schema),
    ...is('table_name', table),
    ...is('type', type),
    ...is('policy', policy),
    ...is('winner', winner),
    ...(final === undefined ? [] : [`final = ${final === 'true' ? 1 : 0}`]),
    ...(since === undefined ? [] : [`decided_at >= ${timeLiteral(since)}`]),
    ...(until === undefined ? [] : [`decided_at < ${timeLiteral(until)}`]),
    ...(key === undefined ? [] : [`row_key COLLATE utf8mb4_bin IN (${keyTexts(key).map(quoteText).join(', ')})`]),
  ].join(' AND ');
}

function timeLiteral(iso: string): string {
  return quoteText(new Date(iso).toISOString().replace('T', ' ').replace('Z', ''));
}

/** As the loader writes it; a BIGINT may be given as a plain number. @throws SyncError CONFIG_INVALID */
function keyTexts(text: string): readonly string[] {
  const key = parsed(text);
  if (key === null) throw new SyncError('CONFIG_INVALID', 'key: the columns of the primary key as JSON: {"id":7}');
  const exact = Object.entries(key).map(([name, value]) => [name, Number.isInteger(value) ? ['i', String(value)] : value]);
  return [...new Set([JSON.stringify(key), JSON.stringify(Object.fromEntries(exact))])];
}

export function toListed(target: string, row: ResultRow): ListedConflict {
  return { ...toEntry(target, row), cut: Number(row['cut']) === 1 };
}

export function toEntry(target: string, row: ResultRow): ConflictEntry {
  const image = (name: (typeof rows)[number]) => (row[name] === null ? null : parsed(text(row, name)));
  return {
    ...whatOf(row),
    uid: text(row, 'uid'),
    target,
    id: Number(row['id']),
    key: parsed(text(row, 'row_key')),
    op: text(row, 'op'),
    transaction: {
      log: text(row, 'log_id'),
      seq: Number(row['seq']),
      gtid: row['gtid'] === null ? null : text(row, 'gtid'),
      origin: text(row, 'origin'),
      committedAt: new Date(Number(row['source_us']) / 1000).toISOString(),
    },
    localSeq: row['local_seq'] === null ? null : Number(row['local_seq']),
    decidedAt: timeOf(row, 'decided_at'),
    request: row['request']?.toString() ?? null,
    reason: row['reason']?.toString() ?? null,
    before: image('before_row'),
    after: image('after_row'),
    existing: image('existing_row'),
    result: image('result_row'),
  };
}

export function toCount(row: ResultRow): ConflictCount {
  return { ...whatOf(row), count: Number(row['n']), latest: timeOf(row, 'latest') };
}

function whatOf(row: ResultRow) {
  const id = text(row, 'pipeline');
  return {
    pipeline: id.slice(id.indexOf('.') + 1),
    schema: text(row, 'database_name'),
    table: text(row, 'table_name'),
    type: text(row, 'type'),
    policy: text(row, 'policy'),
    winner: text(row, 'winner'),
    final: Number(row['final']) === 1,
  };
}

function timeOf(row: ResultRow, column: string): string {
  return `${text(row, column).replace(' ', 'T')}Z`;
}

/** null: no object, as a key that was too long to be kept whole. */
function parsed(json: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Readonly<Record<string, unknown>>) : null;
  } catch {
    return null;
  }
}

/** Texts in a binary collation may come as Buffers. */
function text(row: ResultRow, column: string): string {
  return String(row[column] ?? '');
}
