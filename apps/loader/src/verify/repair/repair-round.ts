/**
 * One time over the rows that a verification found: they are written, tables that others point to first, deleted, the other way round, and
 * asked for in the log once more. Only what a probe says is equal counts as repaired. Rows that are sent get a second try: a unique value
 * may have moved from one to another. Whoever goes on after a kill begins with the rows that still stand in lutra.difference.
 */
import { createHash } from 'node:crypto';
import type { RepairResult, Row, VerifiedTable } from '@lutra/model';
import { hasEqualRows } from '../files/verify-files.js';
import type { DifferingOutcome, FoundRow, FoundRows } from './found-rows.js';
import type { RowRepairs } from './home-rows.js';
import { repairedTable } from './repaired-table.js';
import { parentsFirst } from './table-order.js';
import type { Related } from './table-order.js';

/** One pair of tables. */
export interface RepairTable {
  readonly related: Related;
  readonly mayBeExtra: boolean;
  readonly rows: Pick<FoundRows, 'page' | 'byHash' | 'keys' | 'counts' | 'problems' | 'saveProblems'>;
  /** Of the rows that are repaired: what is written, and what is deleted. */
  readonly writes: readonly DifferingOutcome[];
  readonly deletes: readonly DifferingOutcome[];
  /** The winner sends them, and does not say what becomes of each. */
  readonly isSent: boolean;
  /** Why none is; null: they are. */
  readonly refused: string | null;
  isOf(table: VerifiedTable): boolean;
  /** Changes of the table that meet a row that differs are taken whole from here on. */
  raise(): Promise<void>;
  lower(): Promise<void>;
  write(rows: readonly FoundRow[]): Promise<RowRepairs>;
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
  readonly before: Pick<RepairResult, 'repaired' | 'files' | 'orphans'>;
  /** Ends it by throwing. */
  look(isNow?: boolean): Promise<void>;
  told(
    now: RepairCounts & Pick<RepairResult, 'waitingFor' | 'files' | 'orphans'> & { readonly tables: readonly VerifiedTable[] },
  ): Promise<void>;
  /** Rows that a person must decide about, of each table: hash → why. */
  spared(asked: readonly AskedTable[]): Promise<ReadonlyMap<RepairTable, ReadonlyMap<string, string>>>;
  /** What the losers had sent before the tables were raised has arrived at the winners. */
  raised(waiting: (what: string) => Promise<void>): Promise<void>;
  /** All that was written has arrived where it is asked for. */
  arrived(waiting: (what: string) => Promise<void>): Promise<void>;
}

export interface AskedTable {
  readonly table: RepairTable;
  /** hash → key */
  readonly keys: ReadonlyMap<string, Row>;
}

/** What a row looked like when it was sent first. */
interface Sent {
  readonly image: string;
  readonly seq: number;
}

interface State extends AskedTable {
  /** Left to a person. */
  readonly spared: ReadonlyMap<string, string>;
  readonly problems: Map<string, string>;
  readonly changed: Set<string>;
  /** By hash. */
  readonly sent: Map<string, Sent>;
  counts: RepairCounts;
}

/** Rows of one transaction, with both versions. */
const pageRows = 50;
const probedKeys = 500;
const leftTwice = 'it was sent twice and is as it was: another row there holds a unique value of it, or a foreign key refuses it';

export class RepairRound {
  readonly #options: RoundOptions;
  #tables: readonly VerifiedTable[];
  #states: readonly State[] = [];

  constructor(options: RoundOptions) {
    this.#options = options;
    this.#tables = options.tables;
  }

  /** Rows that were repaired. */
  async run(tables: readonly RepairTable[]): Promise<number> {
    const states = await this.#begin(tables);
    if (states.length === 0) return 0;
    for (const { table } of states) if (table.refused === null) await table.raise();
    const possible = states.filter(({ table }) => table.refused === null);
    await this.#options.raised((what) => this.#told(what));
    // What an earlier repair has said of rows that are sent now.
    for (const { table } of possible) if (table.isSent) await table.rows.saveProblems(new Map());
    await this.#sweepAll(possible);
    for (const state of states) await this.#ask(state);
    await this.#again(possible.filter(({ table }) => table.isSent));
    return this.#counts.repaired;
  }

