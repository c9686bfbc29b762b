/**
 * Did somebody change, here or in a third region, what a change fights for, after what its transaction had seen? And what nobody can say:
 * of a table that the target's own log leaves out.
 */
import { SyncError, tableName } from '@lutra/model';
import type { Seen, TableName, TableSchema } from '@lutra/model';
import type { Change } from '@lutra/mysql';
import { redefaulted } from '../../plan/rows-by-name.js';
import type { Peers } from './peers.js';
import { conflictKeysOf } from '@lutra/mysql';
import type { RuleBook } from '../decide/rules.js';
import type { ConflictTable, TableBook } from './table-book.js';
import type { KeyValues } from './recent-changes.js';

/** Last such change, of the row itself and of its other unique values. */
export interface Concurrent {
  readonly primary: number | null;
  readonly unique: number | null;
  /** The rows whose changes these were, the row itself perhaps among them. */
  concurrentChanges(): readonly KeyValues[];
}

type Known = Pick<Peers, 'changedAfter' | 'concurrentChanges'>;

export function concurrentWith(change: Change, { keys }: ConflictTable, of: { readonly seen: Seen; readonly peers: Known }): Concurrent {
  let primary: number | null = null;
  let unique: number | null = null;
  const conflictKeys = conflictKeysOf(keys, change);
  for (const found of conflictKeys) {
    const seq = of.peers.changedAfter(found.conflictKey, of.seen);
    if (seq === null) continue;
    if (found.primary) primary = Math.max(primary ?? -1, seq);
    else unique = Math.max(unique ?? -1, seq);
  }
  return {
    primary,
    unique,
    concurrentChanges: () => conflictKeys.flatMap(({ conflictKey }) => of.peers.concurrentChanges(conflictKey, of.seen)),
  };
}

/**
 * A conflict. A unique value that nobody holds any more counts at home only: elsewhere rows may have been deleted for it, and home, which
 * meets the same conflict, sends them again.
 */
export function isConflict(
  change: Change,
  seen: Seen,
  of: { readonly tables: TableBook; readonly rules: RuleBook; readonly peers: Known },
): boolean {
  const table = of.tables.of(change);
  if (!table) return false;
  const { primary, unique } = concurrentWith(change, table, { seen, peers: of.peers });
  return primary !== null || (unique !== null && of.rules.targetIsHome);
}

type Told = Pick<Peers, 'leftOut' | 'dropless' | 'dropped'>;

/**
 * For one source transaction, whose watermark has been read and which is not committed yet. Whether a table was changed here is unknown if
 * the target's log leaves it out since a position that the transaction has not seen: it is suspended in this direction too
 * (docs/decisions/0023).
 * @throws SyncError TABLE_SUSPENDED, as the matter of the source's table; and as requireKept
 */
export function requireTold(changes: readonly Change[], seen: Seen, peers: Told): void {
  for (const { op, source, target } of changes) {
    requireToldOf({ source, target }, seen, peers);
    const late = op !== 'c' || peers.dropless ? null : redefaulted(source, target, peers.dropped(target, seen, true));
    if (late) throw new SyncError('TARGET_CHANGED', late.message, { details: late.details });
  }
}

interface Written {
  readonly source: Pick<TableSchema, 'database' | 'name' | 'columns'>;
  readonly target: TableName;
}

export function requireToldOf({ source, target }: Written, seen: Seen, peers: Told): void {
  requireKept({ source, target }, seen, peers);
  const found = peers.leftOut(target, seen);
  if (!found) return;
  const message = `${tableName(target)} is left out of the log of this target, which would tell what was changed here: ${found.message}`;
  throw new SyncError('TABLE_SUSPENDED', message, {
    details: { sourceDatabase: source.database, sourceTable: source.name, suspendedFor: found.code },
    refused: { table: { database: source.database, name: source.name, code: found.code } },
  });
}

/**
 * Nothing is written that the target has dropped behind what the transaction had seen. Counter-example for what was known when the row was
 * read: the target drops c and adds c behind that and before our locks; the old value gets into the new column. From our locks on nobody
 * drops anything.
 * @throws SyncError TARGET_CHANGED: what is read again is written without it
 */
function requireKept({ source, target }: Written, seen: Seen, peers: Told): void {
  if (peers.dropless) return;
  for (const { does, title, seq } of peers.dropped(target, seen, true)) {
    if (does.kind === 'made' || does.kind === 'away' || does.kind === 'redefine' || does.kind === 'defaults') continue;
    const isWhole = does.kind !== 'columns';
    const gone = isWhole ? [] : [...does.dropped, ...does.renamed];
    const names = source.columns.map(({ name }) => name.toLowerCase()).filter((name) => gone.includes(name));
    if (!isWhole && names.length === 0) continue;
    const what = isWhole ? tableName(target) : `${names.join(', ')} of ${tableName(target)}`;
    const message = `${what}: ${title} (seq ${seq} of the target's log) was not known yet when the row was read`;
    throw new SyncError('TARGET_CHANGED', message, { details: { database: target.database, table: target.name, dropSeq: seq } });
  }
}
