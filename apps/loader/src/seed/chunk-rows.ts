/**
 * The rows of a chunk, one by one, in an open target transaction: all rows and unique values are locked, then the index of recent changes
 * is completed, then each row is decided and written.
 *
 * The naive way writes each row as an insert, or over what is there. Counter-example: A and B have p = 0. A reads p, B's application writes
 * b, A's row comes to B and wins; B's change comes to A, meets nothing, and is taken: A = b, B = 0, for ever.
 *
 * A repair writes rows first and deletes then: a row that moves from a parent that goes must not go with it. What a row that was to go has
 * held is written behind that.
 */
import { SyncError, tableName } from '@lutra/model';
import type { Row } from '@lutra/model';
import { conflictKind, identicalRows, keyOfRow, noCounts } from '@lutra/mysql';
import type { ApplyConnection, Difference, SeedCounts } from '@lutra/mysql';
import type { Conflict } from '../conflict/record/conflict-record.js';
import { withKeys } from '../conflict/files/decided-files.js';
import type { DecidedFiles } from '../conflict/files/decided-files.js';
import { forceRow, keyText, readRows, writeRow } from '../conflict/resolve/rows.js';
import type { Found, RowChange } from '../conflict/resolve/rows.js';
import { repairConflict, seedConflict } from './chunk-conflicts.js';
import type { ListedRows } from './listed-rows.js';
import { parentOf, withoutParents } from './own-parents.js';
import type { PreparedChunk } from './prepared-chunk.js';
import { decideRow } from './row-decision.js';
import type { RowOutcome } from './row-decision.js';
import { writeAtOnce } from './rows-at-once.js';
import { changedOf, completed, wasChanged } from './watch.js';
import type { Watch } from './watch.js';

interface Problem {
  readonly key: Row;
  readonly why: string;
}

export interface RowsDone {
  readonly counts: SeedCounts;
  /** Some are to be read once more. */
  readonly isAgain: boolean;
  /** Both ways rows that differed; of a repair each row that was changed. */
  readonly conflicts: readonly Conflict[];
  readonly differences: readonly Difference[];
  /** Of a repair: rows that it did not write, and those that gave way to another one. */
  readonly problems: readonly Problem[];
  /** Rows that stay as they are against the source's: home tells the others. */
  readonly kept: readonly Row[];
}

type Connection = Pick<ApplyConnection, 'within' | 'attempt'>;
type Image = Pick<RowChange, 'existing' | 'row' | 'displaced'>;

export interface ChunkRowsOptions {
  readonly watch: Watch | null;
  /** Bytes of SQL in one piece. */
  readonly pieceBytes: number;
  /** Is told what is written; null: no table has file rules, or the chunk's files are placed already. */
  readonly files: Pick<DecidedFiles, 'written'> | null;
  /** Of the chunk's table. */
  readonly listed: Pick<ListedRows, 'areDifferent'>;
}

/** One row of the chunk. */
interface At {
  readonly row: Row;
  readonly i: number;
  /** When it was locked. */
  readonly found: Found;
  /** What was to go is gone. */
  readonly isLast: boolean;
}

export class ChunkRows {
  readonly #connection: Connection;
  readonly #chunk: PreparedChunk;
  readonly #options: ChunkRowsOptions;
  readonly #outcomes: Partial<Record<RowOutcome, number>> = {};
  readonly #conflicts: Conflict[] = [];
  readonly #differences: Difference[] = [];
  readonly #problems: Problem[] = [];
  readonly #kept: Row[] = [];
  /** Keys of rows that were deleted for a unique value of a row of this chunk. */
  readonly #cleared = new Set<string>();
  /** Keys of the rows that come one by one → where in the chunk. */
  #coming: ReadonlyMap<string, number> = new Map();
  /** Keys of those that go. */
  readonly #going: ReadonlySet<string>;
  #waiting: At[] = [];

  constructor(connection: Connection, chunk: PreparedChunk, options: ChunkRowsOptions) {
    const { absent, plan, isRepair } = chunk;
    this.#connection = connection;
    this.#chunk = chunk;
    this.#options = options;
    this.#going = new Set(isRepair ? absent.map((key) => keyText(plan, key)) : []);
  }

