/**
 * lutra.seed: which tables a pipeline is seeding or has seeded, and how far. Its texts are part of a target transaction, behind the fence
 * in lutra.checkpoint.
 */
import { SyncError, toSyncError } from '@lutra/model';
import type { LogPosition, SeededTable, TableName } from '@lutra/model';
import { quoteText } from './literal.js';
import { through } from './ownership.js';
import { textOf } from './server-facts.js';
import type { ConnectionOptions, Queries, ResultRow } from './session-options.js';
import type { Mark, SqlText } from './sql-text.js';

export type SeedCounts = Pick<SeededTable, 'inserted' | 'equal' | 'replaced' | 'kept' | 'yielded' | 'clashes'>;

/** What is fixed about a table of an order. */
export interface SeedOf {
  /** uid */
  readonly pipeline: string;
  /** At the source. */
  readonly table: TableName;
  readonly target: TableName;
  /** Id of the order. */
  readonly request: string;
  readonly onExisting: string;
}

/** One part of a table. */
export interface SeedPart extends Pick<SeedOf, 'table' | 'target' | 'request' | 'onExisting'> {
  readonly part: number;
  /** waiting: nothing of the table is applied before its seed begins. */
  readonly state: SeededTable['state'] | 'waiting';
  /** JSON of the last key that is ticked off. */
  readonly cursor: string | null;
  /** JSON of its last key; null: the end of the table. */
  readonly end: string | null;
  readonly isWhole: boolean;
  /** Of a table without a key: where its rows were read. Null: they are not here, or the table has a key. */
  readonly place: LogPosition | null;
  readonly counts: SeedCounts;
  /** ms since 1970 */
  readonly begunAt: number;
  readonly endedAt: number | null;
}

export interface Tick {
  readonly part: number;
  /** JSON of keys, as in lutra.seed. null: from the beginning of the table, and to its end. */
  readonly from: string | null;
  readonly to: string | null;
  /** Of a table without a key. */
  readonly place?: LogPosition;
  readonly counts: SeedCounts;
}

export const fixedNames = ['pipeline', 'database_name', 'table_name', 'request', 'target_database', 'target_table', 'on_existing'];
const countNames = ['inserted', 'equal', 'replaced', 'kept', 'yielded', 'clashes'] as const;
const seedTable = { database: 'lutra', name: 'seed' };
/** Part 0 is all of the table again. */
export const anewOf = ['cursor_key = NULL', 'end_key = NULL', 'is_whole = (part > 0)', ...countNames.map((name) => `${name} = 0`)].join(
  ', ',
);
export const noCounts: SeedCounts = { inserted: 0, equal: 0, replaced: 0, kept: 0, yielded: 0, clashes: 0 };

/** None where the table is not there yet. @throws SyncError CHECKPOINT_INVALID, TARGET_* */
export async function readSeeds(target: ConnectionOptions | Queries, pipeline: string): Promise<readonly SeedPart[]> {
  const times = ['begun_at', 'ended_at'].map((name) => `ROUND(UNIX_TIMESTAMP(${name}) * 1000) AS ${name}`);
  const columns = ['database_name', 'table_name', 'part', 'request', 'target_database', 'target_table', 'state', 'on_existing'];
  const all = [...columns, 'cursor_key', 'end_key', 'is_whole', ...countNames, ...times].join(', ');
  const sql = `SELECT ${all} FROM lutra.seed WHERE pipeline = ${quoteText(pipeline)} ORDER BY database_name, table_name, part`;
  return through(target, async (queries) => {
    try {
      return (await queries.query(sql)).map(partOf);
    } catch (error) {
      const { code, message } = toSyncError(error);
      if (code === 'TABLE_MISSING') return [];
      if (code !== 'COLUMN_MISSING') throw error;
      const fix = 'when no seed is under way, DROP TABLE lutra.seed and run schemas/lutra.sql';
      throw new SyncError('CHECKPOINT_INVALID', `lutra.seed is not as schemas/lutra.sql makes it (${message}): ${fix}`);
    }
  });
}

