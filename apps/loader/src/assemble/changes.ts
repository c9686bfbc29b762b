/** A row of the log → the change of its row at the target. Pure. */
import { rowsFlags } from '@lutra/model';
import type { RowEvent, TableSchema } from '@lutra/model';
import type { Change, TargetTable, Under } from '@lutra/mysql';

export type Images = Pick<RowEvent, 'op' | 'before' | 'after'>;

export interface ChangeAt {
  readonly source: TableSchema;
  readonly target: TargetTable;
  readonly under: Under;
}

export function changeOf({ op, before, after }: Images, at: ChangeAt): Change {
  return { op: op === 'r' ? 'c' : op, before, after, ...at };
}

/** While rows of the table may not have come yet: each column is written. `isBlind`: nobody needs to look at the row first. */
export function replacing(images: Images, { isBlind, ...at }: ChangeAt & { readonly isBlind: boolean }): Change {
  const found = foundByKey(images, at.target);
  return isBlind ? { ...changeOf(found, { ...at, under: withoutParents(found, at) }), whole: true } : changeOf(found, at);
}

/** Of the row before only its key is given: an update writes each column, whatever is there. */
function foundByKey({ op, before, after }: Images, { primaryKey }: TargetTable): Images {
  if (op !== 'u' || before === null || primaryKey.length === 0) return { op, before, after };
  const names = new Set(primaryKey.map((name) => name.toLowerCase()));
  return { op, before: Object.fromEntries(Object.entries(before).filter(([name]) => names.has(name.toLowerCase()))), after };
}

/** Its parent may not have come yet, either. */
function withoutParents({ op }: Images, { target, under }: ChangeAt): Under {
  const isChild = op !== 'd' && target.foreignKeys.length > 0;
  return isChild ? { session: under.session, flags: under.flags | rowsFlags.noForeignKeyChecks } : under;
}
