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
import type { LoggedImages, Row, TableSchema, Value } from '@lutra/model';
import { sessionTextOf } from './source-session.js';
import type { SessionText, Under } from './source-session.js';
import { planSafe, planWhole } from './safe-plan.js';
import type { SafePlan } from './safe-plan.js';
import { clearingDeletes, safeDelete } from './safe-statements.js';
import { ExpectedRows } from './expected-rows.js';
import type { ExactText } from './expected-rows.js';
import type { Result } from './session-options.js';
import { joined, stagedOf } from './sql-text.js';
import { sharingKeys, sharingRows, StatementText } from './statement-text.js';
import type { Sharing } from './statement-text.js';
import { rowBytes } from './row-bytes.js';
import { Staging } from './staged-values.js';
import { hasLargeText, isLarge, largeImageBytes, makeReady } from './large-rows.js';
import type { RowSql, SqlRow, SqlValue } from '@lutra/rows';
import { keyOf, planTable, sameValue, whereRow, written } from './table-plan.js';
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
  /** Of `before` and `after`, which are made of them when they are first asked for: nothing of the row is left out. */
  readonly images?: LoggedImages | undefined;
}

/** All that is made once of a table version and its target. */
interface Known {
  readonly plan: TablePlan;
  readonly inserts: Sharing;
  /** Null: changes that follow one another do not share it. */
  readonly deletes: Sharing | null;
  /** Null: rows are written through objects. */
  readonly bytes: RowSql | null;
  /** Of rows that are written whole, and of safe mode; null: not possible. */
  whole?: Sharing | null;
  safe?: { readonly plan: SafePlan; readonly upserts: Sharing };
}

export class StatementBuilder {
  readonly #plans = new WeakMap<TableSchema, WeakMap<TargetTable, Known>>();
  readonly #text: StatementText;
  /** Null: not exact. */
  #expected: ExpectedRows | null;
  readonly #staging = new Staging();
  /** What the next statement runs in. Null: our own session. */
  #session: SessionText | null = null;

  /** @param options.exact see differing(); not for addSafe() */
  constructor({ exact = false }: { readonly exact?: boolean } = {}) {
    this.#expected = exact ? new ExpectedRows() : null;
    this.#text = new StatementText({ counts: !exact });
  }

  /** How much text there is since the last take(), roughly. */
  get bytes(): number {
    return this.#text.bytes + this.#staging.bytes;
  }

  /** How many changes were added, ever. */
  get changes(): number {
    return this.#text.changes;
  }

  /**
   * To be awaited before the change is added, if it gives something: the change has values that take long to make a statement of.
   * Rejects with SyncError as add() throws.
   */
  prepare(change: Change): Promise<void> | null {
    if (change.images && change.images.bytes < largeImageBytes) return null;
    const { source, before, after } = change;
    return hasLargeText(source, before) || hasLargeText(source, after) ? this.#prepare(change) : null;
  }