/** All parts of the table are ticked off to their ends. @throws SyncError TARGET_* */
export async function isSeedWhole(
  target: ConnectionOptions | Queries,
  of: Pick<SeedOf, 'pipeline' | 'table' | 'request'>,
): Promise<boolean> {
  const sql = `SELECT COUNT(*) AS n FROM lutra.seed${whereTable(of)} AND request = ${quoteText(of.request)} AND is_whole = 0`;
  const [row] = await through(target, (queries) => queries.query(sql));
  return Number(row?.['n']) === 0;
}

function partOf(row: ResultRow): SeedPart {
  const counts = Object.fromEntries(countNames.map((name) => [name, Number(row[name])])) as unknown as SeedCounts;
  return {
    table: { database: textOf(row, 'database_name'), name: textOf(row, 'table_name') },
    target: { database: textOf(row, 'target_database'), name: textOf(row, 'target_table') },
    request: textOf(row, 'request'),
    onExisting: textOf(row, 'on_existing'),
    part: Number(row['part']),
    state: stateOf(textOf(row, 'state')),
    cursor: row['cursor_key'] === null ? null : textOf(row, 'cursor_key'),
    end: row['end_key'] === null ? null : textOf(row, 'end_key'),
    isWhole: Number(row['is_whole']) === 1,
    place: row['cursor_key'] === null ? null : wholeAt(textOf(row, 'cursor_key')),
    counts,
    begunAt: Number(row['begun_at']),
    endedAt: row['ended_at'] === null ? null : Number(row['ended_at']),
  };
}

function stateOf(state: string): SeedPart['state'] {
  if (state === 'seeding' || state === 'done' || state === 'cancelled' || state === 'waiting') return state;
  throw new SyncError('CHECKPOINT_INVALID', `lutra.seed: a row has state ${state.slice(0, 16)}; compare the table with schemas/lutra.sql`);
}

/**
 * The table is being seeded from here on. What the same order has begun stays, also where its parts were others: they are all of the table.
 * Another one begins anew, and so does one that was cancelled. `ends`: JSON of the last keys of its parts, but of the last one.
 */
export function beginSeed(of: SeedOf, ends: readonly string[]): SqlText {
  const others = `${whereTable(of)} AND request <> ${quoteText(of.request)} AND state = 'seeding'`;
  const parts = Array.from({ length: ends.length + 1 }, (_, part) =>
    partStatement(of, { part, cursor: ends[part - 1] ?? null, end: ends[part] ?? null }),
  );
  // Parts that it had before it was cancelled, and has no more.
  const spare = `${whereTable(of)} AND request = ${quoteText(of.request)} AND state = 'cancelled' AND part >= ${parts.length}`;
  return textOfStatements([
    `UPDATE lutra.seed SET state = 'cancelled', ended_at = CURRENT_TIMESTAMP(3)${others}`,
    `UPDATE lutra.seed SET ${anewOf}, state = 'seeding', ended_at = NULL${spare}`,
    ...parts,
  ]);
}

export function endSeed(of: Pick<SeedOf, 'pipeline' | 'table' | 'request'>, state: 'done' | 'cancelled'): SqlText {
  const which = `${whereTable(of)} AND request = ${quoteText(of.request)} AND state = 'seeding'`;
  return textOfStatements([`UPDATE lutra.seed SET state = '${state}', ended_at = CURRENT_TIMESTAMP(3)${which}`]);
}

/**
 * Nothing happens unless the chunk follows what is ticked off already. Counter-example: chunk 4 was skipped, and 5 moves the cursor behind
 * both; 4 never comes again.
 */
export function tickSeed(of: SeedOf, { part, from, to, place, counts }: Tick): SqlText {
  const added = countNames.filter((name) => counts[name] > 0).map((name) => `${name} = ${name} + ${counts[name]}`);
  const isKey = (column: string, key: string | null): string =>
    `${column} <=> ${key === null ? 'NULL' : `${quoteText(key)} COLLATE utf8mb4_bin`}`;
  // To the end of the table is to the end of each part.
  const whole = place ? `cursor_key = ${quoteText(wholeText(place))}, is_whole = 1` : 'is_whole = 1';
  const moved = to === null ? whole : `cursor_key = ${quoteText(to)}, is_whole = (${isKey('end_key', to)})`;
  const which = `${whereTable(of)} AND part = ${part} AND request = ${quoteText(of.request)} AND state = 'seeding'`;
  return textOfStatements([
    `UPDATE lutra.seed SET ${[...added, moved].join(', ')}${which} AND is_whole = 0 AND ${isKey('cursor_key', from)}`,
  ]);
}

