/**
 * A source transaction that met a conflict, applied row by row in an open target transaction (REPEATABLE READ, so that what is missing stays missing): first every row
 * and unique value that it touches is locked, then, once the window is known to be complete, each change is decided and written, in order.
 *
 * In the home region the outcome is final: it is written down as remedies, read at the end, so that each carries what this transaction really leaves. What cannot be written
 * there (a unique value, a foreign key) loses. The rows whose changes were in the way are told too: elsewhere they may have been refused or deleted. Elsewhere what comes from home is always written: rows that hold its unique values are deleted, and foreign
 * keys are not checked where they would refuse it; home has met the same conflict, and its remedies put the rest right (docs/decisions/0008-conflicts.md).
 */
import { SyncError, tableName } from '@lutra/model';
import type { ConflictType, Row } from '@lutra/model';
import { conflictKind, differing, keyOfRow, sameColumn, sameKey, sameRows, StatementBuilder } from '@lutra/mysql';
import type { ApplyConnection, Change, RowPlan } from '@lutra/mysql';
import type { Concurrent } from './concurrency.js';
import type { Conflict } from './conflict-record.js';
import { decide, decideUnique } from './policy.js';
import type { Decision, Side } from './policy.js';
import { LockedRows } from './locked-rows.js';
import { forceRow, keyText, writeRow } from './rows.js';
import type { RowChange, Wanted } from './rows.js';
import type { RuleBook } from './rules.js';
import type { DecidableTable, GuardedTable, TableBook } from './table-book.js';
import { TouchedRows } from './touched-rows.js';
import type { KeyValues } from './window.js';

export interface SettlementOptions {
  readonly connection: Pick<ApplyConnection, 'within' | 'attempt' | 'run'>;
  readonly rules: RuleBook;
  readonly tables: TableBook;
  readonly pipeline: string;
  concurrent(change: Change, table: GuardedTable): Concurrent;
}

/** Of a key in a message. */
const maxKeyLength = 200;
const nobody: Concurrent = { primary: null, unique: null, rivals: () => [] };

function isDecidable(table: GuardedTable | null): table is DecidableTable {
  return table !== null && table.plan !== null;
}

/** One change of one row, its key the same before and after. */
interface Step extends Pick<Change, 'op' | 'before' | 'after' | 'under'> {
  readonly table: DecidableTable;
  readonly key: Row;
  readonly concurrent: Concurrent;
}

export class Settlement {
  readonly #options: SettlementOptions;
  readonly #rows: LockedRows;
  #conflicts: Conflict[] = [];
  /** Null: somebody else has the last word. */
  readonly #touched: TouchedRows | null;

  constructor(options: SettlementOptions) {
    this.#options = options;
    this.#rows = new LockedRows(options.connection);
    this.#touched = options.rules.targetIsHome ? new TouchedRows() : null;
  }

  /** Locks every row, and every unique value, that the changes touch. */
  async lock(changes: readonly Change[]): Promise<void> {
    const wanted = changes.flatMap((change): Wanted[] => {
      const table = this.#options.tables.of(change);
      if (!isDecidable(table)) return [];
      const { plan } = table;
      const { before, after } = change;
      const old = before && !(after && sameKey(plan, before, after)) ? [{ plan, key: before, values: null }] : [];
      return [...old, { plan, key: after, values: after }];
    });
    await this.#rows.lock(wanted);
  }

  async settle(change: Change): Promise<void> {
    const table = this.#options.tables.of(change);
    const { before, after } = change;
    const concurrent = table ? this.#options.concurrent(change, table) : nobody;
    if (!isDecidable(table)) {
      if (table && concurrent.primary !== null) throw stoppedAt(table, 'both sides changed it', '(its keys cannot be compared)');
      return this.#plain(change, table);
    }
    const step = (op: Step['op'], images: Pick<Step, 'before' | 'after'>): Step => {
      const row = images.after ?? images.before;
      if (!row) throw new SyncError('RECORD_INVALID', `${tableName(table.target)}: a row event '${op}' without an image`);
      return { op, ...images, ...(change.under && { under: change.under }), table, concurrent, key: keyOfRow(table.plan, row) };
    };
    if (before === null || after === null || sameKey(table.plan, before, after)) return this.#settle(step(change.op, { before, after }));
    // A row that moves to another key is two rows' affair.
    await this.#settle(step('d', { before, after: null }));
    await this.#settle(step('c', { before: null, after }));
  }

