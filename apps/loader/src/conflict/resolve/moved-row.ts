/**
 * A primary-key update where somebody changed one of its two keys. It is resolved as a deletion of the old key and an insertion of the new
 * one, each against those who changed that key, and both together: a row that may not have its new key stays under the old one, or it would
 * be nowhere. Pure. Why home resolves both keys, whichever is contested: docs/decisions/0008-conflicts.md, "Rows that move".
 */
import { homeWins } from '@lutra/model';
import type { ConflictType, Row } from '@lutra/model';
import { sameKey, sameRowsBeside } from '@lutra/mysql';
import type { Decision } from '../decide/policy.js';
import type { RowChange } from './rows.js';
import { typeOf } from './step.js';
import type { Step } from './step.js';
import type { Verdict } from '../decide/verdict.js';

export interface Half {
  readonly step: Step;
  readonly existing: Row | null;
  /** The row is not what the source had, or somebody changed it. */
  readonly isConflict: boolean;
}

export interface Move {
  readonly left: Half;
  readonly taken: Half;
  /** Other rows that hold a unique value of the moved one. */
  readonly holders: readonly Row[];
}

export interface HalfOutcome {
  readonly half: Half;
  /** Null: the half met no conflict and takes effect. */
  readonly type: ConflictType | null;
  readonly decision: Decision;
}

export interface MoveOutcome {
  /** Null: the move is refused. */
  readonly change: RowChange | null;
  /** Other rows that hold, or held, a unique value of the row that was to be. */
  readonly holders: readonly Row[];
  readonly halves: readonly HalfOutcome[];
}

export async function halfOf(step: Step, existing: Row | null): Promise<Half> {
  const { before, concurrent, table } = step;
  const differs = before === null ? existing !== null : existing === null || !(await sameRowsBeside(table.plan, existing, before));
  return { step, existing, isConflict: differs || concurrent.primary !== null };
}

/** `holdersOf`: of a row that the policy made of two. */
export async function decideMove(move: Move, verdict: Verdict, holdersOf: (row: Row) => Promise<readonly Row[]>): Promise<MoveOutcome> {
  const { left, taken } = move;
  const leaves = left.isConflict ? await verdict.decide(left.step, left.existing) : taking(left);
  const arrives = taken.isConflict ? await verdict.decide(taken.step, taken.existing) : taking(taken);
  const { rule } = taken.step.table;
  // What loses to home's row at one key takes no effect at the other.
  const losesWhole = homeWins(rule) && left.isConflict && (await verdict.decide(taken.step, taken.existing)).winner === 'existing';
  const { row } = arrives;
  if (losesWhole || arrives.winner === 'existing' || row === null) return refusedMove(move, leaves, null);
  const all = row === taken.step.after ? move.holders : await holdersOf(row);
  const others = all.filter((holder) => !isRow(left, holder));
  // A row that stays under its old key holds the unique values that its new self brings along.
  const otherHolders = leaves.row === null ? others : all;
  if (otherHolders.some((holder) => verdict.keeps(taken.step, row, holder)))
    return refusedMove({ ...move, holders: others }, leaves, 'unique-key-taken');
  const gives = leaves.row !== null && otherHolders.length > others.length;
  const leaving: Decision = gives ? { row: null, winner: 'incoming' } : leaves;
  return {
    change: changeOf(move, { arrives: row, stays: leaving.row !== null, holders: others }),
    holders: others,
    halves: [
      { half: left, type: left.isConflict ? typeOf(left.step, left) : null, decision: leaving },
      {
        half: taken,
        type: taken.isConflict ? typeOf(taken.step, taken) : others.length > 0 ? 'unique-key-taken' : null,
        decision: arrives,
      },
    ],
  };
}

/** Both rows stay as they are. `type`: what refused the new key, where no clash did. */
export function refusedMove({ left, taken, holders }: Move, leaves: Decision, type: ConflictType | null): MoveOutcome {
  const staying = (half: Half): Decision => ({ row: half.existing, winner: 'existing' });
  const isGone = left.existing === null;
  return {
    change: null,
    holders: holders.filter((holder) => !isRow(left, holder)),
    halves: [
      { half: left, type: left.isConflict ? typeOf(left.step, left) : 'key-update-refused', decision: isGone ? leaves : staying(left) },
      { half: taken, type: type ?? (taken.isConflict ? typeOf(taken.step, taken) : 'key-update-refused'), decision: staying(taken) },
    ],
  };
}

/** Children that follow their parent's key follow an UPDATE, not a DELETE with an INSERT. */
function changeOf(
  { left, taken }: Move,
  { arrives, stays, holders }: { readonly arrives: Row; readonly stays: boolean; readonly holders: readonly Row[] },
): RowChange {
  const moved = stays ? null : left.existing;
  if (taken.existing === null) return { existing: moved, row: arrives, displaced: holders };
  return { existing: taken.existing, row: arrives, displaced: moved ? [moved, ...holders] : holders, moved };
}

/** The row that moves holds its own unique values. */
export function isRow({ existing, step }: Half, row: Row): boolean {
  return existing !== null && sameKey(step.table.plan, existing, row);
}

function taking({ step }: Half): Decision {
  return { row: step.after, winner: 'incoming' };
}
