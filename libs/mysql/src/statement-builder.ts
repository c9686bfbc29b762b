/**
 * Changes in source order → statements whose execution in order equals applying the changes one by one. Pure.
 *
 * What breaks the naive batch, and is therefore not done:
 * - INSERT … ON DUPLICATE KEY UPDATE, REPLACE: with a second unique key they change whichever row collides. (1,'a') and (2,'b') swapped
 *   through a third value end wrong. Inserts are plain, and a taken key is an error.
 * - Collecting all changes of a table, or of one kind: a unique value freed by a DELETE or UPDATE may be taken by the INSERT after it,
 *   a child may follow its parent. Only changes that follow one another directly share a statement, in their order.
 * - One UPDATE for several rows: the server's order within it is that of an index, and a unique value may be passed on from row to row.
 * - Trusting that a row is there: each UPDATE and DELETE is followed by the count of the rows that it must have matched.
 *
 * An exact builder does not trust what is in the row either: its text reads and locks, first of all, what the changes will find, and
 * whoever runs it asks differing() before he commits (expected-rows.ts). So the server need not count.
 */
import { SyncError, tableName } from '@lutra/model';
import type { Row, TableSchema, Value } from '@lutra/model';
import { sessionTextOf } from './source-session.js';
import type { SessionText, Under } from './source-session.js';
import { planSafe, planWhole } from './safe-plan.js';
import type { SafePlan } from './safe-plan.js';
import { clearingDeletes, safeDelete } from './safe-statements.js';
import { ExpectedRows } from './expected-rows.js';
import type { ExactText } from './expected-rows.js';
import type { Result } from './session-options.js';
import { countStatement, joined, stagedOf } from './sql-text.js';
import type { Mark } from './sql-text.js';
import { Staging } from './staged-values.js';
import { hasLargeText, isLarge, makeReady } from './large-rows.js';
import type { SqlRow, SqlValue } from '@lutra/rows';
import { keyOf, maxAlternatives, planTable, sameValue, whereRow, written } from './table-plan.js';
import type { ColumnPlan } from './column-plan.js';
import type { TablePlan } from './table-plan.js';
import type { TargetTable } from './target-definition.js';

/** The same row event at the target: `source` and `target` are compared by identity, so keep them. */
export interface Change {
  readonly op: 'c' | 'u' | 'd';
  readonly before: Row | null;
  readonly after: Row | null;
  readonly source: TableSchema;
  readonly target: TargetTable;
  /** How it ran at its source. Left out: nothing is known about it, and it is written in our own session. */
  readonly under?: Under;
  /** The row may not be there, or may be another one: it is written whole, and one that is to be deleted may be gone. */
  readonly whole?: boolean;
}

/** Of one INSERT or DELETE. One large row is a statement of its own, whatever its size. */
const maxRows = 1000;
const maxBytes = 500_000;

interface Group {
  readonly does: 'insert' | 'upsert' | 'delete';
  readonly plan: TablePlan;
  readonly parts: string[];
  bytes: number;
}

export class StatementBuilder {
  readonly #plans = new WeakMap<TableSchema, WeakMap<TargetTable, TablePlan>>();
  readonly #safePlans = new WeakMap<TablePlan, SafePlan>();
  readonly #wholePlans = new WeakMap<TablePlan, ReturnType<typeof planWhole>>();
  /** Null: not exact. */
  #expected: ExpectedRows | null;
  #statements: string[] = [];
  #marks: Mark[] = [];
  #group: Group | null = null;
  readonly #staging = new Staging();
  /** What the next statement runs in. Null: our own session. */
  #session: SessionText | null = null;
  #taken = 0;
  #changes = 0;

  /** @param options.exact see differing(); not for addSafe() */
  constructor({ exact = false }: { readonly exact?: boolean } = {}) {
    this.#expected = exact ? new ExpectedRows() : null;
  }

  /** How much text there is since the last take(), roughly. */
  get bytes(): number {
    return this.#taken + (this.#group?.bytes ?? 0) + this.#staging.bytes;
  }

  /** How many changes were added, ever. */
  get changes(): number {
    return this.#changes;
  }

  /**
   * To be awaited before the change is added, if it gives something: the change has values that take long to make a statement of.
   * Rejects with SyncError as add() throws.
   */
  prepare(change: Change): Promise<void> | null {
    const { source, before, after } = change;
    return hasLargeText(source, before) || hasLargeText(source, after) ? this.#prepare(change) : null;
  }

