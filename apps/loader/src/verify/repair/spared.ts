/**
 * Rows that the target has changed since a hole in the source's log began: a person decides about them. What the target's own log does not
 * tell counts as changed.
 */
import { tableName } from '@lutra/model';
import type { Row, TableName } from '@lutra/model';
import type { TargetLog } from './target-log.js';

export interface SparedTable {
  /** As the target calls it. */
  readonly target: TableName;
  /** What came from there is no change of the target. */
  readonly sourceRegion: string;
  /** Rows that differ: hash → key, by the target's names. */
  readonly keys: ReadonlyMap<string, Row>;
  /** The same for keys that are one to the server; null: it cannot be told. */
  conflictKey(row: Row): Promise<string | null>;
}

/** Its rows may be others since, and no row of the log says which. */
function spareWhole(spared: ReadonlyMap<SparedTable, Map<string, string>>, { name, origin }: { name: TableName; origin: string }): void {
  for (const [table, rows] of spared) {
    const { target, sourceRegion, keys } = table;
    const isIt = [target.database, '*'].includes(name.database) && [target.name, '*'].includes(name.name);
    if (isIt && origin !== sourceRegion) for (const hash of keys.keys()) rows.set(hash, alteredThere);
  }
}

export const alteredThere = 'a schema change at the target since the hole began may have changed it';
export const changedThere = 'changed at the target since the hole began';

/** Of each table: hash → why it is spared. */
export async function sparedRows(
  log: TargetLog,
  { tables, since, signal }: { readonly tables: readonly SparedTable[]; readonly since: number; readonly signal: AbortSignal },
): Promise<ReadonlyMap<SparedTable, ReadonlyMap<string, string>>> {
  const spared = new Map(tables.map((table) => [table, new Map<string, string>()]));
  const changes = await log.since(since, signal);
  const wanted = new Map<string, { readonly table: SparedTable; readonly hashes: ReadonlyMap<string, string> }[]>();
  for (const table of tables) {
    const hashes = new Map<string, string>();
    for (const [hash, row] of table.keys) {
      const key = changes ? await table.conflictKey(row) : null;
      if (key === null) spared.get(table)?.set(hash, changes ? 'its key cannot be compared with the log of the target' : notReached);
      else hashes.set(key, hash);
    }
    const name = tableName(table.target);
    wanted.set(name, [...(wanted.get(name) ?? []), { table, hashes }]);
  }
  for await (const batch of changes ?? [])
    for (const { table: name, images, origin, isWhole } of batch)
      if (isWhole) spareWhole(spared, { name, origin });
      else
        for (const { table, hashes } of wanted.get(tableName(name)) ?? []) {
          if (origin === table.sourceRegion) continue;
          for (const row of images) {
            const hash = row && hashes.get((await table.conflictKey(row)) ?? '');
            if (hash) spared.get(table)?.set(hash, changedThere);
          }
        }
  return spared;
}

const notReached = 'the log of the target does not reach back to where the hole began, so it may have changed there';