/** As the cursor of a key that has no column: each bound of a key names its columns. */
function wholeText({ log, seq }: LogPosition): string {
  return JSON.stringify({ '': `${log}:${seq}` });
}

function wholeAt(cursor: string): LogPosition | null {
  const [, log, seq] = /^\{"":"([^":]*):(\d+)"\}$/.exec(cursor) ?? [];
  return log === undefined ? null : { log, seq: Number(seq) };
}

/** Of a part, JSON of keys. */
interface Begun {
  readonly part: number;
  readonly cursor: string | null;
  readonly end: string | null;
}

export function whereTable({ pipeline, table }: Pick<SeedOf, 'pipeline' | 'table'>): string {
  const [uid, database, name] = [pipeline, table.database, table.name].map(quoteText);
  return ` WHERE pipeline = ${uid} AND database_name = ${database} AND table_name = ${name}`;
}

function partStatement({ pipeline, table, target, request, onExisting }: SeedOf, { part, cursor, end }: Begun): string {
  const texts = [pipeline, table.database, table.name, request, target.database, target.name, onExisting].map(quoteText);
  const kept = (column: string, anew: string): string =>
    `${column} = IF(request = VALUES(request) AND state IN ('seeding', 'done'), ${column}, ${anew})`;
  const anew = [
    kept('cursor_key', 'VALUES(cursor_key)'),
    kept('end_key', 'VALUES(end_key)'),
    ...['is_whole', ...countNames].map((name) => kept(name, '0')),
    kept('begun_at', 'CURRENT_TIMESTAMP(3)'),
    // Assigned from left to right: those before see the request of before.
    ...['request', 'target_database', 'target_table', 'on_existing'].map((name) => `${name} = VALUES(${name})`),
    "state = 'seeding'",
    'ended_at = NULL',
  ];
  const keys = [cursor, end].map((key) => (key === null ? 'NULL' : quoteText(key)));
  const values = [...texts, part, "'seeding'", ...keys, 0].join(', ');
  const into = `INSERT INTO lutra.seed (${fixedNames.join(', ')}, part, state, cursor_key, end_key, is_whole) VALUES (${values})`;
  return `${into} ON DUPLICATE KEY UPDATE ${anew.join(', ')}`;
}

export function textOfStatements(statements: readonly string[]): SqlText {
  const mark: Mark = { does: 'upsert', table: seedTable, change: 0, changes: 1 };
  return { sql: statements.join(';\n'), marks: statements.map(() => mark) };
}

/** Nobody carries the order out any more, and its log does not say so: it was cancelled before it was known what has begun. */
export async function endSeeds(
  target: ConnectionOptions | Queries,
  { pipeline, request }: Pick<SeedOf, 'pipeline' | 'request'>,
): Promise<void> {
  const which = `pipeline = ${quoteText(pipeline)} AND request = ${quoteText(request)} AND state = 'seeding'`;
  const sql = `UPDATE lutra.seed SET state = 'cancelled', ended_at = CURRENT_TIMESTAMP(3) WHERE ${which}`;
  await through(target, async (queries) => void (await queries.query(sql)));
}

/** Of orders before: when a table of this one ends, all of its tables have begun. */
export function endOtherSeeds({ pipeline, request }: Pick<SeedOf, 'pipeline' | 'request'>): SqlText {
  const which = `pipeline = ${quoteText(pipeline)} AND request <> ${quoteText(request)} AND state = 'seeding'`;
  return textOfStatements([`UPDATE lutra.seed SET state = 'cancelled', ended_at = CURRENT_TIMESTAMP(3) WHERE ${which}`]);
}
