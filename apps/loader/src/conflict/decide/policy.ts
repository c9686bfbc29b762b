/**
 * Who wins: an incoming change and the row that is there → what the row is to be. Pure and deterministic: from the two versions, the rule
 * and which of them is home's, nothing else, so that both sides decide alike as long as they see the same two versions. Where they do not,
 * home's decision arrives as a resolution (docs/decisions/0008-conflicts.md); nothing here needs to commute.
 */
import { goesByVersion } from '@lutra/model';
import type { ColumnPolicy, ColumnSchema, ConflictRule, Row, TableSchema, Value } from '@lutra/model';
import { addDifference, compareValues } from './values.js';

export type Side = 'incoming' | 'existing';

export interface Clash {
  /** As the source had it before and has it after; null: no row. Without a `before`, an insertion. */
  readonly before: Row | null;
  readonly after: Row | null;
  /** As it is at the target; null: no row. */
  readonly existing: Row | null;
  /** Whose version is home's; null where both are other regions'. */
  readonly home: Side | null;
}

export interface Decision {
  readonly row: Row | null;
  readonly winner: Side | 'both';
}

/** Two values of one column are stored as the same. */
export type SameValue = (column: string, a: Value, b: Value) => boolean;

/** `stop` has no decision: the caller stops. */
export function decide(rule: ConflictRule, table: TableSchema, clash: Clash, same: SameValue): Decision {
  const { after, existing } = clash;
  if (after === null && existing === null) return { row: null, winner: 'both' };
  switch (rule.policy) {
    case 'overwrite':
      return { row: after, winner: 'incoming' };
    case 'ignore':
    case 'stop':
      return { row: existing, winner: 'existing' };
    case 'home':
      return taking(clash, clash.home ?? 'existing');
    case 'latest':
      return weighed(rule, clash, (rows) => taking(rows, latest(rule, table, rows)));
    case 'merge':
      return weighed(rule, clash, (rows) => merge(rule, table, rows, same));
  }
}

/** A deletion wins or loses by the rule; of two rows `between` decides. */
function weighed({ deletes }: ConflictRule, clash: Clash, between: (rows: TwoRows) => Decision): Decision {
  const { before, after, existing } = clash;
  if (after !== null && existing !== null) return between({ ...clash, after, existing });
  const deletion: Side = after === null ? 'incoming' : 'existing';
  // An insertion where a row was inserted and deleted meanwhile deletes nothing that it knew of.
  const wins = before !== null && deletes === 'win';
  return taking(clash, wins ? deletion : deletion === 'incoming' ? 'existing' : 'incoming');
}

/** Which of two rows may keep a unique value that both have. */
export function decideUnique(
  rule: ConflictRule,
  table: TableSchema,
  rows: { readonly incoming: Row; readonly existing: Row; readonly home: Side | null },
): Side {
  if (rule.policy === 'overwrite') return 'incoming';
  const clash = { before: null, after: rows.incoming, existing: rows.existing, home: rows.home };
  return goesByVersion(rule) ? latest(rule, table, clash) : (rows.home ?? 'existing');
}

interface TwoRows extends Clash {
  readonly after: Row;
  readonly existing: Row;
}

function taking({ after, existing }: Clash, winner: Side): Decision {
  return { row: winner === 'incoming' ? after : existing, winner };
}

/** Equal versions: home's. */
function latest(rule: ConflictRule, table: TableSchema, { after, existing, home }: TwoRows): Side {
  const column = table.columns.find(({ name }) => name.toLowerCase() === rule.version?.toLowerCase());
  if (!column) return home ?? 'existing';
  const order = compareValues(column.type, valueOf(after, column), valueOf(existing, column));
  if (order === 0) return home ?? 'existing';
  return order > 0 ? 'incoming' : 'existing';
}

/** Column by column: what only one side changed is taken; what both changed has a policy of its own. */
function merge(rule: ConflictRule, table: TableSchema, clash: TwoRows, same: SameValue): Decision {
  const { before, after, existing, home } = clash;
  const preferred = rule.sameColumn === 'latest' ? latest(rule, table, clash) : (home ?? 'existing');
  const policies = new Map(Object.entries(rule.columns).map(([name, policy]) => [name.toLowerCase(), policy]));
  const taken = new Set<Side | 'both'>();
  const entries = table.columns.map((column): [string, Value] => {
    const values = { theirs: valueOf(after, column), ours: valueOf(existing, column), base: before && valueOf(before, column) };
    const isSame = (a: Value, b: Value): boolean => same(column.name, a, b);
    const found = mergeColumn(column, values, {
      policy: policies.get(column.name.toLowerCase()),
      preferred,
      isSame,
      isNew: before === null,
    });
    if (found.winner !== null) taken.add(found.winner);
    return [column.name, found.value];
  });
  const [only] = taken;
  return { row: Object.fromEntries(entries), winner: taken.size > 1 ? 'both' : (only ?? 'existing') };
}

interface ColumnValues {
  readonly theirs: Value;
  readonly ours: Value;
  readonly base: Value;
}

interface ColumnMerge {
  readonly policy: ColumnPolicy | undefined;
  /** Whose value is taken where both changed it and no policy says more. */
  readonly preferred: Side;
  readonly isSame: (a: Value, b: Value) => boolean;
  /** There was no row before: both sides changed everything, and `base` says nothing. */
  readonly isNew: boolean;
}

/** `winner`: null where nobody's value is preferred to the other's. */
function mergeColumn(
  column: ColumnSchema,
  { theirs, ours, base }: ColumnValues,
  { policy, preferred, isSame, isNew }: ColumnMerge,
): { readonly value: Value; readonly winner: Side | 'both' | null } {
  const take = (winner: Side) => ({ value: winner === 'incoming' ? theirs : ours, winner });
  const neither = { value: ours, winner: null };
  // Two sides that have added the same have both added it.
  if (isSame(theirs, ours) && policy !== 'delta') return neither;
  if (!isNew && isSame(theirs, base)) return isSame(ours, base) ? neither : take('existing');
  if (!isNew && isSame(ours, base)) return take('incoming');
  switch (policy) {
    case 'delta':
      if (base === null || ours === null || theirs === null) return take(preferred);
      return { value: addDifference(column, [ours, base, theirs]), winner: 'both' };
    case 'max':
      return take(compareValues(column.type, theirs, ours) > 0 ? 'incoming' : 'existing');
    case 'min':
      return take(compareValues(column.type, theirs, ours) < 0 ? 'incoming' : 'existing');
    case undefined:
      return take(preferred);
  }
}

function valueOf(row: Row, { name }: ColumnSchema): Value {
  return row[name] ?? null;
}