  /** @throws SyncError SEED_ROW_EXISTS; TABLE_SUSPENDED; and as ApplyConnection.attempt */
  async write(): Promise<RowsDone> {
    const { plan, absent, isRepair } = this.#chunk;
    const rows = await this.#apart();
    this.#coming = new Map(rows.map(({ row, i }) => [keyText(plan, row), i]));
    const found = await readRows(this.#connection, [
      ...rows.map(({ row }) => ({ plan, key: row, values: row })),
      ...absent.map((key) => ({ plan, key, values: null })),
    ]);
    await completed(this.#options.watch, this.#chunk);
    for (const [n, at] of rows.entries()) await this.#row({ ...at, found: found[n] ?? nothing, isLast: !isRepair });
    if (isRepair) for (const [i, was] of found.slice(rows.length).entries()) await this.#gone(absent[i] ?? {}, was.existing);
    const waiting = this.#waiting;
    for (const at of waiting) await this.#row({ ...at, isLast: true });
    const { clash = 0, again = 0, yielded = 0, ...counts } = this.#outcomes;
    return {
      counts: { ...noCounts, ...counts, yielded: yielded + again, clashes: clash },
      isAgain: again > 0,
      conflicts: this.#conflicts,
      differences: this.#differences,
      problems: this.#problems,
      kept: this.#kept,
    };
  }

