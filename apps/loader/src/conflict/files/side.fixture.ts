/**
 * For the tests of files both ways: a region with a table and a root. Its applications write files, then rows. What is committed here
 * stands in its log at once, so that a test needs no capture and no Kafka.
 */
import { readSignal, signalTable } from '@lutra/marker';
import type { ResolutionSignal } from '@lutra/marker';
import type { FileRule, Row, TableSchema } from '@lutra/model';
import { Session } from '@lutra/mysql';
import type { ResultRow, TargetTable } from '@lutra/mysql';
import type { TestServer } from '../../../../../libs/mysql/src/mysql.fixture.js';
import type { Random } from '../../../../../test/harness/random.js';
import { sha256, Tree } from './tree.fixture.js';

/** Beside the key the path names a text that is written once, or the hash. */
export type Naming = 'immutable' | 'hash';

export interface Images {
  readonly before: Row | null;
  readonly after: Row | null;
}

/** `seen`: up to where the other region's log was applied here. */
export type Entry =
  | { readonly kind: 'local'; readonly changes: readonly Images[]; readonly seen: number }
  | { readonly kind: 'resolution'; readonly key: Row; readonly row: Row | null; readonly seen: number };

export const columns = 'id int primary key, image varchar(40), hash char(64), note varchar(20) not null, v int not null';
const ids = 5;

export function ruleOf(naming: Naming): Partial<FileRule> & Pick<FileRule, 'root' | 'path'> {
  const hashed = { path: '{id}/{hash}', hash: 'hash' };
  const immutable = { path: '{id}/{image}', immutable: true };
  return { root: 'pics', deletes: 'trash', ...(naming === 'hash' ? hashed : immutable) };
}

export function pathOf(naming: Naming, { id, image, hash }: Row): string | null {
  const last = naming === 'hash' ? hash : image;
  return last === null ? null : `${String(id)}/${String(last)}`;
}

export class Side {
  readonly tree = new Tree();
  readonly log: Entry[] = [];
  /** What no reader may see. */
  readonly problems: string[] = [];
  /** Seq of the other region's log. */
  applied = -1;
  /** Paths that applications wrote, and those that their rows no longer name. */
  readonly #own = new Set<string>();
  readonly #left = new Set<string>();
  #locked: Promise<unknown> = Promise.resolve();
  readonly #signals = new Map<string, string>();
  #files = 0;

  private constructor(
    readonly name: string,
    readonly server: TestServer,
    readonly table: { readonly database: string; readonly target: TargetTable; readonly source: TableSchema },
    readonly of: { readonly naming: Naming; readonly reader: Session; readonly random: Random },
  ) {}

  static async open(name: string, server: TestServer, of: { readonly naming: Naming; readonly random: Random }): Promise<Side> {
    const database = await server.database();
    await server.run(`CREATE TABLE ${database}.t (${columns})`);
    const reader = await Session.open(server.options, 'target');
    return new Side(name, server, { database, ...(await server.load(database, 't')) }, { ...of, reader });
  }

