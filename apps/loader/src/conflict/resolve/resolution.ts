/**
 * Writes a resolution record: what home made of a row replaces the row here, unless that was changed here after what home had seen. Such a
 * change is on its way to home, meets the resolution there, and makes another one. Rows that hold its unique values are deleted: home sends
 * them again, or they are gone there too.
 */
import { SyncError, tableName } from '@lutra/model';
import type { ControlRecord, Row, Seen, TableName, TableSchema } from '@lutra/model';
import { asSource, planRows, askFor, keysOf, primaryConflictKey } from '@lutra/mysql';
import type { ApplyConnection, RowPlan, TargetTable, KeyCollations, Keys } from '@lutra/mysql';
import { requireToldOf } from '../detect/concurrency.js';
import type { Peers } from '../detect/peers.js';
import { leftOutOf } from '../../plan/rows-by-name.js';
import type { LeftOut } from '../../plan/rows-by-name.js';
import type { ConflictFiles } from '../files/conflict-files.js';
import { withKeys } from '../files/decided-files.js';
import type { DecidedFiles } from '../files/decided-files.js';
import { forceRow, readRows } from './rows.js';
import type { RowChange } from './rows.js';

export interface ResolutionTables {
  /** The table at the target; null: this pipeline does not carry it. */
  targetOf(table: TableName): Promise<TargetTable | null>;
}

export type Resolution = Extract<ControlRecord, { kind: 'resolution' }>;

interface At {
  readonly connection: ApplyConnection;
  readonly peers: Pick<Peers, 'complete' | 'changedHere' | 'leftOut' | 'dropless' | 'dropped'>;
  readonly tables: ResolutionTables;
  readonly collations: KeyCollations;
  /** Null: no table has file rules. */
  readonly files: Pick<ConflictFiles, 'decided' | 'taken'> | null;
  /** Is told what is written. */
  readonly decided: DecidedFiles | null;
  /** Before it takes effect: something is left out of it. */
  leave(left: LeftOut, resolution: Resolution): Promise<void>;
}

/** A resolution as it is written here. */
interface Known {
  readonly from: TableName;
  readonly key: Row;
  readonly row: Row | null;
  readonly seen: Seen;
  readonly target: TargetTable;
  readonly facts: Facts;
}

interface Facts {
  /** The columns that both have, by the table's name at the source. */
  readonly source: TableSchema;
  readonly plan: RowPlan;
  readonly keys: Keys;
}

/** In an open target transaction, in their order: all rows are locked first. */
export async function applyResolutions(at: At, resolutions: readonly Resolution[]): Promise<void> {
  const known: Known[] = [];
  for (const resolution of resolutions) {
    const target = await at.tables.targetOf({ database: resolution.database, name: resolution.table });
    const written = target && (await knownOf(at, resolution, target));
    if (written) known.push(written);
  }
  requireFiles(at.files, known);
  await askFor(known.map(({ facts: { keys }, key }) => [keys, key]));
  await readRows(
    at.connection,
    known.map(({ key, row, facts: { plan } }) => ({ plan, key, values: row })),
  );
  await at.peers.complete(true);
  for (const each of known) {
    const { key, seen, target, facts } = each;
    requireToldOf({ source: { ...each.from, columns: each.row ? facts.source.columns : [] }, target }, seen, at.peers);
    const conflictKey = primaryConflictKey(facts.keys, key);
    if (conflictKey === null || !at.peers.changedHere(conflictKey, seen)) await replace(at, each);
  }
}

async function replace({ connection, decided }: Pick<At, 'connection' | 'decided'>, known: Known): Promise<void> {
  const { key, row, facts } = known;
  const [found] = await readRows(connection, [{ plan: facts.plan, key, values: row }]);
  const { existing, holders } = found ?? { existing: null, holders: [] };
  const change = { existing, row, displaced: holders };
  const refused = await forceRow(connection, facts.plan, change);
  if (refused) throw refused;
  tell(decided, known, change);
}

/** Before any lock is taken. @throws FilesWanted */
function requireFiles(files: At['files'], known: readonly Known[]): void {
  if (!files) return;
  const all = files.decided();
  for (const each of known) tell(all, each, { existing: null, row: each.row, displaced: [] });
  files.taken(all, []);
}

/** Home's file is wanted also where the row is equal: both sides may have written the same path. */
function tell(decided: DecidedFiles | null, { facts }: Known, change: RowChange): void {
  decided?.told(withKeys(facts), change);
}

/**
 * Its columns by their names here. What the table dropped behind what home had seen is left out, as of any row; what the table has and home
 * had not is left as it is. Null: the table itself was dropped.
 * @throws SyncError COLUMN_MISSING
 */
async function knownOf({ peers, collations, leave }: At, resolution: Resolution, target: TargetTable): Promise<Known | null> {
  const { key, row, seen } = resolution;
  const names = [...new Set([...Object.keys(key), ...Object.keys(row ?? {})])];
  const of = { columns: names.map((name) => ({ name })), primaryKey: Object.keys(key) };
  const left = peers.dropless ? null : leftOutOf(of, target, { table: target, drops: peers.dropped(target, seen, true) });
  if (left) await leave(left, resolution);
  if (left?.columns === null) return null;
  const here = new Map(target.columns.map(({ name }) => [name.toLowerCase(), name]));
  const kept = names.filter((name) => left?.columns?.includes(name) !== true);
  const missing = kept.filter((name) => !here.has(name.toLowerCase()));
  if (missing.length > 0) throw missingHere(resolution, target, missing);
  const named = (from: Row): Row =>
    Object.fromEntries(kept.flatMap((name) => (name in from ? [[here.get(name.toLowerCase()) ?? name, from[name] ?? null]] : [])));
  // Of a row that is gone no column is written.
  const columns = row && kept.map((name) => name.toLowerCase());
  const from = { database: resolution.database, name: resolution.table };
  return { from, key: named(key), row: row && named(row), seen, target, facts: factsOf(from, target, { columns, collations }) };
}

function missingHere({ database, table }: Resolution, target: TargetTable, missing: readonly string[]): SyncError {
  const message = `${tableName(target)}: what home made of a row has column ${missing.join(', ')}, which is missing here`;
  const refused = { table: { database, name: table, code: 'COLUMN_MISSING' } } as const;
  return new SyncError('COLUMN_MISSING', message, { details: { database: target.database, table: target.name }, refused });
}

const facts = new WeakMap<TargetTable, Map<string, Facts>>();

/** `columns`: null: all. */
function factsOf(
  from: TableName,
  target: TargetTable,
  { columns, collations }: { readonly columns: readonly string[] | null; readonly collations: KeyCollations },
): Facts {
  const ofTarget = facts.get(target) ?? new Map<string, Facts>();
  facts.set(target, ofTarget);
  const which = [tableName(from), ...(columns?.toSorted() ?? [])].join('\0');
  let known = ofTarget.get(which);
  if (!known) {
    const own = asSource(target);
    const source = { ...own, ...from, columns: own.columns.filter(({ name }) => columns?.includes(name.toLowerCase()) ?? true) };
    ofTarget.set(which, (known = { source, plan: planRows(source, target), keys: keysOf(source, target, collations) }));
  }
  return known;
}
