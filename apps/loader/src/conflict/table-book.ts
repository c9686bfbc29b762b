/**
 * What is fixed about one table version of the source at the target, as far as conflicts go: its rule, its keys, how its rows are read and
 * written.
 */
import { isOneWay, needsHome, SyncError, tableName, toSyncError } from '@lutra/model';
import type { ConflictRule, TableName, TableSchema } from '@lutra/model';
import { planRows, tailoringOf } from '@lutra/mysql';
import type { Change, RowPlan, TargetTable } from '@lutra/mysql';
import { OwnSession } from '../own-session.js';
import { keysOf } from './resources.js';
import type { Keys } from './resources.js';
import type { RuleBook } from './rules.js';

export interface GuardedTable {
  readonly rule: ConflictRule;
  readonly keys: Keys;
  /** Null: changes on both sides are found, but cannot be decided; the policy is `stop`. */
  readonly plan: RowPlan | null;
  readonly target: TargetTable;
  /** The columns that are written: policies decide about these. */
  readonly schema: TableSchema;
}

export type DecidableTable = GuardedTable & { readonly plan: RowPlan };

export interface TableBookOptions {
  readonly rules: RuleBook;
  /** The target's changes of the table are in its own topic, because a pipeline carries them back. */
  flowsBack(target: TableName): boolean;
}

export class TableBook {
  readonly #options: TableBookOptions;
  readonly #known = new Map<TableSchema, GuardedTable | null>();
  readonly #ownSession = new OwnSession('what a conflict leaves is written without it');

  constructor(options: TableBookOptions) {
    this.#options = options;
  }

  /**
   * Null for a table whose rows cannot be told apart, and for one that flows one way only and has no policy: its statements fail where a
   * row is not as it must be, and the pipeline stops.
   */
  of({ source, target }: Pick<Change, 'source' | 'target'>): GuardedTable | null {
    const known = this.#known.get(source);
    if (known !== undefined) return known;
    const guarded = this.#guard(source, target);
    this.#known.set(source, guarded);
    return guarded;
  }

  /**
   * Before anything of the change takes effect: what home makes of its row, if there is a conflict, is written elsewhere in our own
   * session.
   * @throws SyncError SESSION_UNSUPPORTED
   */
  requireSession(change: Pick<Change, 'source' | 'target' | 'under'>): void {
    const guarded = this.of(change);
    if (guarded && needsHome(guarded.rule)) this.#ownSession.require(change);
  }

  #guard(source: TableSchema, target: TargetTable): GuardedTable | null {
    const rule = this.#options.rules.ruleOf(target);
    const oneWay = isOneWay(rule);
    const keys = keysOf(source, target);
    if (keys.primary === null || !(oneWay || this.#options.flowsBack(target))) return null;
    const plan = rule.policy === 'stop' ? planIfPossible(source, target) : planRows(source, target);
    if (rule.policy !== 'stop' && !oneWay) requireKnownCollations(target);
    const written = plan && new Set(plan.columns.keys());
    const columns = source.columns.filter(({ name }) => written?.has(name) ?? true);
    return { rule, keys, plan, target, schema: { ...source, columns } };
  }
}

/** The checks refuse it too, but they can be forced, and a column changes. @throws SyncError APPLY_REFUSED */
function requireKnownCollations(target: TargetTable): void {
  const keyed = new Set([...target.primaryKey, ...target.uniqueKeys.flatMap(({ columns }) => columns)].map((name) => name.toLowerCase()));
  const found = target.columns.find(
    ({ name, collation }) => keyed.has(name.toLowerCase()) && collation !== null && !tailoringOf(collation),
  );
  if (!found) return;
  const { name: column, collation } = found;
  const what = `what collation ${collation} of key column ${column} takes for one value is not known, so a conflict could be missed`;
  throw new SyncError('APPLY_REFUSED', `${tableName(target)}: ${what}`, {
    details: { database: target.database, table: target.name, column, collation },
  });
}

/** A unique key over an expression, say: whoever has policy `stop` needs no plan. */
function planIfPossible(source: TableSchema, target: TargetTable): RowPlan | null {
  try {
    return planRows(source, target);
  } catch (error) {
    if (toSyncError(error).code === 'APPLY_REFUSED') return null;
    throw error;
  }
}
