/**
 * The rows of a chunk, one by one, in an open target transaction: all rows and unique values are locked, then the index of recent changes
 * is completed, then each row is decided and written.
 *
 * The naive way writes each row as an insert, or over what is there. Counter-example: A and B have p = 0. A reads p, B's application writes
 * b, A's row comes to B and wins; B's change comes to A, meets nothing, and is taken: A = b, B = 0, for ever.
 */
import { SyncError, tableName } from '@lutra/model';
import type { Row, Seen } from '@lutra/model';
import { askFor, conflictKind, identicalRows, keyOfRow, keysOf, primaryConflictKey, uniqueConflictKeys, noCounts } from '@lutra/mysql';
import type { ApplyConnection, Difference, ForeignKey, Keys, SeedCounts, TargetTable } from '@lutra/mysql';
import type { DetectorOptions } from '../conflict/detect/detector-options.js';
import { requireToldOf } from '../conflict/detect/concurrency.js';
import type { Conflict } from '../conflict/record/conflict-record.js';
import { forceRow, keyText, readRows, writeRow } from '../conflict/resolve/rows.js';
import type { Found } from '../conflict/resolve/rows.js';
import type { PreparedChunk } from './prepared-chunk.js';
import { decideRow } from './row-decision.js';
import type { RowOutcome } from './row-decision.js';

/** What tells of changes here; null one way. Of each row of the chunk its conflict keys can be named. */
export interface Watch extends Pick<DetectorOptions, 'peers'> {
  readonly keys: Keys;
}

export interface RowsDone {
  readonly counts: SeedCounts;
  /** Some are to be read once more. */
  readonly isAgain: boolean;
  /** Both ways: rows that differed. */
  readonly conflicts: readonly Conflict[];
  readonly differences: readonly Difference[];
  /** Rows that stay as they are against the source's: home tells the others. */
  readonly kept: readonly Row[];
}

type Connection = Pick<ApplyConnection, 'within' | 'attempt'>;

export class ChunkRows {
  readonly #connection: Connection;
  readonly #chunk: PreparedChunk;
  readonly #watch: Watch | null;
  readonly #outcomes: Partial<Record<RowOutcome, number>> = {};
  readonly #conflicts: Conflict[] = [];
  readonly #differences: Difference[] = [];
  readonly #kept: Row[] = [];
  /** Keys of rows of this chunk that were deleted for a unique value: each comes in its turn. */
  readonly #cleared = new Set<string>();

  constructor(connection: Connection, chunk: PreparedChunk, watch: Watch | null) {
    this.#connection = connection;
    this.#chunk = chunk;
    this.#watch = watch;
  }

