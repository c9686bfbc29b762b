/**
 * An application of one side: it inserts, changes and deletes rows of its own while the table is changed under it, and remembers what the
 * server has said yes to. That is the oracle: none of it may be missing on any side in the end.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { createConnection, type Connection, type ConnectionOptions } from 'mysql2/promise';
import { keyOffset, Random, type Side } from '../../harness/index.js';

export interface ApplicationOptions {
  readonly side: Side;
  readonly connection: ConnectionOptions;
  readonly database: string;
  /** With columns id and v, which takes a number. */
  readonly table: string;
}

/** Rows by id; null: it is deleted. */
export type Rows = ReadonlyMap<number, number | null>;

/** Deadlocks and waits, which a tool's copies and triggers lead to; and the table is away between two renames. */
const transient = new Set([1213, 1205, 1146]);
/** Its keys begin behind those of the rows that were there. */
const firstKey = 10_000;

export class Application {
  readonly #rows = new Map<number, number | null>();
  /** Ids in the order of their commits. */
  readonly #commits: number[] = [];
  readonly #work: Promise<void>;
  #goesOn = true;

  constructor(options: ApplicationOptions) {
    this.#work = this.#write(options);
    this.#work.catch(() => undefined); // told by stop()
  }

  get rows(): Rows {
    return this.#rows;
  }

  get commits(): number {
    return this.#commits.length;
  }

  /** Ids of the rows that it wrote since it had committed so often. */
  since(commits: number): ReadonlySet<number> {
    return new Set(this.#commits.slice(commits));
  }

  /** Waits for so many more commits. */
  async goesOn(more = 20): Promise<void> {
    const enough = this.commits + more;
    const waiting = (async (): Promise<void> => {
      while (this.commits < enough && this.#goesOn) await sleep(10);
    })();
    await Promise.race([waiting, this.#work.then(() => Promise.reject(new Error('the application has ended')))]);
  }

  /** @throws what it did not expect */
  async stop(): Promise<void> {
    this.#goesOn = false;
    await this.#work;
  }

  async #write({ side, connection: options, database, table }: ApplicationOptions): Promise<void> {
    const connection = await createConnection({ ...options, database });
    const random = new Random(keyOffset[side]);
    try {
      for (let next = firstKey + keyOffset[side]; this.#goesOn; await sleep(random.int(1, 6))) {
        const own = [...this.#rows].filter(([, v]) => v !== null).map(([id]) => id);
        const kind = own.length < 5 ? 0 : random.int(0, 9);
        const id = kind < 5 ? next : random.pick(own);
        if (id === next) next += 2;
        await this.#commit(connection, { table, id, v: kind < 8 ? random.int(1, 1_000_000) : null });
      }
    } finally {
      connection.destroy();
    }
  }

  async #commit(connection: Connection, { table, id, v }: { table: string; id: number; v: number | null }): Promise<void> {
    const is = this.#rows.has(id) ? 'there' : 'new';
    const update: [string, unknown[]] = ['UPDATE ?? SET v = ? WHERE id = ?', [table, v, id]];
    const insert: [string, unknown[]] = ['INSERT INTO ?? (id, v) VALUES (?, ?)', [table, id, v]];
    const remove: [string, unknown[]] = ['DELETE FROM ?? WHERE id = ?', [table, id]];
    const [sql, values] = v === null ? remove : is === 'new' ? insert : update;
    while (!(await isDone(connection.query(sql, values)))) await sleep(20);
    this.#rows.set(id, v);
    this.#commits.push(id);
  }
}

async function isDone(query: Promise<unknown>): Promise<boolean> {
  try {
    await query;
    return true;
  } catch (error) {
    if (transient.has((error as { errno?: number }).errno ?? 0)) return false;
    throw error;
  }
}

/** In words; none: the table has these rows, and no others. */
export function wrongRows(where: string, found: Rows, wanted: readonly Rows[]): readonly string[] {
  const all = new Map(wanted.flatMap((rows) => [...rows]));
  const ids = [...new Set([...all.keys(), ...found.keys()])].filter((id) => (found.get(id) ?? null) !== (all.get(id) ?? null));
  if (ids.length === 0) return [];
  const some = ids.slice(0, 5).map((id) => `${id} is ${found.get(id) ?? 'missing'}, not ${all.get(id) ?? 'absent'}`);
  return [`${where}: ${ids.length} of ${all.size} rows are not as they were committed: ${some.join(', ')}`];
}
