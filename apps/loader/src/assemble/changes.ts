/** A row of the log → the change of its row at the target. Pure. */
import { rowsFlags } from '@lutra/model';
import type { LoggedImages, Row, RowEvent, TableSchema } from '@lutra/model';
import type { Change, TargetTable, Under } from '@lutra/mysql';

export type Images = Pick<RowEvent, 'op' | 'before' | 'after' | 'images'>;

export interface ChangeAt {
  readonly source: TableSchema;
  readonly target: TargetTable;
  readonly under: Under;
}

/** Of images that are made when they are first asked for: to be copied by withHow(), for they are no properties of its own. */
class LoggedChange implements Change {
  readonly op: Change['op'];
  readonly source: TableSchema;
  readonly target: TargetTable;
  readonly under: Under;
  readonly images: LoggedImages;

  constructor(op: Change['op'], images: LoggedImages, { source, target, under }: ChangeAt) {
    this.op = op;
    this.source = source;
    this.target = target;
    this.under = under;
    this.images = images;
  }

  get before(): Row | null {
    return this.images.beforeRow;
  }

  get after(): Row | null {
    return this.images.afterRow;
  }
}

export function changeOf(event: Images, at: ChangeAt): Change {
  const { op: logged, images } = event;
  const op = logged === 'r' ? 'c' : logged;
  if (images) return new LoggedChange(op, images, at);
  const { before, after } = event;
  return { op, before, after, ...at };
}

/** The same change, written in another way. */
export function withHow(change: Change, how: Pick<Change, 'under' | 'whole'>): Change {
  const { op, before, after, source, target, under, whole = false, images } = change;
  return { op, before, after, source, target, images, whole, ...(under && { under }), ...how };
}

/** While rows of the table may not have come yet: each column is written. `isBlind`: nobody needs to look at the row first. */
export function replacing(images: Images, { isBlind, ...at }: ChangeAt & { readonly isBlind: boolean }): Change {
  const found = foundByKey(images, at.target);
  return isBlind ? withHow(changeOf(found, at), { under: withoutParents(found, at), whole: true }) : changeOf(found, at);
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
