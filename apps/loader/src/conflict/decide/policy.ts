/**
 * Who wins: an incoming change and the row that is there → what the row is to be. Pure and deterministic: from the two versions, the rule
 * and which of them is home's, nothing else, so that both sides decide alike as long as they see the same two versions. Where they do not,
 * home's decision arrives as a resolution (docs/decisions/0008-conflicts.md); nothing here needs to commute.
 */
import type { ColumnPolicy, ColumnSchema, ConflictPolicy, ConflictRule, Row, TableSchema, Value } from '@lutra/model';
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

/** What a policy makes of two versions. */
interface Policy {
  row(rows: Ruled, clash: Clash): Decision;
  /** Which of two rows may keep a unique value that both have. */
  unique(of: Omit<Ruled, 'same'>, rows: TwoRows): Side;
  /** `same` is asked for: comparing large documents takes long. */
  readonly comparesValues: boolean;
}

interface Ruled {
  readonly rule: ConflictRule;
  readonly table: TableSchema;
  readonly same: SameValue;
}

/** `stop` has no decision: the caller stops. */
const policies: Readonly<Record<ConflictPolicy, Policy>> = {
  stop: always('existing'),
  overwrite: always('incoming'),
  ignore: always('existing'),
  home: {
    row: (_, clash) => taking(clash, homes(clash)),
    unique: (_, rows) => homes(rows),
    comparesValues: false,
  },
  latest: {
    row: (of, clash) => weighed(of, clash, (rows) => taking(rows, latest(of, rows))),
    unique: latest,
    comparesValues: false,
  },
  merge: {
    row: (of, clash) => weighed(of, clash, (rows) => merge(of, rows)),
    unique: preferred,
    comparesValues: true,
  },
};

export function decide(rule: ConflictRule, table: TableSchema, clash: Clash, same: SameValue): Decision {
  if (clash.after === null && clash.existing === null) return { row: null, winner: 'both' };
  return policies[rule.policy].row({ rule, table, same }, clash);
}

export function decideUnique(
  rule: ConflictRule,
  table: TableSchema,
  { incoming, existing, home }: { readonly incoming: Row; readonly existing: Row; readonly home: Side | null },
): Side {
  return policies[rule.policy].unique({ rule, table }, { before: null, after: incoming, existing, home });
}

export function comparesValues({ policy }: ConflictRule): boolean {
  return policies[policy].comparesValues;
}

function always(winner: Side): Policy {
  return { row: (_, clash) => taking(clash, winner), unique: () => winner, comparesValues: false };
}

function homes({ home }: Clash): Side {
  return home ?? 'existing';
}

/** A deletion wins or loses by the rule; of two rows `between` decides. */
function weighed({ rule: { deletes } }: Ruled, clash: Clash, between: (rows: TwoRows) => Decision): Decision {
  const { before, after, existing } = clash;
  if (after !== null && existing !== null) return between({ ...clash, after, existing });
  const deletion: Side = after === null ? 'incoming' : 'existing';
  // An insertion where a row was inserted and deleted meanwhile deletes nothing that it knew of.
  const wins = before !== null && deletes === 'win';
  return taking(clash, wins ? deletion : deletion === 'incoming' ? 'existing' : 'incoming');
}

interface TwoRows extends Clash {
  readonly after: Row;
  readonly existing: Row;
}

function taking({ after, existing }: Clash, winner: Side): Decision {
  return { row: winner === 'incoming' ? after : existing, winner };
}

/** Equal versions: home's. */
function latest({ rule, table }: Omit<Ruled, 'same'>, rows: TwoRows): Side {
  const { after, existing } = rows;
  const column = table.columns.find(({ name }) => name.toLowerCase() === rule.version?.toLowerCase());
  const order = column ? compareValues(column.type, valueOf(after, column), valueOf(existing, column)) : 0;
  return order === 0 ? homes(rows) : order > 0 ? 'incoming' : 'existing';
}

/** Whose value is taken of what both sides changed. */
function preferred(of: Omit<Ruled, 'same'>, rows: TwoRows): Side {
  return of.rule.sameColumn === 'latest' ? latest(of, rows) : homes(rows);
}

/** Column by column: what only one side changed is taken; what both changed has a policy of its own. */
function merge(of: Ruled, clash: TwoRows): Decision {
  const { rule, table, same } = of;
  const { before, after, existing } = clash;
  const sameColumn = preferred(of, clash);
  const columnPolicies = new Map(Object.entries(rule.columns).map(([name, policy]) => [name.toLowerCase(), policy]));
  const taken = new Set<Side | 'both'>();
  const entries = table.columns.map((column): [string, Value] => {
    const values = { theirs: valueOf(after, column), ours: valueOf(existing, column), base: before && valueOf(before, column) };
    const isSame = (a: Value, b: Value): boolean => same(column.name, a, b);
    const found = mergeColumn(column, values, {
      policy: columnPolicies.get(column.name.toLowerCase()),
      preferred: sameColumn,
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