  async #sweepAll(states: readonly State[]): Promise<void> {
    for (const state of states) await this.#sweep(state, state.table.writes);
    for (const state of states.toReversed()) await this.#sweep(state, state.table.deletes);
    await this.#options.arrived((what) => this.#told(what));
  }

  /** What is the same after that is left to a person. */
  async #again(states: readonly State[]): Promise<void> {
    const left = states.filter(({ counts, keys, spared }) => counts.repaired + spared.size < keys.size);
    if (left.length === 0) return;
    await this.#sweepAll(left);
    for (const state of left) await this.#ask(state, true);
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
      return { table, keys, spared: left, problems: new Map(), changed: new Set(), sent: new Map(), counts: { ...none, left: keys.size } };
    });
    this.#states = states;
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

  async #write({ table, problems, changed, sent }: State, rows: readonly FoundRow[]): Promise<void> {
    if (rows.length === 0) return;
    for (const row of rows) if (!sent.has(row.hash)) sent.set(row.hash, { image: imageOf(row), seq: row.seq });
    for (const [hash, done] of await table.write(rows)) {
      problems.delete(hash);
      changed.delete(hash);
      if (done === 'changed') changed.add(hash);
      else if (done !== 'written') problems.set(hash, done.refused);
    }
  }

  async #ask(state: State, isLast = false): Promise<void> {
    const { table, keys, spared } = state;
    // What the loader there has said of them, which an answer takes away.
    const told = table.isSent ? await table.rows.problems() : [];
    const problems = new Map([...told, ...state.problems, ...(await table.unsent()), ...spared]);
    const probed = table.refused === null ? await this.#probe(state) : null;
    const left = await table.rows.keys();
    const open = [...keys.keys()].filter((hash) => left.has(hash));
    if (isLast) for (const hash of await asTheyWere(state, open)) if (!problems.has(hash)) problems.set(hash, leftTwice);
    const problemsLeft = new Map(open.flatMap((hash) => (problems.has(hash) ? [[hash, problems.get(hash) ?? '']] : [])));
    await table.rows.saveProblems(problemsLeft);
    const changed = open.filter((hash) => state.changed.has(hash) && !problemsLeft.has(hash)).length;
    const refused = problemsLeft.size;
    state.counts = { repaired: keys.size - open.length, changed, refused, left: open.length - refused - changed };
    const counts = await table.rows.counts();
    this.#tables = this.#tables.map((one) =>
      table.isOf(one) ? repairedTable(one, { counts, probed, mayBeExtra: table.mayBeExtra }) : one,
    );
    // Not when all that was kept is equal: more rows may differ.
    if (this.#tables.some((one) => table.isOf(one) && hasEqualRows(one))) await table.lower();
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

  get #counts(): RepairCounts {
    const sum = (of: keyof RepairCounts): number => this.#states.reduce((all, { counts }) => all + counts[of], 0);
    return { repaired: sum('repaired'), changed: sum('changed'), refused: sum('refused'), left: sum('left') };
  }

  #told(waitingFor: string | null): Promise<void> {
    const { repaired, ...counts } = this.#counts;
    return this.#options.told({ repaired: this.#options.before.repaired + repaired, ...counts, waitingFor, tables: this.#tables });
  }
}

const none: RepairCounts = { repaired: 0, changed: 0, refused: 0, left: 0 };

/** Of rows that were sent, those that an answer behind that shows as before. One that is in flight has none. */
async function asTheyWere({ table, sent }: State, hashes: readonly string[]): Promise<readonly string[]> {
  const same: string[] = [];
  for (let at = 0; at < hashes.length; at += pageRows)
    for (const row of await table.rows.byHash(hashes.slice(at, at + pageRows))) {
      const first = sent.get(row.hash);
      if (first && first.seq !== row.seq && first.image === imageOf(row)) same.push(row.hash);
    }
  return same;
}

function imageOf({ outcome, here, there }: FoundRow): string {
  return createHash('sha256')
    .update(JSON.stringify([outcome, here, there]))
    .digest('base64');
}
