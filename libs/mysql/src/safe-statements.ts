/** One change in safe mode, as statements that give the same end whatever is there: see safe-plan.ts for why. Pure. */
import type { Row, Value } from '@lutra/model';
import type { SafePlan } from './safe-plan.js';
import { equal, keyOf, sameValue, whereRow } from './table-plan.js';
import type { ColumnPlan } from './column-plan.js';
import type { TablePlan } from './table-plan.js';

/** Deletes the row of a before image, if it is there. */
export function safeDelete(plan: TablePlan, before: Row): string {
  return `DELETE FROM ${plan.quoted}${whereRow(plan, before)}`;
}

/** What must be gone before the after image can be written: the row under its old key, and other rows that hold its unique values. */
export function clearingDeletes(plan: TablePlan, { uniqueKeys }: SafePlan, image: { before: Row | null; after: Row }): readonly string[] {
  const { before, after } = image;
  const moved = before !== null && plan.key.some(({ name }) => !sameValue(before[name] as Value, after[name] as Value));
  return [...(moved ? [safeDelete(plan, before)] : []), ...uniqueKeys.flatMap((key) => takeFromOthers(plan, key, after))];
}

/** One statement a key, so that each finds its rows by its index. NULL collides with nothing. */
function takeFromOthers(plan: TablePlan, key: readonly ColumnPlan[], after: Row): readonly string[] {
  if (key.some(({ name }) => after[name] === null)) return [];
  return [`DELETE FROM ${plan.quoted} WHERE ${equal(key, after)} AND NOT (${keyOf(plan, after)})`];
}
