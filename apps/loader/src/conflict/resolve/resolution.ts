/**
 * Writes a resolution record: what home made of a row replaces the row here, unless that was changed here after what home had seen. Such a
 * change is on its way to home, meets the resolution there, and makes another one. Rows that hold its unique values are deleted: home sends
 * them again, or they are gone there too.
 */
import type { ControlRecord, TableName } from '@lutra/model';
import { asSource, planRows, askFor, keysOf, primaryConflictKey } from '@lutra/mysql';
import type { ApplyConnection, RowPlan, TargetTable, KeyCollations, Keys } from '@lutra/mysql';
import { requireToldOf } from '../detect/concurrency.js';
import type { Peers } from '../detect/peers.js';
import { forceRow, readRows } from './rows.js';

export interface ResolutionTables {
  /** The table at the target; null: this pipeline does not carry it. */
  targetOf(table: TableName): Promise<TargetTable | null>;
}

export type Resolution = Extract<ControlRecord, { kind: 'resolution' }>;

interface At {
  readonly connection: ApplyConnection;
  readonly peers: Pick<Peers, 'complete' | 'changedHere' | 'leftOut'>;
  readonly tables: ResolutionTables;
  readonly collations: KeyCollations;
}

/** In an open target transaction, in their order: all rows are locked first. */
export async function applyResolutions(at: At, resolutions: readonly Resolution[]): Promise<void> {
  const known: { readonly resolution: Resolution; readonly target: TargetTable; readonly plan: RowPlan; readonly keys: Keys }[] = [];
  for (const resolution of resolutions) {
    const target = await at.tables.targetOf({ database: resolution.database, name: resolution.table });
    if (!target) continue;
    known.push({ resolution, target, ...factsOf(target, at.collations) });
  }
  await askFor(known.map(({ keys, resolution }) => [keys, resolution.key]));
  await readRows(
    at.connection,
    known.map(({ resolution: { key, row }, plan }) => ({ plan, key, values: row })),
  );
  await at.peers.complete(true);
  for (const { resolution, target, plan, keys } of known) {
    requireToldOf({ source: { database: resolution.database, name: resolution.table }, target }, resolution.seen, at.peers);
    const conflictKey = primaryConflictKey(keys, resolution.key);
    if (conflictKey === null || !at.peers.changedHere(conflictKey, resolution.seen)) await replace(at.connection, plan, resolution);
  }
}

async function replace(connection: ApplyConnection, plan: RowPlan, { key, row }: Resolution): Promise<void> {
  const [found] = await readRows(connection, [{ plan, key, values: row }]);
  const { existing, holders } = found ?? { existing: null, holders: [] };
  const refused = await forceRow(connection, plan, { existing, row, displaced: holders });
  if (refused) throw refused;
}

const facts = new WeakMap<TargetTable, { readonly plan: RowPlan; readonly keys: Keys }>();

function factsOf(target: TargetTable, collations: KeyCollations): { readonly plan: RowPlan; readonly keys: Keys } {
  let known = facts.get(target);
  if (!known) {
    const source = asSource(target);
    facts.set(target, (known = { plan: planRows(source, target), keys: keysOf(source, target, collations) }));
  }
  return known;
}
