/**
 * What home made of a row, carried over: it replaces the row here, unless that was changed here after what home had seen. Such a change is
 * on its way to home, meets the remedy there, and makes another one. Rows that hold its unique values are deleted: home sends them again,
 * or they are gone there too.
 */
import type { ControlRecord, TableName } from '@lutra/model';
import { asSource, planRows } from '@lutra/mysql';
import type { ApplyConnection, RowPlan, TargetTable } from '@lutra/mysql';
import { requireToldOf } from './left-out.js';
import type { Peers } from './peers.js';
import { askFor, keysOf, primaryResource } from './resources.js';
import type { KeyCollations, Keys } from './resources.js';
import { forceRow, readRows } from './rows.js';

export interface RemedyTables {
  /** The table at the target; null: this pipeline does not carry it. */
  targetOf(table: TableName): Promise<TargetTable | null>;
}

export type Remedy = Extract<ControlRecord, { kind: 'remedy' }>;

interface At {
  readonly connection: ApplyConnection;
  readonly peers: Pick<Peers, 'complete' | 'changedHere' | 'leftOut'>;
  readonly tables: RemedyTables;
  readonly collations: KeyCollations;
}

/** In an open target transaction, in their order: all rows are locked first. */
export async function applyRemedies(at: At, remedies: readonly Remedy[]): Promise<void> {
  const known: { readonly remedy: Remedy; readonly target: TargetTable; readonly plan: RowPlan; readonly keys: Keys }[] = [];
  for (const remedy of remedies) {
    const target = await at.tables.targetOf({ database: remedy.database, name: remedy.table });
    if (!target) continue;
    known.push({ remedy, target, ...factsOf(target, at.collations) });
  }
  await askFor(known.map(({ keys, remedy }) => [keys, remedy.key]));
  await readRows(
    at.connection,
    known.map(({ remedy: { key, row }, plan }) => ({ plan, key, values: row })),
  );
  await at.peers.complete(true);
  for (const { remedy, target, plan, keys } of known) {
    requireToldOf({ source: { database: remedy.database, name: remedy.table }, target }, remedy.seen, at.peers);
    const resource = primaryResource(keys, remedy.key);
    if (resource === null || !at.peers.changedHere(resource, remedy.seen)) await replace(at.connection, plan, remedy);
  }
}

async function replace(connection: ApplyConnection, plan: RowPlan, { key, row }: Remedy): Promise<void> {
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
