/**
 * A source transaction that met a conflict, applied row by row in an open target transaction (REPEATABLE READ, so that what is missing
 * stays missing): first every row and unique value that it touches is locked, then, once the index of recent changes is known to be
 * complete, each change is decided and written, in order.
 *
 * In the home region the outcome is final: it is written down as resolution records, read at the end, so that each has what this
 * transaction really leaves. What cannot be written there (a unique value, a foreign key) loses. The rows whose changes were in the way are
 * told too: elsewhere they may have been refused or deleted. Elsewhere what comes from home is always written: rows that hold its unique
 * values are deleted, and foreign keys are not checked where they would refuse it; home has met the same conflict, and its resolutions put
 * the rest right (docs/decisions/0008-conflicts.md).
 */
import { isStop } from '@lutra/model';
import type { SyncError, ConflictType, Row, TableName } from '@lutra/model';
import { conflictKind, keyOfRow, primaryConflictKey, sameKey, sameRowsBeside } from '@lutra/mysql';
import type { ApplyConnection, Change } from '@lutra/mysql';
import type { Concurrent } from '../detect/concurrency.js';
import { ConflictLedger } from '../record/conflict-ledger.js';
import type { Outcome } from '../record/conflict-ledger.js';
import type { Conflict } from '../record/conflict-record.js';
import { withKeys, withSourceKeys } from '../files/decided-files.js';
import type { DecidedFiles } from '../files/decided-files.js';
import { LockedRows } from './locked-rows.js';
import { decideMove, halfOf, isRow, refusedMove } from './moved-row.js';
import type { Move, MoveOutcome } from './moved-row.js';
import { forceRow, writeRow } from './rows.js';
import type { ResolutionBy } from './touched-rows.js';
import type { RowChange, Assignment } from './rows.js';
import type { RuleBook } from '../decide/rules.js';
import { stepOf, stopped, typeOf } from './step.js';
import type { Step } from './step.js';
import type { DecidableTable, ConflictTable, TableBook } from '../detect/table-book.js';
import { applyUndecided } from './undecided.js';
import { Verdict } from '../decide/verdict.js';
import { RowsToCome } from '../../seed/rows-to-come.js';

export interface RowResolverOptions {
  readonly connection: Pick<ApplyConnection, 'within' | 'attempt' | 'run'>;
  readonly rules: RuleBook;
  readonly tables: TableBook;
  readonly by: ResolutionBy;
  concurrent(change: Change, table: ConflictTable): Concurrent;
  /** Told what is written. Null: no table has file rules. */
  readonly files: Pick<DecidedFiles, 'written' | 'lost'> | null;
  /** See DetectorOptions. */
  replaces(source: TableName): boolean;
}

const nobody: Concurrent = { primary: null, unique: null, concurrentChanges: () => [] };

function isDecidable(table: ConflictTable | null): table is DecidableTable {
  return table !== null && table.plan !== null;
}

export class RowResolver {
  readonly #options: RowResolverOptions;
  readonly #rows: LockedRows;
  readonly #verdict: Verdict;
  readonly #ledger: ConflictLedger;
  readonly #toCome: RowsToCome;

  constructor(options: RowResolverOptions) {
    this.#options = options;
    this.#rows = new LockedRows(options.connection);
    this.#verdict = new Verdict(options.rules);
    this.#ledger = new ConflictLedger(options.rules, options.files);
    const { connection, by, replaces } = options;
    this.#toCome = new RowsToCome(connection, { pipeline: by.pipeline, replaces: (source) => replaces(source) });
  }

  /** Locks every row, and every unique value, that the changes touch. */
  async lock(changes: readonly Change[]): Promise<void> {
    const requests = changes.flatMap((change): Assignment[] => {
      const table = this.#options.tables.of(change);
      if (!isDecidable(table)) return [];
      const { plan } = table;
      const { before, after } = change;
      const old = before && !(after && sameKey(plan, before, after)) ? [{ plan, key: before, values: null }] : [];
      return [...old, { plan, key: after, values: after }];
    });
    await this.#rows.lock(requests);
  }