  /** @throws SyncError SEED_ROW_EXISTS; TABLE_SUSPENDED; and as ApplyConnection.attempt */
  async write(): Promise<RowsDone> {
    const { plan, rows, absent } = this.#chunk;
    const found = await readRows(this.#connection, [
      ...rows.map((row) => ({ plan, key: row, values: row })),
      ...absent.map((key) => ({ plan, key, values: null })),
    ]);
    await completed(this.#watch, this.#chunk);
    const coming = new Map(rows.map((row, i) => [keyText(plan, row), i]));
    for (const [i, row] of rows.entries()) await this.#row(row, { found: found[i] ?? nothing, i, coming });
    if (this.#chunk.isRepair) for (const key of absent) await this.#absent(key, coming);
    const { clash = 0, again = 0, yielded = 0, ...counts } = this.#outcomes;
    return {
      counts: { ...noCounts, ...counts, yielded: yielded + again, clashes: clash },
      isAgain: again > 0,
      conflicts: this.#conflicts,
      differences: this.#differences,
      kept: this.#kept,
    };
  }

  async #row(row: Row, at: { found: Found; i: number; coming: ReadonlyMap<string, number> }): Promise<void> {
    const { plan, target, stays, isRepair, bothWays } = this.#chunk;
    const isCleared = this.#cleared.has(keyText(plan, row));
    // What was written since may have freed its values.
    const [now] = at.found.holders.length > 0 ? await readRows(this.#connection, [{ plan, key: row, values: row }]) : [at.found];
    const existing = isCleared ? null : (at.found.existing ?? null);
    const holders = now?.holders ?? [];
    // One way a holder that comes itself, in this chunk, is out of date. Children that would go with it would not come again.
    const mayClear = !bothWays && stays === 'incoming' && !target.changesChildren;
    const clears = mayClear && holders.every((holder) => isRepair || (at.coming.get(keyText(plan, holder)) ?? -1) > at.i);
    const outcome = decideRow({
      changed: changedOf(this.#watch, row, this.#chunk.seen),
      isThere: existing !== null,
      isEqual: existing !== null && (await identicalRows(plan, existing, row)),
      isHeld: holders.length > 0 && !clears,
      stays,
    });
    if (outcome === 'stop') throw this.#stopped(row);
    await this.#carryOut(outcome, { row, existing, holders });
  }

  async #carryOut(
    outcome: RowOutcome,
    { row, existing, holders }: { readonly row: Row; readonly existing: Row | null; readonly holders: readonly Row[] },
  ): Promise<void> {
    const { plan } = this.#chunk;
    let told = outcome;
    if (outcome === 'inserted' || outcome === 'replaced') {
      if (await this.#written({ row, existing, displaced: holders })) for (const one of holders) this.#cleared.add(keyText(plan, one));
      else told = 'clash';
    }
    this.#outcomes[told] = (this.#outcomes[told] ?? 0) + 1;
    const key = keyOfRow(plan, row);
    // What is seeded is not ticked off then, and comes again by itself.
    if (told === 'clash' || (told === 'again' && this.#chunk.seed === null))
      this.#differences.push({ key, outcome: told, columns: null, here: existing ?? holders[0] ?? null, there: row });
    if (told === 'kept') this.#kept.push(key);
    if (this.#chunk.bothWays && existing !== null && (told === 'kept' || told === 'replaced'))
      this.#conflicts.push(this.#conflictOf(key, { row, existing, isKept: told === 'kept' }));
  }

  /** At home foreign keys are checked; elsewhere what comes fits together in the end. */
  async #written(change: {
    readonly row: Row | null;
    readonly existing: Row | null;
    readonly displaced: readonly Row[];
  }): Promise<boolean> {
    const { plan, checksForeignKeys } = this.#chunk;
    if (!checksForeignKeys) return (await forceRow(this.#connection, plan, change)) === null;
    const refused = await writeRow(this.#connection, plan, change);
    return refused === null || (conflictKind(refused) === 'parent missing' && (await this.#beforeParent(change)));
  }

  /**
   * Its parent is a row of the same table, which comes behind it, for tables are read by their keys. Other parents are checked: the row is
   * written without this one first. One that was deleted here does not come.
   */
  async #beforeParent({ row, ...change }: { readonly row: Row | null; readonly existing: Row | null; readonly displaced: readonly Row[] }) {
    const { plan, target, seen, seed } = this.#chunk;
    const own = target.foreignKeys.filter(({ self }) => self);
    if (row === null || seed === null || own.length === 0) return false;
    for (const key of own) if (await wasChanged(this.#watch, parentOf(key, row), seen)) return false;
    const childless = withoutParents(target, row);
    if (!childless || (await writeRow(this.#connection, plan, { ...change, row: childless }))) return false;
    const refused = await forceRow(this.#connection, plan, { existing: childless, row, displaced: [] });
    if (refused) throw refused;
    return true;
  }

  /** It is gone at the source; unless the server takes the key for that of a row that came: 'a' for 'A'. */
  async #absent(key: Row, coming: ReadonlyMap<string, number>): Promise<void> {
    const { plan } = this.#chunk;
    const [found] = await readRows(this.#connection, [{ plan, key, values: null }]);
    const existing = found?.existing ?? null;
    if (existing === null || coming.has(keyText(plan, existing))) return;
    if (!(await this.#written({ existing, row: null, displaced: [] }))) throw this.#stopped(existing);
    this.#outcomes.replaced = (this.#outcomes.replaced ?? 0) + 1;
  }

  #conflictOf(key: Row, { row, existing, isKept }: { readonly row: Row; readonly existing: Row; readonly isKept: boolean }): Conflict {
    const decided = isKept ? ({ winner: 'existing', result: existing } as const) : ({ winner: 'incoming', result: row } as const);
    const of = { table: this.#chunk.target, key, type: 'seed-differs', policy: 'seed', op: 'c' } as const;
    return { ...of, ...decided, before: null, after: row, existing, localSeq: null };
  }

  #stopped(row: Row): SyncError {
    const { target, plan } = this.#chunk;
    const key = keyText(plan, row).slice(0, 200);
    return new SyncError('SEED_ROW_EXISTS', `${tableName(target)}, ${key}: a row that is seeded is there already and differs`, {
      details: { database: target.database, table: target.name, key },
    });
  }
}

const nothing: Found = { existing: null, holders: [] };

/** What of it a foreign key names. */
function parentOf({ columns, parentColumns }: ForeignKey, row: Row): Row {
  const names = new Map(Object.keys(row).map((name) => [name.toLowerCase(), name]));
  const nameOf = (column = ''): string => names.get(column.toLowerCase()) ?? column;
  return Object.fromEntries(parentColumns.map((name, i) => [nameOf(name), row[nameOf(columns[i])] ?? null]));
}

/** It points to no row of its own table. Null: not without other changes. */
function withoutParents({ foreignKeys, columns, primaryKey }: TargetTable, row: Row): Row | null {
  const lower = (name: string): string => name.toLowerCase();
  const needed = new Set([...primaryKey, ...foreignKeys.flatMap((key) => (key.self ? [] : key.columns))].map(lower));
  const nullable = new Set(columns.flatMap((column) => (column.nullable ? [lower(column.name)] : [])));
  const isFree = (name: string): boolean => nullable.has(name) && !needed.has(name);
  const own = foreignKeys.filter(({ self }) => self).map((key) => key.columns.map(lower).filter(isFree));
  if (own.some((names) => names.length === 0)) return null;
  const cut = new Set(own.flat());
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, cut.has(lower(name)) ? null : value]));
}

async function wasChanged(watch: Watch | null, row: Row, seen: Seen): Promise<boolean> {
  if (!watch) return false;
  await askFor([[watch.keys, row]]);
  return changedOf(watch, row, seen) !== null;
}

/** All is locked: what was committed here before is known from now on. @throws SyncError CAPTURE_BEHIND, TABLE_SUSPENDED */
export async function completed(
  watch: Watch | null,
  { source, target, seen }: Pick<PreparedChunk, 'source' | 'target' | 'seen'>,
): Promise<void> {
  if (!watch) return;
  await watch.peers.complete(true);
  requireToldOf({ source, target }, seen, watch.peers);
}

/** Before anything is locked. */
export async function watchOf(
  { peers, collations }: Pick<DetectorOptions, 'peers' | 'collations'>,
  { source, target, rows, absent }: Pick<PreparedChunk, 'source' | 'target' | 'rows' | 'absent'>,
): Promise<Watch> {
  const keys = keysOf(source, target, collations);
  await askFor([...rows, ...absent].map((row) => [keys, row]));
  return { peers, keys };
}

/** Whether somebody changed the row here, or one of its unique values, in any log that is read, after what the chunk had seen. */
export function changedOf(watch: Watch | null, row: Row, seen: Seen): 'primary' | 'unique' | null {
  if (!watch) return null;
  const { peers, keys } = watch;
  const primary = primaryConflictKey(keys, row);
  if (primary !== null && peers.changedAfter(primary, seen) !== null) return 'primary';
  return uniqueConflictKeys(keys, row).some((key) => peers.changedAfter(key, seen) !== null) ? 'unique' : null;
}