  /** The conflicts since the last call. */
  takeConflicts(): readonly Conflict[] {
    const conflicts = this.#conflicts;
    this.#conflicts = [];
    return conflicts;
  }

  /** At home: its last word on every row that a conflict touched. */
  async writeRemedies(): Promise<void> {
    await this.#touched?.writeRemedies(this.#options.connection, this.#options.pipeline);
  }

  async #settle(step: Step): Promise<void> {
    const { table, before, after, concurrent, key } = step;
    const { existing, holders } = await this.#rows.read({ plan: table.plan, key, values: after });
    const differs = before === null ? existing !== null : existing === null || !sameRows(table.plan, existing, before);
    const clashes = differs || concurrent.primary !== null;
    // Who is not home may leave a unique value that nobody holds any more: home decides about it.
    const sharesUnique = holders.length > 0 || (concurrent.unique !== null && this.#options.rules.targetIsHome);
    if (!clashes && !sharesUnique) {
      const refused = await this.#write(table, { existing, row: after, displaced: [], under: step.under });
      if (refused) await this.#refused(step, existing, refused);
      return;
    }
    if (table.rule.policy === 'stop') throw stopped(step, typeOf(step, { existing, differs, clashes, holders }));
    const decision = clashes ? this.#decide(step, existing) : ({ row: after, winner: 'incoming' } as const);
    const { row } = decision;
    const inTheWay = row === after ? holders : (await this.#rows.read({ plan: table.plan, key: null, values: row })).holders;
    await this.#carryOut(step, { decision, existing, type: typeOf(step, { existing, differs, clashes, holders }), holders: inTheWay });
  }

  #decide({ table, before, after, concurrent }: Step, existing: Row | null): Decision {
    // Nobody changed the row here: that it differs is left over from an earlier decision. Home's last word on that is on its way, so what comes is taken.
    if (this.#provisional(table) && concurrent.primary === null) return { row: after, winner: 'incoming' };
    const same = (column: string, a: Row[string], b: Row[string]): boolean => sameColumn(table.plan, column, a, b);
    return decide(table.rule, table.schema, { before, after, existing, home: this.#homeSide }, same);
  }

  /** Another region has the last word. */
  #provisional({ rule }: GuardedTable): boolean {
    return !this.#options.rules.targetIsHome && (rule.policy === 'home' || rule.policy === 'latest' || rule.policy === 'merge');
  }

  get #homeSide(): Side | null {
    const { targetIsHome, sourceIsHome } = this.#options.rules;
    if (targetIsHome) return 'existing';
    return sourceIsHome ? 'incoming' : null;
  }

  /** The decision's row, if other rows leave room for it. */
  async #carryOut(
    step: Step,
    at: { decision: Decision; existing: Row | null; type: ConflictType; holders: readonly Row[] },
  ): Promise<void> {
    const { table } = step;
    const { decision, existing, holders } = at;
    if (decision.row !== null && holders.some((holder) => this.#keeps(step, decision.row ?? holder, holder))) {
      this.#record(step, { ...at, type: 'unique-key-taken', decision: { row: existing, winner: 'existing' } });
      return;
    }
    const refused = await this.#write(table, { existing, row: decision.row, displaced: holders, under: step.under });
    if (refused) return this.#refused(step, existing, refused);
    this.#record(step, at);
    for (const holder of holders) this.#displaced(step, holder);
  }

  /** Does a row that has the unique value keep it? Where home decides later, what comes gets it. */
  #keeps({ table }: Step, incoming: Row, existing: Row): boolean {
    if (this.#provisional(table)) return false;
    return decideUnique(table.rule, table.schema, { incoming, existing, home: this.#homeSide }) === 'existing';
  }

  /** What a foreign key, or a key that we did not foresee, refuses: at home the row stays as it is. */
  async #refused(step: Step, existing: Row | null, error: SyncError): Promise<void> {
    const { rules } = this.#options;
    const kind = conflictKind(error);
    const type = kind === 'parent missing' ? 'parent-missing' : kind === 'child exists' ? 'child-exists' : 'unique-key-taken';
    if (step.table.rule.policy === 'stop') throw stopped(step, type);
    if (!rules.targetIsHome) throw error;
    this.#record(step, { type, decision: { row: existing, winner: 'existing' }, existing, holders: [] });
  }

  #record(step: Step, at: { type: ConflictType; decision: Decision; existing: Row | null; holders: readonly Row[] }): void {
    const { table, key, op, before, after, concurrent } = step;
    const localSeq = concurrent.primary ?? concurrent.unique;
    const { row: result, winner } = at.decision;
    this.#conflicts.push({
      table: table.target,
      key,
      type: at.type,
      policy: table.rule.policy,
      winner,
      op,
      before,
      after,
      existing: at.existing,
      result,
      localSeq,
    });
    if (!this.#touched) return;
    this.#touched.add(table, key);
    for (const holder of at.holders) this.#touched.add(table, keyOfRow(table.plan, holder));
    for (const rival of concurrent.rivals()) this.#touched.add(table, keyFrom(table.plan, rival));
  }

