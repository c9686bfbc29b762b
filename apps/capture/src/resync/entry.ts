/** One row of lutra.resync, and whom it is for. */
import { createRouter, foldedName, SyncError, tableName } from '@lutra/model';
import type { Route, Router, TableName } from '@lutra/model';
import type { KeyAsk } from '../seed/key-ask.js';

export const resyncTable: TableName = { database: 'lutra', name: 'resync' };

export interface ResyncEntry {
  /** Digits. */
  readonly id: string;
  readonly table: TableName;
  /** Null: it is longer than any key. */
  readonly rowKey: string | null;
  /** Uid; null: each one that carries the table. */
  readonly pipeline: string | null;
  readonly purpose: string;
  readonly request: string;
}

/** What is to be inserted. */
export interface NewEntry {
  readonly table: TableName;
  readonly rowKey: string;
  readonly request: string;
  /** Why it cannot be sent; null: it waits. */
  readonly problem: string | null;
}

export type Addressed = Pick<KeyAsk, 'table' | 'pipelines' | 'purpose' | 'request'>;

export interface Addressing {
  /** Routes by pipeline, of those that read the endpoint. */
  readonly carried: Readonly<Record<string, readonly Route[]>>;
  /** What the log holds. */
  readonly router: Router;
  /** The server has lower_case_table_names=1. */
  readonly foldsNames: boolean;
}

const purposes: readonly KeyAsk['purpose'][] = ['resync', 'probe', 'repair'];

/** @throws SyncError CONFIG_INVALID saying what to correct */
export function addressed(entry: ResyncEntry, { carried, router, foldsNames }: Addressing): Addressed {
  const purpose = purposes.find((known) => known === entry.purpose);
  if (!purpose) throw refused(`purpose is ${entry.purpose}: write ${purposes.join(', ')}`);
  const { database, name } = entry.table;
  const table = foldsNames ? { database: foldedName(database), name: foldedName(name) } : { database, name };
  const routes = entry.pipeline === null ? carried : { [entry.pipeline]: carried[entry.pipeline] };
  if (entry.pipeline !== null && !carried[entry.pipeline])
    throw refused(
      `pipeline ${entry.pipeline} does not read this endpoint: write the uid of one that does, or NULL for each that carries the table`,
    );
  const pipelines = Object.keys(routes).filter((uid) => createRouter(routes[uid] ?? [])(table) !== null);
  if (pipelines.length === 0) {
    const who = entry.pipeline === null ? 'no pipeline carries' : `pipeline ${entry.pipeline} does not carry`;
    throw refused(`${who} ${tableName(table)}: correct schema_name and table_name, or add a route, and insert it again`);
  }
  if (router(table) === null)
    throw refused(`${tableName(table)} is suspended: bring it back first (docs/02-setup.md, A table that is suspended)`);
  return { table, pipelines: pipelines.toSorted(), purpose, request: entry.request };
}

function refused(why: string): SyncError {
  return new SyncError('CONFIG_INVALID', why);
}
