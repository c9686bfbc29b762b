/** What a run knows of each table of its order, and what it says of all of them. Pure. */
import { rowFromJson, SyncError, tableName } from '@lutra/model';
import type { Row, SeedActivity, SeededTable, SeedOrder, SeedProgress, TableName } from '@lutra/model';
import { quoteTable } from '@lutra/mysql';
import type { TargetTable } from '@lutra/mysql';
import type { ChunkTable } from './chunk-table.js';
import type { ListedTable } from './table-list.js';
import type { TablePart, TableReading } from './table-seed.js';
import type { Watch } from './windows.js';

export type State = 'waits' | 'reads' | 'sent' | 'ended' | 'done' | 'refused';

export interface Entry {
  readonly name: TableName;
  readonly rowsEstimated: number;
  table: TargetTable;
  watch: Watch;
  /** It is copied although it may have no key. */
  readonly mayBeKeyless: boolean;
  /** Read for all parts at once. */
  chunks: Promise<ChunkTable> | null;
  state: State;
  /** Where to begin. */
  from: SeededTable | null;
  /** Of a table that begins: the last keys of its parts, but of the last one. */
  ends: readonly Row[];
  /** What reads it from there, part by part. */
  seeds: readonly TableReading[] | null;
  /** Of what was sent last; the loader had passed it at this time (ms since 1970). */
  lastSeq: number;
  passedAt: number | null;
  refusal: SyncError | null;
  /** Tables before it that its foreign keys point to: their rows come first, as targets may check. */
  parents: readonly Entry[];
  /** After a failure, ms since 1970. */
  notBefore: number;
}

/** @param from as it stands at the target; null: it has not begun there */
export function entryOf(
  { table, rowsEstimated, watch }: ListedTable,
  { keyless = [] }: Pick<SeedOrder, 'keyless'>,
  from: SeededTable | null,
): Entry {
  const name = { database: table.database, name: table.name };
  const mayBeKeyless = keyless.some((one) => one.database === name.database && one.name === name.name);
  const state = from?.state === 'done' ? 'done' : 'waits';
  const fresh = {
    chunks: null,
    ends: [],
    seeds: null,
    lastSeq: -1,
    passedAt: null,
    idle: 0,
    had: '',
    refusal: null,
    parents: [],
    notBefore: 0,
  };
  return { name, rowsEstimated, table, watch, mayBeKeyless, state, from: from?.state === 'seeding' ? from : null, ...fresh };
}

/** That are not whole at the target. */
export function partsOf({ from, ends }: Pick<Entry, 'from' | 'ends'>): readonly TablePart[] {
  if (!from) return Array.from({ length: ends.length + 1 }, (_, i) => ({ part: i, from: ends[i - 1] ?? null, end: ends[i] ?? null }));
  const key = (json: string | null = null): Row | null => (json === null ? null : rowFromJson(json));
  return from.cursors.flatMap((cursor, i) => (from.whole[i] ? [] : [{ part: i, from: key(cursor), end: key(from.ends[i]) }]));
}

/** By quoted name. */
export function tablesOf(progress: SeedProgress | null): ReadonlyMap<string, SeededTable> {
  return new Map((progress?.tables ?? []).map((table) => [quoteTable({ ...table, name: table.table }), table]));
}

/** Of tables in the order in which they are seeded: in a circle of foreign keys the first one waits for none. */
export function withParents(entries: readonly Entry[]): void {
  for (const [i, entry] of entries.entries()) {
    const named = new Set(entry.table.foreignKeys.map(({ parent }) => quoteTable(parent)));
    if (named.size > 0) entry.parents = entries.slice(0, i).filter(({ name }) => named.has(quoteTable(name)));
  }
}

export function nextOf(entries: readonly Entry[]): Entry | undefined {
  const now = Date.now();
  const isSent = ({ state }: Entry): boolean => state !== 'waits' && state !== 'reads';
  return entries.find(({ state, notBefore, parents }) => state === 'waits' && notBefore <= now && parents.every(isSent));
}

/** The loader has passed all of it, and some of it is not ticked off. */
export function isLost(entry: Entry, appliedSeq: number, resendAfterMs: number): boolean {
  if (appliedSeq < entry.lastSeq) return false;
  entry.passedAt ??= Date.now();
  return Date.now() - entry.passedAt > resendAfterMs;
}

/** `suspended`: at either side; it is brought back through the routes. */
export type Standing = 'carried' | 'suspended' | 'left';

/**
 * Counter-example without: a table leaves the routes amid its seed. What is sent of it is ticked off by nobody, and sent again for ever.
 * @throws SyncError SEED_WAITS, SEED_REFUSED
 */
export function requireCarried(name: TableName, standing: Standing): void {
  if (standing === 'suspended') throw new SyncError('SEED_WAITS', `${tableName(name)} is suspended`);
  if (standing === 'left') throw new SyncError('SEED_REFUSED', `${tableName(name)}: the pipeline does not carry it any more`);
}

interface RunState {
  readonly uid: string;
  readonly order: SeedOrder;
  readonly isDone: boolean;
  readonly isListed: boolean;
  readonly rows: number;
  readonly seconds: number;
  readonly waitingFor: string | null;
}

/** That a status has room for. */
const mostRefusals = 50;

export function activityOf(entries: readonly Entry[], run: RunState): SeedActivity {
  const { uid, order, isDone, isListed, rows } = run;
  const rowsEstimated = entries.reduce((sum, entry) => sum + entry.rowsEstimated, 0);
  const rowsPerSecond = Math.round(rows / Math.max(1, run.seconds));
  const left = Math.max(0, rowsEstimated - rows);
  const refused = entries.flatMap(({ name, refusal }) =>
    refusal ? [{ database: name.database, table: name.name, code: refusal.code, message: refusal.message }] : [],
  );
  return {
    uid,
    request: order.id,
    state: isDone ? 'done' : order.state,
    tables: entries.length,
    tablesDone: entries.filter(({ state }) => state === 'done').length,
    refused: refused.slice(0, mostRefusals),
    rows,
    rowsEstimated: isListed ? rowsEstimated : null,
    rowsPerSecond,
    etaMs: rowsPerSecond > 0 && isListed ? Math.round((1000 * left) / rowsPerSecond) : null,
    waitingFor: isDone ? null : run.waitingFor,
  };
}
