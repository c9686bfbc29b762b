/** What was decided in a transaction: the conflicts for lutra.conflict and, at home, the rows that are sent to the other regions. */
import type { ConflictType, Row } from '@lutra/model';
import { keyOfRow } from '@lutra/mysql';
import type { RowPlan } from '@lutra/mysql';
import type { Conflict } from './conflict-record.js';
import type { Decision } from '../decide/policy.js';
import type { DecidedFiles } from '../files/decided-files.js';
import type { Step } from '../resolve/step.js';
import { TouchedRows } from '../resolve/touched-rows.js';
import type { KeyValues } from '../detect/recent-changes.js';

export interface Outcome {
  readonly type: ConflictType;
  readonly decision: Decision;
  readonly existing: Row | null;
  /** Rows that hold a unique value which the step wants. */
  readonly holders: readonly Row[];
}

export class ConflictLedger {
  /** Null: another region has the last word. */
  readonly touched: TouchedRows | null;
  readonly #files: Pick<DecidedFiles, 'lost'> | null;
  #conflicts: Conflict[] = [];

  /** `files`: null: no table has file rules. */
  constructor({ targetIsHome }: { readonly targetIsHome: boolean }, files: Pick<DecidedFiles, 'lost'> | null) {
    this.#files = files;
    this.touched = targetIsHome ? new TouchedRows() : null;
  }

  record(step: Step, { type, decision, existing, holders }: Outcome): void {
    const { table, key, sent, concurrent } = step;
    const { row: result, winner } = decision;
    const localSeq = concurrent.primary ?? concurrent.unique;
    const found = { table: table.target, key, type, policy: table.rule.policy, winner, existing, result, localSeq };
    const files = this.#files?.lost(table.source, [sent.after, existing], result);
    this.#conflicts.push({ ...found, op: sent.op, before: sent.before, after: sent.after, ...(files && { files }) });
    this.touch(step, holders);
  }

  /** A row that was deleted because the step's row has its unique value now. */
  displaced(step: Step, holder: Row): void {
    const { table, sent, concurrent } = step;
    const key = keyOfRow(table.plan, holder);
    const found = { type: 'unique-key-taken', policy: table.rule.policy, winner: 'incoming', localSeq: concurrent.unique } as const;
    const { op, before, after } = sent;
    const files = this.#files?.lost(table.source, [holder], null);
    this.#conflicts.push({
      ...found,
      table: table.target,
      key,
      op,
      before,
      after,
      existing: holder,
      result: null,
      ...(files && { files }),
    });
  }

  /** The other regions are sent the step's row, those that hold its unique values, and those whose changes were in the way. */
  touch({ table, key, concurrent }: Step, holders: readonly Row[]): void {
    if (!this.touched) return;
    this.touched.add(table, key);
    for (const holder of holders) this.touched.add(table, keyOfRow(table.plan, holder));
    for (const concurrentChange of concurrent.concurrentChanges()) this.touched.add(table, keyFrom(table.plan, concurrentChange));
  }

  /** The conflicts since the last call. */
  take(): readonly Conflict[] {
    const conflicts = this.#conflicts;
    this.#conflicts = [];
    return conflicts;
  }
}

function keyFrom(plan: RowPlan, values: KeyValues): Row {
  return Object.fromEntries(plan.table.key.map(({ name }, i) => [name, values[i] ?? null]));
}