  async #prepare({ source, target, before, after }: Change): Promise<void> {
    const plan = this.#plan(source, target);
    if (after) await makeReady(plan, after);
    if (before && plan.key.length === 0) await makeReady(plan, before);
  }

  /**
   * @throws SyncError VALUE_UNSUPPORTED, COLUMN_MISSING. The builder is of no use after that.
   */
  add(change: Change): void {
    const plan = this.#plan(change.source, change.target);
    this.#expected?.add(plan, { ...change, number: this.#changes });
    this.#enter(sessionTextOf(plan, change));
    const isWhole = change.whole === true && this.#addWhole(plan, change);
    if (!isWhole) this.#add(plan, change);
    this.#changes++;
  }

  #add(plan: TablePlan, change: Change): void {
    switch (change.op) {
      case 'c':
        this.#insert('insert', plan, image(change, 'after'));
        break;
      case 'u':
        this.#close();
        this.#push('update', plan, this.#update(plan, image(change, 'before'), image(change, 'after')), { changes: 1 });
        break;
      case 'd':
        this.#delete(plan, image(change, 'before'));
    }
  }

  /** False: whoever looks at the row first must write it. */
  #addWhole(plan: TablePlan, change: Change): boolean {
    let whole = this.#wholePlans.get(plan);
    if (whole === undefined) this.#wholePlans.set(plan, (whole = planWhole(plan)));
    if (!whole || this.#expected) return false;
    const { op, before, after } = change;
    const moves = op === 'u' && plan.key.some(({ name }) => !sameValue(before?.[name] as Value, after?.[name] as Value));
    if (moves) return false;
    if (op !== 'd') this.#insert('upsert', plan, image(change, 'after'));
    else {
      this.#close();
      this.#push('delete', plan, safeDelete(plan, image(change, 'before')), { changes: 1, counted: false });
    }
    return true;
  }

  /**
   * The same in safe mode: right whether it was applied before or not. Only for a session that does not check foreign keys.
   * @throws SyncError APPLY_REFUSED for a table whose rows cannot be applied again, and as add()
   */
  addSafe(change: Change): void {
    const plan = this.#plan(change.source, change.target);
    const safe = this.#safePlan(plan);
    this.#enter(sessionTextOf(plan, change, { safe: true }));
    if (change.op === 'd') {
      this.#close();
      this.#push('delete', plan, safeDelete(plan, image(change, 'before')), { changes: 1, counted: false });
    } else {
      const after = image(change, 'after');
      const clearing = clearingDeletes(plan, safe, { before: change.op === 'u' ? image(change, 'before') : null, after });
      if (clearing.length > 0) this.#close();
      for (const statement of clearing) this.#push('delete', plan, statement, { changes: 1, counted: false });
      this.#insert('upsert', plan, after);
    }
    this.#changes++;
  }

  /** The statements so far, and begins anew. */
  take(): ExactText {
    this.#enter(null);
    this.#close();
    const expected = this.#expected;
    const changes = { sql: this.#statements.join(';\n'), marks: this.#marks, ...stagedOf([{ staged: this.#staging.take() }]) };
    const text = { ...(expected ? joined([expected.text(), changes]) : changes), expected };
    if (expected) this.#expected = new ExpectedRows();
    this.#statements = [];
    this.#marks = [];
    this.#taken = 0;
    return text;
  }

  /** Each text begins and ends in our own session: what stands before and behind its changes, the fence above all, depends on it. */
  #enter(session: SessionText | null): void {
    const open = this.#session;
    if (session?.set === open?.set) return;
    this.#close();
    for (const text of [open?.reset, session?.set]) {
      if (text === undefined) continue;
      this.#statements.push(text);
      this.#marks.push({ does: 'session' });
      this.#taken += text.length;
    }
    this.#session = session;
  }

  #insert(does: 'insert' | 'upsert', plan: TablePlan, after: Row): void {
    const staged = this.#staging.bytes;
    const part = insertPart(plan, this.#staged(plan, plan.columns, after));
    const isStaged = this.#staging.bytes > staged;
    if (isStaged) this.#close();
    this.#join(does, plan, part);
    if (!isStaged) return;
    // A statement of its own; its change is counted by the caller, after this.
    this.#close(1);
  }

  #update(plan: TablePlan, before: Row, after: Row): string {
    const columns = written(plan, { before, after });
    const row = this.#staged(plan, columns, after);
    const assignments = columns.map((column) => `${column.quoted} = ${column.stored(row[column.name] as SqlValue)}`);
    return `UPDATE ${plan.quoted} SET ${assignments.join(', ')}${this.#where(plan, before)}`;
  }

  #delete(plan: TablePlan, before: Row): void {
    if (plan.groupsDeletes) return this.#join('delete', plan, this.#deletePart(plan, before));
    this.#close();
    this.#push('delete', plan, `DELETE FROM ${plan.quoted}${this.#where(plan, before)}`, { changes: 1 });
  }

  #where(plan: TablePlan, before: Row): string {
    return whereRow(plan, before, plan.key.length > 0 ? before : this.#staged(plan, plan.columns, before));
  }

  #staged(plan: TablePlan, columns: readonly ColumnPlan[], row: Row): SqlRow {
    return isLarge(columns, row) ? this.#staging.row(columns, row, { table: plan.target, change: this.#changes }) : row;
  }

  #deletePart(plan: TablePlan, before: Row): string {
    const key = deletesIn(plan);
    return key ? key.literal(before[key.name] as Value) : `(${keyOf(plan, before)})`;
  }

  #join(does: Group['does'], plan: TablePlan, part: string): void {
    const bytes = Buffer.byteLength(part) + 4;
    const limit = does === 'delete' && !deletesIn(plan) ? maxAlternatives : maxRows;
    const open = this.#group;
    const fits = open?.does === does && open.plan === plan && open.parts.length < limit && open.bytes + bytes <= maxBytes;
    if (!fits) this.#close();
    this.#group ??= { does, plan, parts: [], bytes: plan.insertHead.length };
    this.#group.parts.push(part);
    this.#group.bytes += bytes;
  }

  /** `uncounted`: of the group's changes, how many are not in `changes` yet. */
  #close(uncounted = 0): void {
    if (!this.#group) return;
    const { does, plan, parts } = this.#group;
    this.#group = null;
    const first = this.#changes + uncounted - parts.length;
    this.#push(does, plan, this.#groupStatement(does, plan, parts), { changes: parts.length, change: first });
  }

  #groupStatement(does: Group['does'], plan: TablePlan, parts: readonly string[]): string {
    if (does === 'delete') return this.#deleteStatement(plan, parts);
    const [only = ''] = parts;
    const head = plan.selectHead !== null && parts.length === 1 ? plan.selectHead + only.slice(1, -1) : plan.insertHead + parts.join(', ');
    return head + (does === 'upsert' ? (this.#wholePlans.get(plan) ?? this.#safePlan(plan)).upsertTail : '');
  }

  #deleteStatement(plan: TablePlan, parts: readonly string[]): string {
    const key = deletesIn(plan);
    return `DELETE FROM ${plan.quoted} WHERE ${key ? `${key.quoted} IN (${parts.join(', ')})` : parts.join(' OR ')}`;
  }

  #push(does: Group['does'] | 'update', plan: TablePlan, statement: string, of: Pushed): void {
    const { changes, change = this.#changes, counted = does === 'update' || does === 'delete' } = of;
    const { database, name } = plan.target;
    const facts = { table: { database, name }, change, changes };
    this.#statements.push(statement);
    this.#marks.push({ does, ...facts });
    this.#taken += Buffer.byteLength(statement);
    if (!counted || this.#expected) return; // an INSERT inserts each row or fails
    this.#statements.push(countStatement(changes));
    this.#marks.push({ does: 'count rows', ...facts });
    this.#taken += 50;
  }

  #safePlan(plan: TablePlan): SafePlan {
    let safe = this.#safePlans.get(plan);
    if (!safe) this.#safePlans.set(plan, (safe = planSafe(plan)));
    return safe;
  }

  #plan(source: TableSchema, target: TargetTable): TablePlan {
    let plans = this.#plans.get(source);
    if (!plans) this.#plans.set(source, (plans = new WeakMap()));
    let plan = plans.get(target);
    if (!plan) plans.set(target, (plan = planTable(source, target)));
    return plan;
  }
}

interface Pushed {
  /** How many changes the statement carries, and the number of the first. */
  readonly changes: number;
  readonly change?: number;
  /** It must match that many rows. */
  readonly counted?: boolean;
}

/** The column of `key IN (…)`, if that is how rows of the table are deleted. */
function deletesIn(plan: TablePlan): ColumnPlan | null {
  return (plan.keyIn && plan.key[0]) || null;
}

function image(change: Change, side: 'before' | 'after'): Row {
  const row = change[side];
  if (row) return row;
  throw new SyncError('RECORD_INVALID', `${tableName(change.source)}: a row event '${change.op}' without its ${side} image`);
}

function insertPart(plan: TablePlan, after: SqlRow): string {
  return `(${plan.columns.map((column) => column.stored(after[column.name] as SqlValue)).join(', ')})`;
}

/**
 * Numbers of the changes that did not find their row as the source says it was; none unless the builder was exact.
 * @param results what ApplyConnection.run gave for the text
 */
export async function differing({ marks, expected }: ExactText, results: readonly Result[]): Promise<readonly number[]> {
  return (await expected?.differing(marks, results)) ?? [];
}