  /** Those that are to be looked at one by one. */
  async #apart(): Promise<readonly Pick<At, 'row' | 'i'>[]> {
    const { rows, isRepair } = this.#chunk;
    const { watch, pieceBytes } = this.#options;
    const done = watch || isRepair ? null : await writeAtOnce(this.#connection, this.#chunk, pieceBytes);
    if (done) Object.assign(this.#outcomes, { inserted: done.inserted, equal: done.equal });
    const at = Array.from(rows, (row, i) => ({ row, i }));
    return done ? done.apart.flatMap((i) => at[i] ?? []) : at;
  }

  async #row(at: At): Promise<void> {
    const { row, found } = at;
    const { plan, stays, seen } = this.#chunk;
    // What was written since may have freed its values.
    const [now] = found.holders.length > 0 ? await readRows(this.#connection, [{ plan, key: row, values: row }]) : [found];
    const existing = this.#cleared.has(keyText(plan, row)) ? null : (now?.existing ?? null);
    const holders = now?.holders ?? [];
    const outcome = decideRow({
      changed: changedOf(this.#options.watch, row, seen),
      isThere: existing !== null,
      isEqual: existing !== null && (await identicalRows(plan, existing, row)),
      isHeld: holders.length > 0 && !(await this.#mayClear(holders, at)),
      stays,
    });
    if (outcome === 'stop') throw this.#stopped(row);
    if (outcome === 'clash' && !at.isLast) return void this.#waiting.push(at);
    await this.#carryOut(outcome, { row, existing, displaced: holders });
  }

  /**
   * One way a row that comes behind this one, or is listed to come, is out of date here, and one that is to go goes. Children that would go
   * with it would not come again.
   */
  async #mayClear(holders: readonly Row[], { i }: At): Promise<boolean> {
    const { plan, stays, target, bothWays, isRepair } = this.#chunk;
    if (bothWays || stays !== 'incoming' || target.changesChildren) return false;
    const others = holders.filter((holder) => {
      const key = keyText(plan, holder);
      return (this.#coming.get(key) ?? -1) <= i && !this.#going.has(key);
    });
    if (others.length === 0) return true;
    return isRepair && this.#options.listed.areDifferent(others.map((holder) => keyOfRow(plan, holder)));
  }

  async #carryOut(outcome: RowOutcome, image: Image & { readonly row: Row }): Promise<void> {
    const { plan, seed, bothWays, isRepair } = this.#chunk;
    const { row, existing, displaced } = image;
    let told = outcome;
    if (outcome === 'inserted' || outcome === 'replaced') {
      if (await this.#written(image)) this.#wrote(image);
      else told = 'clash';
    }
    this.#told(told);
    const key = keyOfRow(plan, row);
    // What is seeded is not ticked off then, and comes again by itself.
    if (told === 'clash' || (told === 'again' && seed === null))
      this.#differences.push({ key, outcome: told, columns: null, here: existing ?? displaced[0] ?? null, there: row });
    if (told === 'clash' && isRepair) this.#problems.push({ key, why: this.#whyLeft(displaced) });
    if (told === 'kept') this.#kept.push(key);
    if (bothWays && !isRepair && existing !== null && (told === 'kept' || told === 'replaced'))
      this.#conflicts.push(seedConflict({ row, existing, isKept: told === 'kept' }, { table: this.#chunk.target, key }));
  }

  #wrote({ row, existing, displaced }: Image): void {
    const { plan, isRepair } = this.#chunk;
    this.#options.files?.written(withKeys(this.#chunk), { row, existing, displaced });
    for (const holder of displaced) this.#cleared.add(keyText(plan, holder));
    if (!isRepair) return;
    for (const holder of displaced) {
      this.#repaired({ row, existing: holder, result: null });
      const isNext = [this.#coming, this.#going].some((keys) => keys.has(keyText(plan, holder)));
      if (!isNext && row) this.#problems.push({ key: keyOfRow(plan, holder), why: `it gave way here to ${this.#named([row])}` });
    }
    this.#repaired({ row, existing, result: row });
  }

  /** At home foreign keys are checked; elsewhere what comes fits together in the end. */
  async #written(change: Image): Promise<boolean> {
    const { plan, checksForeignKeys } = this.#chunk;
    if (!checksForeignKeys) return (await forceRow(this.#connection, plan, change)) === null;
    const refused = await writeRow(this.#connection, plan, change);
    return refused === null || (conflictKind(refused) === 'parent missing' && (await this.#beforeParent(change)));
  }

  /**
   * Its parent is a row of the same table, which comes behind it, for tables are read by their keys. Other parents are checked: the row is
   * written without this one first. One that was deleted here does not come.
   */
  async #beforeParent({ row, ...change }: Image): Promise<boolean> {
    const { plan, target, seen, seed } = this.#chunk;
    const own = target.foreignKeys.filter(({ self }) => self);
    if (row === null || seed === null || own.length === 0) return false;
    for (const key of own) if (await wasChanged(this.#options.watch, parentOf(key, row), seen)) return false;
    const childless = withoutParents(target, row);
    if (!childless || (await writeRow(this.#connection, plan, { ...change, row: childless }))) return false;
    const refused = await forceRow(this.#connection, plan, { existing: childless, row, displaced: [] });
    if (refused) throw refused;
    return true;
  }

  /** It is gone at the source; unless the server takes the key for that of a row that came: 'a' for 'A'. */
  async #gone(key: Row, was: Row | null): Promise<void> {
    const { plan, seen, bothWays } = this.#chunk;
    if (was === null || this.#cleared.has(keyText(plan, was))) return;
    // What it was changed to is on its way to the source.
    if (changedOf(this.#options.watch, key, seen) === 'primary') return this.#told('yielded');
    const [now] = await readRows(this.#connection, [{ plan, key: was, values: null }]);
    // It may have gone with its parent.
    const existing = now?.existing ?? null;
    if (existing !== null && this.#coming.has(keyText(plan, existing))) return;
    if (existing !== null && !(await this.#written({ existing, row: null, displaced: [] }))) {
      if (!bothWays) throw this.#stopped(was);
      this.#problems.push({ key: keyOfRow(plan, was), why: this.#whyLeft([]) });
      return this.#told('clash');
    }
    this.#told('replaced');
    this.#options.files?.written(withKeys(this.#chunk), { row: null, existing: was, displaced: [] });
    this.#repaired({ row: null, existing: was, result: null });
  }

  #told(outcome: RowOutcome): void {
    this.#outcomes[outcome] = (this.#outcomes[outcome] ?? 0) + 1;
  }

  #whyLeft(holders: readonly Row[]): string {
    return holders.length > 0 ? `a unique value of it is held here by ${this.#named(holders)}` : 'a foreign key refuses it here';
  }

  #repaired(image: Pick<Image, 'row' | 'existing'> & { readonly result: Row | null }): void {
    const { plan, target } = this.#chunk;
    const of = image.existing ?? image.row;
    if (of) this.#conflicts.push(repairConflict(image, { table: target, key: keyOfRow(plan, of) }));
  }

  #named(rows: readonly Row[]): string {
    const { plan } = this.#chunk;
    return rows.length === 0 ? 'another row' : rows.map((row) => keyText(plan, row).slice(0, 200)).join('; ');
  }

  #stopped(row: Row): SyncError {
    const { target, plan } = this.#chunk;
    const key = keyText(plan, row).slice(0, 200);
    return new SyncError('SEED_ROW_EXISTS', `${tableName(target)}, ${key}: a row that is seeded is there already and differs`, {
      details: { database: target.database, table: target.name, key },
    });
  }
}

const nothing: Found = { existing: null, holders: [] };
