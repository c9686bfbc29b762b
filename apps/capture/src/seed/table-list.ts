/** Which tables an order means, and in which order they are seeded: parents before children. */
import { createRouter, excludedPattern, maxSeedTables, reservedSchemas, SyncError } from '@lutra/model';
import type { Router, SeedOrder, TableName } from '@lutra/model';
import { loadTables, quoteTable, quoteText } from '@lutra/mysql';
import type { TargetTable } from '@lutra/mysql';
import type { SeedSession } from './seed-session.js';
import type { Watch } from './windows.js';

export interface ListedTable {
  readonly table: TargetTable;
  /** By the server's statistics. */
  readonly rowsEstimated: number;
  /** From before the definition was read on. */
  readonly watch: Watch;
}

export interface ListBy {
  /** Both what the pipeline carries, and what the log holds. */
  readonly carried: readonly Router[];
  watch(table: TableName): Watch;
}

/** @throws SyncError SEED_REFUSED, SOURCE_* */
export async function listTables(session: SeedSession, order: Pick<SeedOrder, 'tables'>, by: ListBy): Promise<readonly ListedTable[]> {
  const { carried, watch } = by;
  const wanted = createRouter(order.tables.map((pattern) => excludedPattern(pattern)));
  const isWanted = (table: TableName): boolean => [...carried, wanted].every((router) => router(table) !== null);
  await session.freshStatistics();
  const reserved = reservedSchemas.map(quoteText).join(', ');
  const rows = await session.query(
    `SELECT TABLE_SCHEMA AS db, TABLE_NAME AS name, TABLE_ROWS AS estimate FROM information_schema.TABLES WHERE TABLE_TYPE = 'BASE TABLE' AND TABLE_SCHEMA NOT IN (${reserved})`,
  );
  const named = rows.map((row) => ({ database: String(row['db']), name: String(row['name']), estimate: Number(row['estimate'] ?? 0) }));
  const found = named.filter(isWanted);
  if (found.length > maxSeedTables)
    throw new SyncError('SEED_REFUSED', `the order means ${found.length} tables; at most ${maxSeedTables} are seeded by one`);
  const known = new Map(found.map((table) => [quoteTable(table), { rowsEstimated: table.estimate, watch: watch(table) }]));
  const listed: ListedTable[] = [];
  for (const database of new Set(found.map((table) => table.database)))
    for (const table of await loadTables(session, database)) {
      const about = known.get(quoteTable(table));
      if (about) listed.push({ table, ...about });
    }
  return parentsFirst(listed);
}

/** By quoted name, for names may have dots; each behind its parents; what is in a circle of foreign keys comes as it is met. */
export function parentsFirst(tables: readonly ListedTable[]): readonly ListedTable[] {
  const byName = new Map(tables.map((listed) => [quoteTable(listed.table), listed]));
  const met = new Set<string>();
  const sorted: ListedTable[] = [];
  const visit = (name: string): void => {
    const listed = byName.get(name);
    if (!listed || met.has(name)) return;
    met.add(name);
    for (const { parent } of listed.table.foreignKeys) visit(quoteTable(parent));
    sorted.push(listed);
  };
  for (const name of [...byName.keys()].toSorted()) visit(name);
  return sorted;
}
