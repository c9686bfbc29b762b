/**
 * One time over the rows that a verification found: they are written, tables that others point to first, deleted, the other way round, and
 * asked for in the log once more. Only what a probe says is equal counts as repaired. Whoever goes on after a kill begins with the rows
 * that still stand in lutra.difference: each step looks first whether it is done.
 */
import type { RepairResult, Row, VerifiedTable } from '@lutra/model';
import type { DifferingOutcome, FoundRow, FoundRows } from './found-rows.js';
import type { RowRepairs } from './home-rows.js';
import { repairedTable } from './repaired-table.js';
import { parentsFirst } from './table-order.js';
import type { Related } from './table-order.js';

/** One pair of tables. */
export interface RepairTable {
  readonly related: Related;
  readonly mayBeExtra: boolean;
  readonly rows: Pick<FoundRows, 'page' | 'byHash' | 'keys' | 'counts' | 'saveProblems'>;
  /** Of the rows that are repaired: what is written, and what is deleted. */
  readonly writes: readonly DifferingOutcome[];
  readonly deletes: readonly DifferingOutcome[];
  /** Why none is; null: they are. */
  readonly refused: string | null;
  isOf(table: VerifiedTable): boolean;
  /** Changes of the table that meet a row that differs are taken whole from here on. */
  raise(): Promise<void>;
  lower(): Promise<void>;
  write(rows: readonly FoundRow[]): Promise<RowRepairs>;
  /** False: rows that are in each other's way stay. */
  exchange(rows: readonly FoundRow[]): Promise<boolean>;
  /** What could not be sent: hash → why. */
  unsent(): Promise<ReadonlyMap<string, string>>;
  /** What is asked stays as it is in lutra.difference unless it has an answer. */
  probe(keys: readonly Row[]): Promise<Probed>;
}

export interface Probed extends Pick<VerifiedTable, 'asOf' | 'log' | 'seq'> {
  readonly unanswered: string | null;
}

export type RepairCounts = Pick<RepairResult, 'repaired' | 'changed' | 'refused' | 'left'>;

export interface RoundOptions {
  readonly tables: readonly VerifiedTable[];
  /** Of earlier rounds of the same repair. */
  readonly before: Pick<RepairCounts, 'repaired'>;
  /** Ends it by throwing. */
  look(isNow?: boolean): Promise<void>;
  told(now: RepairCounts & Pick<RepairResult, 'waitingFor'> & { readonly tables: readonly VerifiedTable[] }): Promise<void>;
  /** Rows that a person must decide about, of each table: hash → why. */
  spared(asked: readonly AskedTable[]): Promise<ReadonlyMap<RepairTable, ReadonlyMap<string, string>>>;
  /** All that was written has arrived where it is asked for. */
  arrived(waiting: (what: string) => Promise<void>): Promise<void>;
}

export interface AskedTable {
  readonly table: RepairTable;
  /** hash → key */
  readonly keys: ReadonlyMap<string, Row>;
}

interface State extends AskedTable {
  /** Left to a person. */
  readonly spared: ReadonlyMap<string, string>;
  readonly problems: Map<string, string>;
  readonly changed: Set<string>;
}

/** Rows of one transaction, with both versions. */
const pageRows = 50;
const probedKeys = 500;
/** Of rows that other rows were in the way of. */
const tries = 3;

export class RepairRound {
  readonly #options: RoundOptions;
  #tables: readonly VerifiedTable[];
  #counts: RepairCounts;

  constructor(options: RoundOptions) {
    this.#options = options;
    this.#tables = options.tables;
    this.#counts = { repaired: options.before.repaired, changed: 0, refused: 0, left: 0 };
  }

  /** Rows that were repaired. */
  async run(tables: readonly RepairTable[]): Promise<number> {
    const states = await this.#begin(tables);
    if (states.length === 0) return 0;
    for (const { table } of states) if (table.refused === null) await table.raise();
    const possible = states.filter(({ table }) => table.refused === null);
    for (const state of possible) await this.#sweep(state, state.table.writes);
    for (const state of possible.toReversed()) await this.#sweep(state, state.table.deletes);
    await this.#stuck(possible);
    await this.#options.arrived((what) => this.#told(what));
    for (const state of states) await this.#ask(state);
    return this.#counts.repaired - this.#options.before.repaired;
  }