  async resolve(change: Change): Promise<void> {
    const table = this.#options.tables.of(change);
    const { before, after } = change;
    const concurrent = table ? this.#options.concurrent(change, table) : nobody;
    if (!isDecidable(table)) {
      const { connection, files } = this.#options;
      await applyUndecided({ connection, toCome: this.#toCome, rows: this.#rows }, change, { table, concurrent });
      return files?.written(withSourceKeys(change.source), { existing: before, row: after, displaced: [] });
    }
    const sent = { op: change.op, before, after, ...(change.under && { under: change.under }) };
    if (before === null || after === null || sameKey(table.plan, before, after))
      return this.#resolve(stepOf(sent, table, { concurrent, sent }));
    const leaving = { op: 'd', before, after: null } as const;
    const taking = { op: 'c', before: null, after } as const;
    const of = (images: typeof leaving | typeof taking): Step =>
      stepOf(images, table, {
        concurrent: this.#options.concurrent({ ...images, source: change.source, target: change.target }, table),
        sent,
      });
    const left = of(leaving);
    const taken = of(taking);
    const moved = await this.#move(left, taken);
    // Only the letters of the key change ('a', 'A'): to the server it is one row, and an update of it.
    const isOneKey = primaryConflictKey(table.keys, before) === primaryConflictKey(table.keys, after);
    const { existing } = moved.left;
    const isOneRow = existing === null || moved.taken.existing === null || isRow(moved.left, moved.taken.existing);
    if (!isOneKey || !isOneRow) return this.#resolveMove(moved);
    const key = existing ? keyOfRow(table.plan, existing) : taken.key;
    await this.#resolve({ ...sent, table, key, concurrent, sent }, [left, taken]);
  }

  /** The conflicts since the last call. */
  takeConflicts(): readonly Conflict[] {
    return this.#ledger.take();
  }

  /** At home: its last word on every row that a conflict touched. */
  async writeResolutions(): Promise<void> {
    await this.#ledger.touched?.writeResolutions(this.#options.connection, this.#options.by);
  }

  /** `names`: a row whose key is only written in other letters is told under both. */
  async #resolve(step: Step, names: readonly Step[] = []): Promise<void> {
    const { table, before, after, concurrent, key } = step;
    const { existing, holders } = await this.#rows.read({ plan: table.plan, key, values: after });
    const differs = before === null ? existing !== null : existing === null || !(await sameRowsBeside(table.plan, existing, before));
    if (differs && holders.length === 0 && (await this.#toCome.takesWhole([step], existing))) return this.#come(step, existing);
    const isConflict = differs || concurrent.primary !== null;
    // Who is not home may leave a unique value that nobody holds any more: home decides about it.
    const sharesUnique = holders.length > 0 || (concurrent.unique !== null && this.#options.rules.targetIsHome);
    if (!isConflict && !sharesUnique) {
      const refused = await this.#writeEarly(step, existing);
      if (!refused) return;
      for (const name of names) this.#ledger.touch(name, []);
      return this.#refused(step, existing, refused);
    }
    if (isStop(table.rule)) throw stopped(step, typeOf(step, { existing, isConflict }));
    for (const name of names) this.#ledger.touch(name, []);
    const decision = isConflict ? await this.#verdict.decide(step, existing) : ({ row: after, winner: 'incoming' } as const);
    const { row } = decision;
    const inTheWay = row === after ? holders : (await this.#rows.read({ plan: table.plan, key: null, values: row })).holders;
    await this.#carryOut(step, { decision, existing, type: typeOf(step, { existing, isConflict }), holders: inTheWay });
  }

  /** The decision's row, if other rows leave room for it. */
  async #carryOut(step: Step, at: Outcome): Promise<void> {
    const { table } = step;
    const { decision, existing, holders } = at;
    if (decision.row !== null && holders.some((holder) => this.#verdict.keeps(step, decision.row ?? holder, holder))) {
      this.#ledger.record(step, { ...at, type: 'unique-key-taken', decision: { row: existing, winner: 'existing' } });
      return;
    }
    const refused = await this.#write(table, { existing, row: decision.row, displaced: holders, under: step.sent.under });
    if (refused) return this.#refused(step, existing, refused);
    this.#ledger.record(step, at);
    for (const holder of holders) this.#ledger.displaced(step, holder);
  }

  async #move(left: Step, taken: Step): Promise<Move> {
    const { plan } = taken.table;
    const { existing } = await this.#rows.read({ plan, key: left.key, values: null });
    const there = await this.#rows.read({ plan, key: taken.key, values: taken.after });
    const halves = { left: await halfOf(left, existing), taken: await halfOf(taken, there.existing) };
    return { ...halves, holders: there.holders };
  }

  async #resolveMove(move: Move): Promise<void> {
    const { left, taken } = move;
    const { table, after } = taken.step;
    const others = move.holders.filter((holder) => !isRow(left, holder));
    const isFree = left.isConflict && !taken.isConflict && others.length === 0;
    if (isFree && (await this.#toCome.takesWhole([left.step, taken.step], left.existing))) return this.#come(taken.step, left.existing);
    const isUniqueShared = [left, taken].some(({ step }) => step.concurrent.unique !== null) && this.#options.rules.targetIsHome;
    if (!left.isConflict && !taken.isConflict && others.length === 0 && !isUniqueShared) {
      const { under } = taken.step.sent;
      const refused = await this.#write(table, { existing: left.existing, row: after, displaced: [], under });
      return refused ? this.#refusedMove(move, refused) : undefined;
    }
    if (isStop(table.rule)) {
      const half = left.isConflict && !taken.isConflict ? left : taken;
      throw stopped(half.step, typeOf(half.step, half));
    }
    const holdersOf = async (row: Row): Promise<readonly Row[]> =>
      (await this.#rows.read({ plan: table.plan, key: null, values: row })).holders;
    const outcome = await decideMove(move, this.#verdict, holdersOf);
    const refused = outcome.change && (await this.#write(table, { ...outcome.change, under: taken.step.sent.under }));
    if (refused) return this.#refusedMove(move, refused);
    this.#recordMove(outcome, isUniqueShared);
  }

  /** No conflict, and nothing that home would have to say. */
  async #come(step: Step, existing: Row | null): Promise<void> {
    const refused = await this.#writeEarly(step, existing);
    if (refused) return this.#refused(step, existing, refused);
    const { plan, schema: source, target } = step.table;
    const keys = [step.sent.before, step.sent.after].flatMap((row) => (row ? [keyOfRow(plan, row)] : []));
    await this.#toCome.unlist(this.#options.connection, { source, target }, keys);
  }

  async #refusedMove(move: Move, error: SyncError): Promise<void> {
    const { left, taken } = move;
    const type = this.#typeOfRefusal(taken.step, error);
    const isLeft = type === 'child-exists';
    const outcome = refusedMove(move, { row: null, winner: 'both' }, isLeft ? null : type);
    const halves = outcome.halves.map((each) => (isLeft && each.half === left ? { ...each, type } : each));
    this.#recordMove({ ...outcome, halves }, false);
  }

  /** `isUniqueShared`: if nothing else, a unique value that nobody holds any more was fought for. */
  #recordMove({ change, holders, halves }: MoveOutcome, isUniqueShared: boolean): void {
    const isOnlyShared = isUniqueShared && halves.every(({ type }) => type === null);
    for (const { half, type, decision } of halves) {
      const { step, existing } = half;
      const told = type ?? (isOnlyShared && step.after !== null ? ('unique-key-taken' as const) : null);
      if (told) this.#ledger.record(step, { type: told, decision, existing, holders });
      else this.#ledger.touch(step, holders);
    }
    const taken = halves.at(-1);
    if (change && taken) for (const holder of holders) this.#ledger.displaced(taken.half.step, holder);
  }

  /** What a foreign key, or a key that we did not foresee, refuses: at home the row stays as it is. */
  #refused(step: Step, existing: Row | null, error: SyncError): void {
    const type = this.#typeOfRefusal(step, error);
    this.#ledger.record(step, { type, decision: { row: existing, winner: 'existing' }, existing, holders: [] });
  }

  /** @throws SyncError where it is no conflict that may be decided here */
  #typeOfRefusal(step: Step, error: SyncError): ConflictType {
    const kind = conflictKind(error);
    const type = kind === 'parent missing' ? 'parent-missing' : kind === 'child exists' ? 'child-exists' : 'unique-key-taken';
    if (isStop(step.table.rule)) throw stopped(step, type, error);
    if (!this.#options.rules.targetIsHome) throw error;
    return type;
  }

  async #write(table: DecidableTable, change: RowChange): Promise<SyncError | null> {
    const { connection } = this.#options;
    const { plan } = table;
    const refused = await (this.#verdict.isTentative(table) ? forceRow(connection, plan, change) : writeRow(connection, plan, change));
    if (!refused) this.#wrote(table, change);
    return refused;
  }

  /** Before its parent, where seeding has not brought that one. */
  async #writeEarly(step: Step, existing: Row | null): Promise<SyncError | null> {
    const { table, after, sent } = step;
    const change = { existing, row: after, displaced: [], under: sent.under };
    const refused = await this.#write(table, change);
    if (!refused || !(await this.#toCome.isBeforeParent(step, refused))) return refused;
    const again = await forceRow(this.#options.connection, table.plan, change);
    if (!again) this.#wrote(table, change);
    return again;
  }

  #wrote(table: DecidableTable, change: RowChange): void {
    this.#rows.written(table.plan, change);
    this.#options.files?.written(withKeys(table), change);
  }
}
