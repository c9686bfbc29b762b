/** Rows of a chunk as they stand in lutra.conflict. Pure. */
import type { Row } from '@lutra/model';
import type { Conflict } from '../conflict/record/conflict-record.js';

type Of = Pick<Conflict, 'table' | 'key'>;

/** A row that was changed. */
export function repairConflict(
  { row, existing, result }: { readonly row: Row | null; readonly existing: Row | null; readonly result: Row | null },
  of: Of,
): Conflict {
  const op = row === null ? 'd' : existing === null ? 'c' : 'u';
  const decided = { type: 'repair', policy: 'repair', winner: 'incoming', op, before: null, localSeq: null } as const;
  return { ...of, ...decided, after: row, existing, result };
}

/** A row that differed. */
export function seedConflict(
  { row, existing, isKept }: { readonly row: Row; readonly existing: Row; readonly isKept: boolean },
  of: Of,
): Conflict {
  const decided = isKept ? ({ winner: 'existing', result: existing } as const) : ({ winner: 'incoming', result: row } as const);
  return { ...of, type: 'seed-differs', policy: 'seed', op: 'c', ...decided, before: null, after: row, existing, localSeq: null };
}
