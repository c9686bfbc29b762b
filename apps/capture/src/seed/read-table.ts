/** What is read of a table of an order beside its rows. */
import type { Row, SeedOrder, TableName } from '@lutra/model';
import { leastRowsOfPart, partEnds, quoteTable } from '@lutra/mysql';
import type { TargetTable } from '@lutra/mysql';
import { boundAt } from './begins-anew.js';
import { chunkTable, exactly } from './chunk-table.js';
import type { ChunkTable } from './chunk-table.js';
import type { ChunkDeps } from './chunk.js';
import { partsOf } from './seed-entry.js';
import type { Entry } from './seed-entry.js';
import { TableSeed } from './table-seed.js';
import type { TableReading, TableSeedDeps } from './table-seed.js';
import { WholeTable } from './whole-table.js';

export interface ReadDeps extends Pick<ChunkDeps, 'sessions' | 'windows'> {
  /** One table as it is now. @throws SyncError SEED_REFUSED, SOURCE_* */
  load(name: TableName): Promise<TargetTable>;
}

/** A table of an order before its beginning is told. */
export interface Beginning {
  readonly entry: Entry;
  readonly isReadable: boolean;
  /** False: it came when the others had begun. */
  readonly isOfOrder: boolean;
  readonly begins: boolean;
  readonly definition: string | null;
}

/** So many at once; the results are in the order of the items. */
export async function sideBySide<T, R>(items: readonly T[], parallel: number, work: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = [];
  const entries = items.entries();
  const worker = async (): Promise<void> => {
    for (const [i, item] of entries) results[i] = await work(item);
  };
  await Promise.all(Array.from({ length: parallel }, worker));
  return results;
}

/** Part by part; a table without a key at once. */
export function readingsOf(deps: TableSeedDeps, entry: Entry, { plan }: ChunkTable): readonly TableReading[] {
  const parts = partsOf(entry);
  return plan.key.length === 0
    ? parts.map(() => new WholeTable(deps, entry.name))
    : parts.map((part) => new TableSeed(deps, entry.name, part));
}

/** Anew where a statement has changed it. @throws SyncError SEED_REFUSED, SOURCE_* */
export function chunksOf(deps: ReadDeps, entry: Entry): Promise<ChunkTable> {
  const isStale = entry.watch.isStale;
  if (entry.chunks && !isStale) return entry.chunks;
  if (isStale) entry.watch = deps.windows.watch(entry.name);
  const chunks = read(deps, entry, isStale);
  entry.chunks = chunks;
  chunks.catch(() => {
    if (entry.chunks !== chunks) return; // thrown where it is awaited
    entry.chunks = null;
    // The definition that is known is an older one.
    if (isStale) entry.watch = { isStale: true };
  });
  return chunks;
}

async function read({ sessions, load }: ReadDeps, entry: Entry, isStale: boolean): Promise<ChunkTable> {
  const { watch, name } = entry;
  if (isStale) entry.table = await load(name);
  const logsCascades = await sessions.logsCascades();
  const of = { table: entry.table, watch, collations: exactly, logsCascades, mayBeKeyless: entry.mayBeKeyless };
  return sessions.use((session) => chunkTable(session, of));
}

/** Small tables are not asked about. Rows that stay locked until their place are not read side by side. */
async function endsOf(deps: ReadDeps, entry: Entry, parallel: number): Promise<readonly Row[]> {
  if (entry.rowsEstimated < leastRowsOfPart) return [];
  const { plan, changesUnseen } = await chunksOf(deps, entry);
  const ends =
    changesUnseen || plan.key.length === 0 ? [] : await deps.sessions.use((session) => partEnds(session, plan, { most: parallel }));
  return ends.map((end) => boundAt(plan, end));
}

/** @throws SyncError SEED_REFUSED, SOURCE_* */
export async function beginningOf(
  deps: ReadDeps,
  entry: Entry,
  { order, isLater, isReadable }: { readonly order: SeedOrder; readonly isLater: boolean; readonly isReadable: boolean },
): Promise<Beginning> {
  // One that cannot be read may be created all the same: its changes are replicated.
  const isCreated = entry.state !== 'done' && entry.from === null && order.createTables;
  const begins = !isLater && (isReadable || isCreated);
  const isOfOrder = !isLater || !isReadable;
  if (!begins) return { entry, isReadable, isOfOrder, begins, definition: null };
  if (isReadable && entry.from === null) entry.ends = await endsOf(deps, entry, order.parallel);
  const definition = order.createTables ? await definitionOf(deps, entry.name) : null;
  return { entry, isReadable, isOfOrder, begins, definition };
}

/** What SHOW CREATE TABLE prints. */
async function definitionOf({ sessions }: ReadDeps, name: TableName): Promise<string | null> {
  const [row] = await sessions.use((session) => session.query(`SHOW CREATE TABLE ${quoteTable(name)}`));
  const text = row?.['Create Table'];
  return text === undefined || text === null ? null : text.toString();
}
