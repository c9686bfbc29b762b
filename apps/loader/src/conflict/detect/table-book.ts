/**
 * What is fixed about one table version of the source at the target, as far as conflicts go: its rule, its keys, how its rows are read and
 * written.
 */
import { isOneWay, isStop, needsHome, toSyncError } from '@lutra/model';
import type { ConflictRule, Row, TableName, TableSchema } from '@lutra/model';
import { planRows, keysOf } from '@lutra/mysql';
import type { Change, RowPlan, TargetTable, KeyCollations, Keys } from '@lutra/mysql';
import { OwnSession } from '../../plan/own-session.js';
import type { RuleBook } from '../decide/rules.js';

export interface ConflictTable {
  /** As the record has it. */
  readonly source: TableSchema;
  readonly rule: ConflictRule;
  readonly keys: Keys;
  /** Null: changes on both sides are found, but cannot be decided; nobody decides. */
  readonly plan: RowPlan | null;
  readonly target: TargetTable;
  /** The columns that are written: policies decide about these. */
  readonly schema: TableSchema;
}

export type DecidableTable = ConflictTable & { readonly plan: RowPlan };

export interface TableBookOptions {
  readonly rules: RuleBook;
  readonly collations: KeyCollations;
  /** The target's changes of the table are in its own topic, because a pipeline carries them back. */
  flowsBack(target: TableName): boolean;
}

export class TableBook {
  readonly #options: TableBookOptions;
  readonly #known = new Map<TableSchema, ConflictTable | null>();
  readonly #ownSession = new OwnSession('what a conflict leaves is written without it');

  constructor(options: TableBookOptions) {
    this.#options = options;
  }

  /**
   * Null for a table whose rows cannot be told apart, and for one that flows one way only and has no policy: its statements fail where a
   * row is not as it must be, and the pipeline stops.
   */
  of({ source, target }: Pick<Change, 'source' | 'target'>): ConflictTable | null {
    const known = this.#known.get(source);
    if (known !== undefined) return known;
    const conflictTable = this.#detector(source, target);
    this.#known.set(source, conflictTable);
    return conflictTable;
  }

  /** What is done to the table at the target is in the target's own log. */
  flowsBack(target: TableName): boolean {
    return this.#options.flowsBack(target);
  }

  /** The rows that may be fought for, with their keys. */
  images({ before, after, ...change }: Pick<Change, 'source' | 'target' | 'before' | 'after'>): readonly (readonly [Keys, Row | null])[] {
    const keys = this.of(change)?.keys;
    return keys && keys.texts.length > 0
      ? [
          [keys, before],
          [keys, after],
        ]
      : noImages;
  }

  /**
   * Before anything of the change takes effect: what home makes of its row, if there is a conflict, is written elsewhere in our own
   * session.
   * @throws SyncError SESSION_UNSUPPORTED
   */
  requireSession(change: Pick<Change, 'source' | 'target' | 'under'>): void {
    const conflictTable = this.of(change);
    if (conflictTable && needsHome(conflictTable.rule)) this.#ownSession.require(change);
  }

  #detector(source: TableSchema, target: TargetTable): ConflictTable | null {
    const rule = this.#options.rules.ruleOf(target);
    const oneWay = isOneWay(rule);
    const keys = keysOf(source, target, this.#options.collations);
    if (keys.primary === null || !(oneWay || this.#options.flowsBack(target))) return null;
    const plan = isStop(rule) ? planIfPossible(source, target) : planRows(source, target);
    const written = plan && new Set(plan.columns.keys());
    const columns = source.columns.filter(({ name }) => written?.has(name) ?? true);
    return { source, rule, keys, plan, target, schema: { ...source, columns } };
  }
}

const noImages: readonly (readonly [Keys, Row | null])[] = [];

/** A unique key over an expression, say: where nobody decides, no plan is needed. */
function planIfPossible(source: TableSchema, target: TargetTable): RowPlan | null {
  try {
    return planRows(source, target);
  } catch (error) {
    if (toSyncError(error).code === 'APPLY_REFUSED') return null;
    throw error;
  }
}

/** Tables of the target by name, read once in a run: whose keys tell what two changes can fight for. */
export class TargetTables {
  readonly #load: (database: string, name: string) => Promise<TargetTable>;
  readonly #known = new Map<string, Promise<TargetTable | null>>();

  constructor(load: (database: string, name: string) => Promise<TargetTable>) {
    this.#load = load;
  }

  /** Null: there is none (any more), so nothing is written to it. */
  of({ database, name }: TableName): Promise<TargetTable | null> {
    const key = `${database}\0${name}`;
    let table = this.#known.get(key);
    if (!table) {
      table = this.#load(database, name).catch((error: unknown) => {
        this.#known.delete(key);
        if (toSyncError(error).code === 'TABLE_MISSING') return null;
        throw error;
      });
      this.#known.set(key, table);
    }
    return table;
  }
}
