/**
 * What home made of a row, carried over: it replaces the row here, unless that was changed here after what home had seen. Such a change is on its way to home,
 * meets the remedy there, and makes another one. Rows that hold its unique values are deleted: home sends them again, or they are gone there too.
 */
import type { ControlRecord, TableName } from '@lutra/model';
import { asSource, planRows } from '@lutra/mysql';
import type { ApplyConnection, TargetTable } from '@lutra/mysql';
import type { Peers } from './peers.js';
import { keysOf, primaryResource } from './resources.js';
import { forceRow, readHolders, readRow } from './rows.js';

export interface RemedyTables {
  /** The table at the target; null: this pipeline does not carry it. */
  targetOf(table: TableName): Promise<TargetTable | null>;
}

type Remedy = Extract<ControlRecord, { kind: 'remedy' }>;

export async function applyRemedy(
  at: { readonly connection: ApplyConnection; readonly peers: Pick<Peers, 'complete' | 'changedHere'>; readonly tables: RemedyTables },
  { database, table, key, row, seen }: Remedy,
): Promise<void> {
  const target = await at.tables.targetOf({ database, name: table });
  if (!target) return;
  const source = asSource(target);
  const plan = planRows(source, target);
  const existing = await readRow(at.connection, plan, key);
  await at.peers.complete(true);
  const resource = primaryResource(keysOf(source, target), key);
  if (resource !== null && at.peers.changedHere(resource, seen)) return;
  const displaced = row === null ? [] : await readHolders(at.connection, plan, row);
  const refused = await forceRow(at.connection, plan, { existing, row, displaced });
  if (refused) throw refused;
}