  #displaced(step: Step, holder: Row): void {
    const { table, op, before, after, concurrent } = step;
    const key = keyOfRow(table.plan, holder);
    const found = { type: 'unique-key-taken', policy: table.rule.policy, winner: 'incoming', localSeq: concurrent.unique } as const;
    this.#conflicts.push({ ...found, table: table.target, key, op, before, after, existing: holder, result: null });
  }

  async #write(table: DecidableTable, change: RowChange): Promise<SyncError | null> {
    const { connection } = this.#options;
    const { plan } = table;
    const refused = await (this.#provisional(table) ? forceRow(connection, plan, change) : writeRow(connection, plan, change));
    if (!refused) this.#rows.written(plan, change);
    return refused;
  }

  /** As always; where the target's changes come back, only to a row that is what it must be. */
  async #plain(change: Change, table: GuardedTable | null): Promise<void> {
    const builder = new StatementBuilder({ exact: table !== null });
    builder.add(change);
    const text = builder.take();
    const results = await this.#options.connection.run(text);
    this.#rows.forget();
    if (table && differing(text, results).length > 0)
      throw stoppedAt(table, 'the row is not what the source changed', '(its keys cannot be compared)');
  }
}

function keyFrom(plan: RowPlan, values: KeyValues): Row {
  return Object.fromEntries(plan.table.key.map(({ name }, i) => [name, values[i] ?? null]));
}

function typeOf({ op }: Step, at: { existing: Row | null; differs: boolean; clashes: boolean; holders: readonly Row[] }): ConflictType {
  if (!at.clashes) return 'unique-key-taken';
  switch (op) {
    case 'c':
      return 'insert-exists';
    case 'u':
      return at.existing === null ? 'update-missing' : 'update-differs';
    case 'd':
      return at.existing === null ? 'delete-missing' : 'delete-differs';
  }
}

function stopped({ table, key }: Step, type: ConflictType): SyncError {
  return stoppedAt(table, type, keyText(table.plan, key).slice(0, maxKeyLength));
}

function stoppedAt({ target: { database, name } }: GuardedTable, type: string, key: string): SyncError {
  return new SyncError('ROW_CONFLICT', `${database}.${name}, ${key}: ${type}, and the table's policy is stop`, {
    details: { database, table: name, key, type },
  });
}