  async #prepare({ source, target, before, after }: Change): Promise<void> {
    const { plan } = this.#known(source, target);
    if (after) await makeReady(plan, after);
    if (before && plan.key.length === 0) await makeReady(plan, before);
  }

  /**
   * @throws SyncError VALUE_UNSUPPORTED, COLUMN_MISSING. The builder is of no use after that.
   */
  add(change: Change): void {
    const known = this.#known(change.source, change.target);
    const { plan } = known;
    this.#expected?.add(plan, change, this.#text.changes);
    this.#enter(sessionTextOf(plan, change));
    const isWhole = change.whole === true && this.#addWhole(known, change);
    if (!isWhole && !this.#addBytes(known, change)) this.#add(known, change);
    this.#text.changes++;
  }

  #add(known: Known, change: Change): void {
    switch (change.op) {
      case 'c':
        this.#insert(known, known.inserts, image(change, 'after'));
        break;
      case 'u':
        this.#text.close();
        this.#text.push('update', known.plan, this.#update(known.plan, image(change, 'before'), image(change, 'after')), { changes: 1 });
        break;
      case 'd':
        this.#delete(known, image(change, 'before'));
    }
  }

  /** False: it is for the codec of objects, which says what is wrong with it or writes it. */
  #addBytes({ plan, inserts, deletes, bytes }: Known, { op, images, source }: Change): boolean {
    if (!images || !bytes || images.table !== source || images.bytes >= largeImageBytes) return false;
    const { before, after } = images;
    if (op === 'c') return after >= 0 && plan.selectHead === null && this.#text.joinImage(inserts, bytes.insert, images, after, bytes.room);
    if (plan.key.length === 0 || before < 0) return false;
    if (op === 'u') {
      if (after < 0) return false;
      this.#text.close();
      return this.#text.pushUpdate(plan, bytes, images);
    }
    if (deletes === null) return false;
    return this.#text.joinImage(deletes, deletesIn(plan) ? bytes.keyLiteral : bytes.alternative, images, before, bytes.room);
  }

  /** False: whoever looks at the row first must write it. */
  #addWhole(known: Known, change: Change): boolean {
    const { plan } = known;
    if (known.whole === undefined) {
      const whole = planWhole(plan);
      known.whole = whole && sharingRows('upsert', plan, whole.upsertTail);
    }
    if (!known.whole || this.#expected) return false;
    const { op, before, after } = change;
    const moves = op === 'u' && plan.key.some(({ name }) => !sameValue(before?.[name] as Value, after?.[name] as Value));
    if (moves) return false;
    if (op !== 'd') this.#insert(known, known.whole, image(change, 'after'));
    else {
      this.#text.close();
      this.#text.push('delete', plan, safeDelete(plan, image(change, 'before')), { changes: 1, counted: false });
    }
    return true;
  }

  /**
   * The same in safe mode: right whether it was applied before or not. Only for a session that does not check foreign keys.
   * @throws SyncError APPLY_REFUSED for a table whose rows cannot be applied again, and as add()
   */
  addSafe(change: Change): void {
    const known = this.#known(change.source, change.target);
    const { plan } = known;
    const safe = this.#safe(known);
    this.#enter(sessionTextOf(plan, change, { safe: true }));
    if (change.op === 'd') {
      this.#text.close();
      this.#text.push('delete', plan, safeDelete(plan, image(change, 'before')), { changes: 1, counted: false });
    } else {
      const after = image(change, 'after');
      const clearing = clearingDeletes(plan, safe.plan, { before: change.op === 'u' ? image(change, 'before') : null, after });
      if (clearing.length > 0) this.#text.close();
      for (const statement of clearing) this.#text.push('delete', plan, statement, { changes: 1, counted: false });
      this.#insert(known, safe.upserts, after);
    }
    this.#text.changes++;
  }

  /** The statements so far, and begins anew. */
  take(): ExactText {
    this.#enter(null);
    const expected = this.#expected;
    const changes = { ...this.#text.take(), ...stagedOf([{ staged: this.#staging.take() }]) };
    const text = { ...(expected ? joined([expected.text(), changes]) : changes), expected };
    if (expected) this.#expected = new ExpectedRows();
    return text;
  }

  /** Each text begins and ends in our own session: what stands before and behind its changes, the fence above all, depends on it. */
  #enter(session: SessionText | null): void {
    const open = this.#session;
    if (session?.set === open?.set) return;
    this.#text.close();
    for (const text of [open?.reset, session?.set]) if (text !== undefined) this.#text.session(text);
    this.#session = session;
  }

  #insert({ plan }: Known, of: Sharing, after: Row): void {
    const staged = this.#staging.bytes;
    const part = insertPart(plan, this.#staged(plan, plan.columns, after));
    const isStaged = this.#staging.bytes > staged;
    if (isStaged) this.#text.close();
    this.#text.join(of, part);
    if (!isStaged) return;
    // A statement of its own; its change is counted by the caller, after this.
    this.#text.close(1);
  }

  #update(plan: TablePlan, before: Row, after: Row): string {
    const columns = written(plan, { before, after });
    const row = this.#staged(plan, columns, after);
    const assignments = columns.map((column) => `${column.quoted} = ${column.stored(row[column.name] as SqlValue)}`);
    return `UPDATE ${plan.quoted} SET ${assignments.join(', ')}${this.#where(plan, before)}`;
  }

  #delete({ plan, deletes }: Known, before: Row): void {
    if (deletes) return this.#text.join(deletes, this.#deletePart(plan, before));
    this.#text.close();
    this.#text.push('delete', plan, `DELETE FROM ${plan.quoted}${this.#where(plan, before)}`, { changes: 1 });
  }

  #where(plan: TablePlan, before: Row): string {
    return whereRow(plan, before, plan.key.length > 0 ? before : this.#staged(plan, plan.columns, before));
  }

  #staged(plan: TablePlan, columns: readonly ColumnPlan[], row: Row): SqlRow {
    return isLarge(columns, row) ? this.#staging.row(columns, row, { table: plan.target, change: this.#text.changes }) : row;
  }

  #deletePart(plan: TablePlan, before: Row): string {
    const key = deletesIn(plan);
    return key ? key.literal(before[key.name] as Value) : `(${keyOf(plan, before)})`;
  }

  #safe(known: Known): NonNullable<Known['safe']> {
    if (!known.safe) {
      const plan = planSafe(known.plan);
      known.safe = { plan, upserts: sharingRows('upsert', known.plan, plan.upsertTail) };
    }
    return known.safe;
  }

  #known(source: TableSchema, target: TargetTable): Known {
    let plans = this.#plans.get(source);
    if (!plans) this.#plans.set(source, (plans = new WeakMap()));
    let known = plans.get(target);
    if (!known) plans.set(target, (known = knownOf(source, planTable(source, target))));
    return known;
  }
}

function knownOf(source: TableSchema, plan: TablePlan): Known {
  const deletes = plan.groupsDeletes ? sharingKeys(plan, deletesIn(plan)) : null;
  return { plan, inserts: sharingRows('insert', plan), deletes, bytes: rowBytes(source, plan) };
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