  async #begin(tables: readonly RepairTable[]): Promise<readonly State[]> {
    const asked: AskedTable[] = [];
    for (const table of parentsFirst(tables, ({ related }) => related)) {
      await this.#options.look();
      const keys = await table.rows.keys();
      if (keys.size > 0) asked.push({ table, keys });
    }
    const spared = await this.#options.spared(asked.filter(({ table }) => table.refused === null));
    const states = asked.map(({ table, keys }): State => {
      const { refused } = table;
      const left = refused === null ? (spared.get(table) ?? new Map()) : new Map([...keys.keys()].map((hash) => [hash, refused]));
      return { table, keys, spared: left, problems: new Map(), changed: new Set() };
    });
    this.#count({ left: states.reduce((sum, { keys }) => sum + keys.size, 0) });
    await this.#told(null);
    return states;
  }

  async #sweep(state: State, outcomes: readonly DifferingOutcome[]): Promise<void> {
    if (outcomes.length === 0) return;
    for (let after = ''; ;) {
      await this.#options.look();
      const page = await state.table.rows.page(outcomes, after, pageRows);
      await this.#write(
        state,
        page.filter(({ hash }) => !state.spared.has(hash)),
      );
      const last = page.at(-1);
      if (!last || page.length < pageRows) return;
      after = last.hash;
    }
  }

  async #write({ table, problems, changed }: State, rows: readonly FoundRow[]): Promise<void> {
    if (rows.length === 0) return;
    for (const [hash, done] of await table.write(rows)) {
      problems.delete(hash);
      changed.delete(hash);
      if (done === 'changed') changed.add(hash);
      else if (done !== 'written') problems.set(hash, done.refused);
    }
  }

  /** What another row was in the way of may be possible when that one is repaired; two rows may be in each other's way. */
  async #stuck(states: readonly State[]): Promise<void> {
    for (let round = 0; round < tries; round += 1) {
      let isBetter = false;
      for (const state of [...states, ...states.toReversed()]) {
        const hashes = [...state.problems.keys()];
        for (let at = 0; at < hashes.length; at += pageRows)
          await this.#write(state, await state.table.rows.byHash(hashes.slice(at, at + pageRows)));
        isBetter ||= state.problems.size < hashes.length;
      }
      if (!isBetter) break;
    }
    for (const state of states) await this.#exchange(state);
  }

  async #exchange({ table, problems }: State): Promise<void> {
    const hashes = [...problems.keys()];
    if (hashes.length < 2 || hashes.length > pageRows) return;
    const rows = await table.rows.byHash(hashes);
    if (rows.length === hashes.length && (await table.exchange(rows))) problems.clear();
  }

  async #ask(state: State): Promise<void> {
    const { table, keys } = state;
    const problems = new Map([...state.problems, ...(await table.unsent()), ...state.spared]);
    const probed = table.refused === null ? await this.#probe(state) : null;
    const left = await table.rows.keys();
    const open = [...keys.keys()].filter((hash) => left.has(hash));
    const problemsLeft = new Map(open.flatMap((hash) => (problems.has(hash) ? [[hash, problems.get(hash) ?? '']] : [])));
    await table.rows.saveProblems(problemsLeft);
    const isChanged = (hash: string): boolean => state.changed.has(hash) && !problemsLeft.has(hash);
    const [refused, changed] = [problemsLeft.size, open.filter(isChanged).length];
    const { repaired } = this.#counts;
    this.#count({
      repaired: repaired + keys.size - open.length,
      changed: this.#counts.changed + changed,
      refused: this.#counts.refused + refused,
      left: this.#counts.left - (keys.size - open.length) - refused - changed,
    });
    const counts = await table.rows.counts();
    this.#tables = this.#tables.map((one) =>
      table.isOf(one) ? repairedTable(one, { counts, probed, mayBeExtra: table.mayBeExtra }) : one,
    );
    // More ranges of it may differ: then it lasts until the next pass has repaired them.
    if (this.#tables.some((one) => table.isOf(one) && one.verdict === 'equal')) await table.lower();
    await this.#told(null);
  }

  async #probe({ table, keys }: State): Promise<Probed> {
    const all = [...keys.values()];
    let last: Probed = { unanswered: null, asOf: null, log: '', seq: -1 };
    for (let at = 0; at < all.length; at += probedKeys) {
      await this.#options.look();
      const probed = await table.probe(all.slice(at, at + probedKeys));
      last = { ...probed, unanswered: last.unanswered ?? probed.unanswered, asOf: last.asOf ?? probed.asOf };
    }
    return last;
  }

  #count(now: Partial<RepairCounts>): void {
    this.#counts = { ...this.#counts, ...now };
  }

  #told(waitingFor: string | null): Promise<void> {
    return this.#options.told({ ...this.#counts, waitingFor, tables: this.#tables });
  }
}
