/**
 * One writer of one side: makes transactions of what it means to do, and knows of each whether it was committed, if need be from the
 * journal.
 */
import type { ConnectionOptions } from 'mysql2/promise';
import { Random, Rollback, type Totals, type Transaction, Writer } from '../harness/index.js';
import { BallastWriter } from './ballast-writer.js';
import { clashDatabase } from './clash.js';
import type { Entry, History, Written } from './history.js';
import { type Intent, intentsOf } from './intents.js';
import { journal, type Key, type Shape } from './shapes.js';
import { isStep, stepped, type Value, zero } from './values.js';

export interface ClashWriterOptions {
  /** `a.3` */
  readonly name: string;
  readonly connection: ConnectionOptions;
  readonly seed: number;
  readonly shapes: readonly Shape[];
  readonly hotShare: number;
  /** It writes in the home region. */
  readonly atHome: boolean;
  readonly totals: Totals;
  readonly history: History;
  readonly onCommitted: (writer: string, changes: readonly Written[]) => void;
}

/** A child's parent is missing, a parent has children: as natural here as a duplicate key. */
const foreignKeyErrors = [1451, 1452];
/** Of transactions that carry ballast. */
const heavyShare = 0.015;

export class ClashWriter {
  readonly #options: ClashWriterOptions;
  readonly #random: Random;
  readonly #writer: Writer;
  readonly #ballast: BallastWriter;
  #n = 0;

  constructor(options: ClashWriterOptions) {
    this.#options = options;
    this.#random = new Random(options.seed);
    this.#ballast = new BallastWriter(options.name);
    this.#writer = new Writer({ ...options.connection, database: clashDatabase }, options.totals, foreignKeyErrors);
  }

  /** One transaction. `signal` gives up asking what became of a COMMIT. */
  async write(signal: AbortSignal): Promise<void> {
    const { name, history, onCommitted } = this.#options;
    this.#n += 1;
    const stamp = `${name}.${this.#n}`;
    const intents = intentsOf(this.#options, this.#random, this.#n);
    const giveUp = this.#random.chance(0.02);
    const heavyAt = this.#random.chance(heavyShare) ? this.#random.int(0, intents.length - 1) : -1;
    let changes: Written[] = [];
    const tried = await this.#writer.transact(async (transaction) => {
      changes = [];
      await transaction.insert(journal.name, `INSERT INTO ${journal.name} VALUES (?)`, [stamp]);
      for (const [index, intent] of intents.entries()) {
        if (index === heavyAt) await this.#ballast.write(transaction);
        const change = await this.#change(transaction, intent, `${stamp}.${index + 1}`);
        if (change) changes.push(change);
      }
      if (giveUp) throw new Rollback('on purpose');
    });
    const outcome = tried === 'unknown' ? await this.#ask(stamp, signal) : tried;
    history.add({ writer: name, outcome, stamp, changes });
    if (outcome !== 'committed' && outcome !== 'unknown, committed') return;
    if (heavyAt >= 0) this.#ballast.committed();
    onCommitted(name, changes);
  }

  close(): Promise<void> {
    return this.#writer.close();
  }

  async #change(transaction: Transaction, intent: Intent, stamp: string): Promise<Written | undefined> {
    const { shape, key, does } = intent;
    const table = shape.name;
    const where = Object.keys(shape.key)
      .map((column) => `${column} = ?`)
      .join(' AND ');
    const [row] = await transaction.read(`SELECT stamp FROM ${table} WHERE ${where} FOR UPDATE`, [...key]);
    // Where another row is, the move would take the whole transaction back.
    const isFree = async (to: Key): Promise<boolean> =>
      shape.identity(to) === shape.identity(key) ||
      (await transaction.read(`SELECT stamp FROM ${table} WHERE ${where}`, [...to])).length === 0;
    const basis = (row?.['stamp'] as string | undefined) ?? null;
    if (basis === null) {
      if (does !== 'write') return undefined;
      await insert(transaction, intent, { stamp, turns: this.#turn });
      return { table, key, op: 'c', basis, stamp, set: intent.values };
    }
    if (does === 'delete') {
      await transaction.delete(table, `DELETE FROM ${table} WHERE ${where}`, [...key]);
      return { table, key, op: 'd', basis, stamp: null, set: {} };
    }
    const to = does === 'move' && (await isFree(intent.to)) ? intent.to : undefined;
    await update(transaction, intent, { stamp, turns: this.#turn, where, to });
    const set = Object.fromEntries(intent.changed.map((column) => [column, intent.values[column] as Value]));
    return { table, key, op: 'u', ...(to ? { to } : {}), basis, stamp, set };
  }

  get #turn(): number {
    return this.#options.atHome ? 1 : 0;
  }

  /** The journal's row waits for a COMMIT that is still under way. */
  async #ask(stamp: string, signal: AbortSignal): Promise<Entry['outcome']> {
    while (!signal.aborted) {
      let there = false;
      const outcome = await this.#writer.transact(async (transaction) => {
        const rows = await transaction.read(`SELECT stamp FROM ${journal.name} WHERE stamp = ? FOR SHARE`, [stamp]);
        there = rows.length > 0;
      });
      if (outcome === 'committed') return there ? 'unknown, committed' : 'unknown, not committed';
    }
    throw new Error(`nobody can say whether ${stamp} was committed`);
  }
}

interface Mark {
  readonly stamp: string;
  /** What the row's number of home's writes rises by. */
  readonly turns: number;
}

async function insert(transaction: Transaction, { shape, key, values }: Intent, { stamp, turns }: Mark): Promise<void> {
  const names = [...Object.keys(shape.key), ...Object.keys(values), 'stamp', 'born', 'turns'];
  const plain = Object.values(values).map((value) => (isStep(value) ? stepped(zero(value), value) : value));
  await transaction.insert(shape.name, `INSERT INTO ${shape.name} (${names.join(', ')}) VALUES (?)`, [
    [...key, ...plain, stamp, stamp, turns],
  ]);
}

interface WriteContext extends Mark {
  readonly where: string;
  readonly to: Key | undefined;
}

/** A row under another key is born again. */
async function update(transaction: Transaction, intent: Intent, { stamp, turns, where, to }: WriteContext): Promise<void> {
  const { shape, key, values, changed } = intent;
  const sets = changed.map((column) => assignment(column, values[column] as Value));
  const moved = to
    ? [...Object.keys(shape.key).map((column, index) => assignment(column, to[index] ?? null)), assignment('born', stamp)]
    : [];
  const all = [...sets, ...moved, assignment('stamp', stamp), { sql: 'turns = turns + ?', values: [turns] }];
  const sql = `UPDATE ${shape.name} SET ${all.map((set) => set.sql).join(', ')} WHERE ${where}`;
  await transaction.update(shape.name, sql, [...all.flatMap((set) => set.values), ...key]);
}

/** Steps are numbers in the text: a quoted one would be added as a float. */
function assignment(column: string, value: Value): { readonly sql: string; readonly values: readonly unknown[] } {
  if (!isStep(value)) return { sql: `${column} = ?`, values: [value] };
  const number = stepped(zero(value), { ...value, by: 'add' });
  const made = { add: `${column} + ${number}`, max: `GREATEST(${column}, ${number})`, min: `LEAST(${column}, ${number})` }[value.by];
  return { sql: `${column} = ${made}`, values: [] };
}
