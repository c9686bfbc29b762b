/**
 * How rows are written once more: safe mode, after a rewind. The target has applied the log up to H, rows of it were damaged or not, and
 * the records S+1 … H come again. Afterwards each row that they touch must be what it was at the source at H, and no other row may change.
 *
 * An insert or update writes its after image by primary key, whether the row is there or not; a delete deletes, whether it is there or not;
 * a moved key is a delete and an upsert. What breaks that alone: the source gave 'a' from row 1 to row 2 in the range. At the target row 2
 * has 'a', and the old image of row 1, ('a'), comes again: its upsert would collide with row 2, and INSERT … ON DUPLICATE KEY UPDATE would
 * overwrite row 2. So first every *other* row that holds a unique value of the image is deleted.
 *
 * Why nothing is lost by that. Invariant, after each replayed change e: a row of the target is (i) as it was at the source at e, or (ii)
 * touched again in e+1 … H. At first it holds: what the range does not touch is the same at S and at H, and everything else is (ii). A
 * change makes its own row (i). A row that it deletes for a unique value is not (i), because at the source that value belonged to the
 * change's row at e; so it is (ii), and stays so: a later image writes it whole. At H no row is (ii) any more.
 *
 * It does not hold for a row that somebody changed at the target and that the range does not touch: who rewinds must go back behind the
 * last change of all that was damaged. And it does not hold for what is refused here, each by name:
 * - no primary key: an image does not say which of several equal rows it is, and an insert again is a row more;
 * - a unique key over an expression, a prefix, a generated column or a column that the source does not have: its value is not in the image,
 *   so who holds it is not known;
 * - a foreign key with an action: its effects on children are not in the log of every server, so the children would not come back.
 *
 * Other foreign keys are not checked in safe mode: a child comes again whose parent was deleted later in the range, and its own deletion
 * comes later. At H both are as at the source, where the keys held.
 *
 * The last line of defence is in the upsert itself: if it collides with a row of another primary key (a client took the value between two
 * statements, a unique key was added since the table was read), the statement fails instead of overwriting that row.
 */
import { SyncError, tableName } from '@lutra/model';
import type { TableSchema } from '@lutra/model';
import { planTable } from './table-plan.js';
import type { ColumnPlan } from './column-plan.js';
import type { TablePlan } from './table-plan.js';
import type { TargetTable } from './target-definition.js';

export interface SafePlan {
  /** After the rows of an INSERT. */
  readonly upsertTail: string;
  /** The unique keys beside the primary one. */
  readonly uniqueKeys: readonly (readonly ColumnPlan[])[];
}

/** For who asks before a rewind. @throws SyncError APPLY_REFUSED: table and reason; COLUMN_MISSING */
export function requireReplayable(source: TableSchema, target: TargetTable): void {
  planSafe(planTable(source, target));
}

/** @throws SyncError APPLY_REFUSED: table and reason */
export function planSafe(plan: TablePlan): SafePlan {
  const uniqueKeys = knownKeys(plan, again);
  const [cascade] = plan.target.cascades;
  if (cascade !== undefined)
    throw refused(plan, again, `foreign key ${cascade} has an action (CASCADE or SET NULL), whose effects would not come again`);
  return { upsertTail: upsertTail(plan), uniqueKeys };
}

/**
 * Rows of such a table may be written whole where nobody knows whether they are there; null: one by one, by who looks first. As planSafe(),
 * but nothing gives way: who holds a unique value of the row makes the upsert fail.
 */
export function planWhole(plan: TablePlan): Pick<SafePlan, 'upsertTail'> | null {
  // What the server computes may be refused in a way that an upsert does not tell.
  if (plan.computes || plan.selectHead !== null || plan.target.cascades.length > 0) return null;
  try {
    knownKeys(plan, again);
  } catch (error) {
    if (error instanceof SyncError && error.code === 'APPLY_REFUSED') return null;
    throw error;
  }
  return { upsertTail: upsertTail(plan) };
}

const again = 'cannot be applied again after a rewind';

/**
 * The unique keys beside the primary one of a table whose rows hold the values of all its unique keys.
 * @param cannot what is not possible else, for the message
 * @throws SyncError APPLY_REFUSED: table and reason
 */
export function knownKeys(plan: TablePlan, cannot: string): SafePlan['uniqueKeys'] {
  const { target, key, columns } = plan;
  const written = new Map(columns.map((column) => [column.name.toLowerCase(), column]));
  if (key.length === 0) throw refused(plan, cannot, 'it has no primary key, so a row cannot be recognised');
  if (!key.every((column) => written.has(column.name.toLowerCase()))) throw refused(plan, cannot, 'its primary key has a generated column');
  const [prefix] = target.prefixKeys;
  if (prefix !== undefined) throw refused(plan, cannot, `unique key ${prefix} covers only the beginning of a column`);
  return target.uniqueKeys.map(({ name, columns: names }) =>
    names.map((column) => {
      const found = written.get(column.toLowerCase());
      if (found) return found;
      throw refused(plan, cannot, `unique key ${name} is over an expression, a generated column or one that the source does not have`);
    }),
  );
}

function upsertTail({ key, columns }: TablePlan): string {
  const rest = columns.filter((column) => !key.some((part) => part.name === column.name));
  const assignments = [
    // First: behind it the row's own key is what the assignments have made of it. NULL would do on most columns, but AUTO_INCREMENT takes
    // it.
    ...key.map(({ quoted: name, schema }) => {
      // Of ENUM and SET by number: their texts are one where '' is a member, or a value beside the members.
      const number = schema.type === 'enum' || schema.type === 'set' ? ' & ~0' : '';
      const [held, given] = [`${name}${number}`, `VALUES(${name})${number}`];
      return `${name} = IF((${held}) <=> (${given}), ${given}, IF(~0 + (${name} IS NOT NULL), NULL, NULL))`;
    }),
    ...rest.map(({ quoted: name }) => `${name} = VALUES(${name})`),
  ];
  return ` ON DUPLICATE KEY UPDATE ${assignments.join(', ')}`;
}

function refused({ target }: TablePlan, cannot: string, why: string): SyncError {
  const { database, name } = target;
  return new SyncError('APPLY_REFUSED', `${tableName(target)} ${cannot}: ${why}`, {
    details: { database, table: name },
  });
}