  /** One at a time: what is committed stands in the log in the order of the commits. */
  alone<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#locked.then(work);
    this.#locked = done.catch(() => undefined); // told to who began it
    return done;
  }

  query(sql: string): Promise<readonly ResultRow[]> {
    return this.alone(() => this.of.reader.query(sql));
  }

  async rows(): Promise<readonly Row[]> {
    return this.alone(() => this.#rows());
  }

  async #rows(): Promise<readonly Row[]> {
    return (await this.of.reader.query(`SELECT * FROM ${this.table.database}.t ORDER BY id`)).map(rowOf);
  }

  /** Transactions of one application, each of one row or two. */
  async write(transactions: number): Promise<void> {
    const session = await Session.open(this.server.options, 'target');
    try {
      for (let i = 0; i < transactions; i++) await this.#transaction(session);
    } finally {
      await session.close();
    }
  }

  async #transaction(session: Session): Promise<void> {
    const { random } = this.of;
    try {
      await session.execute('SET SESSION innodb_lock_wait_timeout = 20; BEGIN');
      const changes: Images[] = [];
      for (let i = random.int(0, 1); i < 2; i++) changes.push(...(await this.#change(session, 1 + random.int(0, ids - 1))));
      await this.alone(async () => {
        for (const { before, after } of changes) if (after && after['hash'] !== before?.['hash']) this.#place(after);
        await session.execute('COMMIT');
        for (const { before } of changes) this.#left.add((before && pathOf(this.of.naming, before)) ?? '');
        this.log.push({ kind: 'local', changes, seen: this.applied });
        await this.look(`${this.name}: an application has committed`);
      });
    } catch (error) {
      const { message } = session.translate(error, 'app');
      if (!/ER_DUP_ENTRY|ER_LOCK_DEADLOCK/.test(message)) throw new Error(message, { cause: error });
      await session.execute('ROLLBACK');
    }
  }

  async #change(session: Session, id: number): Promise<readonly Images[]> {
    const { random } = this.of;
    const table = `${this.table.database}.t`;
    const found = (await session.execute(`SELECT * FROM ${table} WHERE id = ${id} FOR UPDATE`))[0]?.rows[0];
    const before = found ? rowOf(found) : null;
    const v = Number(before?.['v'] ?? 0) + 1 + random.int(0, 4);
    const note = `${this.name}${random.int(0, 999)}`;
    const kind = before === null ? 'new' : (['file', 'note', 'note', 'gone', 'none', 'moved'] as const)[random.int(0, 5)];
    if (before && kind === 'gone') {
      await session.execute(`DELETE FROM ${table} WHERE id = ${id}`);
      return [{ before, after: null }];
    }
    const named = kind === 'none' ? { image: null, hash: null } : { image: before?.['image'] ?? null, hash: before?.['hash'] ?? null };
    const to = kind === 'moved' ? 1 + random.int(0, 2 * ids - 1) : id;
    const isNew = kind === 'file' || (kind === 'new' && random.int(0, 3) > 0) || (kind === 'moved' && to !== id && named.hash !== null);
    const after = { id: to, ...(isNew ? this.#newFile() : named), note, v };
    const texts = Object.entries({ image: after.image, hash: after.hash, note }).map(
      ([name, text]) => `${name} = ${text === null ? 'NULL' : `'${String(text)}'`}`,
    );
    const set = `SET id = ${to}, ${texts.join(', ')}, v = ${v}`;
    await session.execute(before === null ? `INSERT INTO ${table} ${set}` : `UPDATE ${table} ${set} WHERE id = ${id}`);
    return [{ before, after }];
  }

  #newFile(): { readonly image: string; readonly hash: string } {
    const image = `${this.name}${++this.#files}`;
    return { image, hash: sha256(image) };
  }

  /** What an application does before its COMMIT; the row is locked. */
  #place(row: Row): void {
    const path = pathOf(this.of.naming, row);
    if (path === null) return;
    this.#own.add(path);
    this.tree.write(path, String(row['image']));
  }

  /** A loader has committed here: capture would publish what it has said. While nobody else commits. */
  async committed(pipeline: string): Promise<void> {
    const { reader } = this.of;
    const [at] = await reader.query(`SELECT seq FROM lutra.checkpoint WHERE pipeline = '${pipeline}'`);
    this.applied = Number(at?.['seq']);
    const where = `WHERE pipeline = '${pipeline}' AND kind = 'resolution' ORDER BY slot`;
    for (const image of await reader.query(`SELECT pipeline, kind, slot, n, content FROM lutra.signal ${where}`)) {
      const slot = `${pipeline} ${String(image['slot'])}`;
      if (this.#signals.get(slot) === String(image['n'])) continue;
      this.#signals.set(slot, String(image['n']));
      const { key, row } = readSignal(signalTable, { before: null, after: image }) as ResolutionSignal;
      this.log.push({ kind: 'resolution', key, row, seen: this.applied });
    }
    await this.look(`${this.name}: ${pipeline} has committed seq ${this.applied}`);
  }

  /** Each visible row has its file. */
  async look(when: string): Promise<void> {
    for (const row of await this.#rows()) {
      const problem = this.problemOf(row);
      if (problem) this.problems.push(`${when}: ${problem}`);
    }
  }

  problemOf(row: Row): string | null {
    const path = pathOf(this.of.naming, row);
    const is = path === null ? null : this.tree.hashAt(path);
    return path === null || is === row['hash'] ? null : `${JSON.stringify(row)} names ${path}, which is ${is ?? 'missing'}`;
  }

  /** Files that loaders placed and no row names, nor is any to go: those of a loser, or of a transaction that was rolled back. */
  async strangers(): Promise<readonly string[]> {
    const named = new Set((await this.rows()).map((row) => pathOf(this.of.naming, row)));
    const known = new Map((await this.query('SELECT path, state FROM lutra.file')).map(({ path, state }) => [String(path), String(state)]));
    return [...this.tree.files.keys()].filter((path) => {
      if (this.#own.has(path) || named.has(path)) return false;
      const state = known.get(path);
      return state === undefined || (state === 'placed' && !this.#left.has(path));
    });
  }

  async close(): Promise<void> {
    await this.of.reader.close();
  }
}

function rowOf(row: ResultRow): Row {
  const text = (name: string): string | null => (row[name] === null ? null : String(row[name]));
  return { id: Number(row['id']), image: text('image'), hash: text('hash'), note: text('note'), v: Number(row['v']) };
}
