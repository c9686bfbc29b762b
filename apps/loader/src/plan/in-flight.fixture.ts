/**
 * Two sides that write one table while one of them, its home, drops and adds columns and the table: databases of a real server, and what a
 * loader does from the row to COMMIT. The logs are lists; what the other side has not applied is in flight. A value says when its column
 * was made, so an old one in a new column shows.
 */
import type { Row, TableSchema } from '@lutra/model';
import { toSyncError } from '@lutra/model';
import { Collations, foughtFor, keysOf, quoteName, readCheckpoint } from '@lutra/mysql';
import type { TestServer } from '../../../../libs/mysql/src/mysql.fixture.js';
import { Applier } from '../assemble/applier.js';
import { ConflictDetector } from '../conflict/detect/conflict-detector.js';
import { DetectorSetup } from '../conflict/detect/conflict-detector.fixture.js';
import { eventOf, logId, regions, seenUpTo } from '../conflict/detect/detector-peers.fixture.js';
import { TableBook, TargetTables } from '../conflict/detect/table-book.js';
import { droppedBy } from '../conflict/drops/dropped-by.js';
import { ddlRecord } from '../ddl/ddl-record.fixture.js';
import type { DdlRecord } from '@lutra/model';
import { TableMatcher } from './table-matcher.js';

/** In the log of a side; its seq is its place. */
type Entry =
  | { readonly kind: 'row'; readonly source: TableSchema; readonly before: Row | null; readonly after: Row | null; readonly seen: number }
  | { readonly kind: 'resolution'; readonly key: Row; readonly row: Row | null; readonly seen: number }
  | { readonly kind: 'ddl'; readonly sql: string };

const made = 'CREATE TABLE t (id INT PRIMARY KEY, e INT)';
export const rules = {
  home: { policy: 'home' },
  latest: { policy: 'latest', version: 'e' },
  merge: { policy: 'merge', columns: { e: 'max' } },
} as const;
/** What a transaction may be tried again for. */
const mostRuns = 20;

interface Written {
  readonly isDeleted?: boolean;
  readonly e?: number;
}

export class Side {
  readonly log: Entry[] = [];
  /** Of the other's log: how many entries are applied. */
  applied = 0;
  /** How often the run began anew. */
  runs = 0;
  /** Statements of the own log that nobody has read yet. */
  #unread: (() => void)[] = [];
  #applier!: Applier;
  readonly #collations: Collations;

  private constructor(
    readonly setup: DetectorSetup,
    /** A column of that name is of the statement of that number. */
    readonly columns: Map<string, number>,
  ) {
    this.#collations = new Collations((sql) => setup.server.query(sql));
    const read = async (): Promise<void> => {
      for (const each of this.#unread.splice(0)) each();
    };
    setup.peers.whileLocked = read;
    setup.peers.upToNow = read;
  }

  static async open(server: TestServer, home: 'target' | 'source', policy: keyof typeof rules = 'latest'): Promise<Side> {
    const setup = await DetectorSetup.open(server, { tables: { t: 'id INT PRIMARY KEY, e INT' }, home, rule: rules[policy] });
    const side = new Side(setup, new Map());
    await side.#begin();
    return side;
  }

  /** The table's columns beside the key; null: there is no table. */
  async version(): Promise<TableSchema | null> {
    return this.setup.server.load(this.setup.database, 't').then(
      ({ source }) => source,
      () => null,
    );
  }

  async rows(): Promise<readonly Row[]> {
    const source = await this.version();
    return source ? this.setup.server.rows(source, 'ORDER BY id') : [];
  }

  /** An application inserts, updates or deletes the row; where there is no table, nothing. */
  async write(id: number, { isDeleted = false, e = this.log.length }: Written = {}): Promise<void> {
    const source = await this.version();
    if (!source) return;
    const { server, database } = this.setup;
    const find = async (): Promise<Row | null> => (await server.rows(source, `WHERE id = ${id}`))[0] ?? null;
    const before = await find();
    if (isDeleted && before === null) return;
    const names = source.columns.map(({ name }) => name);
    const values = names.map((name) => (name === 'id' ? id : name === 'e' ? e : (this.columns.get(name) ?? 0)));
    const written = `REPLACE INTO ${database}.t (${names.map(quoteName).join(', ')}) VALUES (${values.join(', ')})`;
    await server.run(isDeleted ? `DELETE FROM ${database}.t WHERE id = ${id}` : written);
    const after = await find();
    const { target } = await server.load(database, 't');
    for (const { conflictKey, row } of foughtFor(keysOf(source, target, this.#collations), [before, after]))
      this.setup.peers.add(conflictKey, this.log.length, row);
    this.log.push({ kind: 'row', source, before, after, seen: this.applied - 1 });
  }

  /** A person at home, who knows what there is; `isRead`: the loader has read of it at once. */
  async alter(sql: string, isRead: boolean): Promise<void> {
    await this.#run(sql, this.log.length);
    const record = recordOf(sql, this.log.length, this.setup.database);
    const seq = this.log.length;
    this.log.push({ kind: 'ddl', sql });
    this.#unread.push(() => {
      for (const { table, does } of droppedBy(record, () => true))
        this.setup.peers.drops.add(table, { seq, record: record.id, title: sql, does });
    });
    if (isRead) await this.setup.peers.upToNow();
  }

  /** What the other side's log has next; `meanwhile`: between the row and its statement. */
  async apply(from: Side, meanwhile: () => Promise<void> = async () => undefined): Promise<void> {
    const entry = from.log[this.applied];
    if (!entry) return;
    let did = false;
    const once = async (): Promise<void> => {
      if (!did) await meanwhile();
      did = true;
    };
    if (entry.kind === 'ddl') {
      await this.#run(entry.sql, this.applied);
      // See GoneAtSource: all that was written here so far had not seen it.
      if (entry.sql.startsWith('DROP TABLE')) this.setup.peers.forget();
      await this.#begin();
    } else await this.#applied(entry, once);
    this.applied += 1;
    await this.#resolved();
  }

  async close(): Promise<void> {
    await this.setup.close();
  }

  async #applied(entry: Exclude<Entry, { kind: 'ddl' }>, meanwhile: () => Promise<void>): Promise<void> {
    const seq = this.applied;
    const position = { log: logId, logEpoch: 1, seq, nextOffset: seq + 1 };
    for (let run = 1; ; run += 1) {
      try {
        if (entry.kind === 'row') await this.#applier.row(entry.source, eventOf(entry, { seq, seen: seenUpTo(entry.seen) }), position);
        else {
          const of = { endpoint: 'a', pipeline: 'c.q', channel: 'c', database: this.setup.database, table: 't' } as const;
          const { key, row, seen } = entry;
          await this.#applier.resolution({ kind: 'resolution', ...of, key, row, seen: seenUpTo(seen), tsMs: 1 }, position);
        }
        await meanwhile();
        await this.#applier.flush();
        return await this.#applier.drained();
      } catch (error) {
        const { code } = toSyncError(error);
        const isOver = toSyncError(error).outcome === 'stop' && (await this.#isSame());
        if (run === mostRuns || (code !== 'TARGET_CHANGED' && isOver)) throw error;
        await this.#begin();
      }
    }
  }

  /** As LoaderRun.judged(). */
  async #isSame(): Promise<boolean> {
    return this.setup.writer.requireSameTables().then(
      () => true,
      () => false,
    );
  }

  /** What home has decided is in its log. */
  async #resolved(): Promise<void> {
    const all = await this.setup.resolutions();
    await this.setup.server.run(`DELETE FROM lutra.signal WHERE pipeline = '${this.setup.pipeline}'`);
    for (const [key, row] of all) {
      const { source, target } = await this.setup.server.load(this.setup.database, 't');
      for (const fought of foughtFor(keysOf(source, target, this.#collations), [row ?? key]))
        this.setup.peers.add(fought.conflictKey, this.log.length, fought.row);
      this.log.push({ kind: 'resolution', key, row, seen: this.applied - 1 });
    }
  }

  async #run(sql: string, n: number): Promise<void> {
    await this.setup.server.run(`USE ${this.setup.database}; ${sql}; USE mysql`);
    for (const [, name = ''] of sql.matchAll(/ADD (\w+)/g)) this.columns.set(name, n);
    if (sql.startsWith('CREATE')) this.columns.clear();
  }

  /** What a run remembers is read anew. */
  async #begin(): Promise<void> {
    this.runs += 1;
    const { writer, server, pipeline, parts, checkpoint, database, leftOut, peers } = this.setup;
    await writer.forget();
    const load = (_: string, name: string): ReturnType<typeof writer.loadTable> => writer.loadTable(database, name);
    const tables = new TargetTables(load);
    const of = { ...parts, tables: new TableBook({ rules: parts.rules, collations: this.#collations, flowsBack: () => true }) };
    const detector = new ConflictDetector({ ...of, resolutionTables: { targetOf: ({ name }) => tables.of({ database, name }) } });
    const found = await readCheckpoint(server.options, pipeline, 0);
    this.#applier = new Applier({
      checkpoint: { ...checkpoint, ...found, epoch: checkpoint.epoch },
      name: pipeline,
      sourceRegion: regions.source,
      targetRegion: regions.target,
      forwards: false,
      forwarded: false,
      tables: new TableMatcher({ router: routerTo(database), here: peers, load, isSuspended: () => false }),
      writer,
      detector,
      leftOut,
      resolved: new Set(),
      skip: null,
      batchBytes: 100_000,
      seeding: {
        prepare: async () => null,
        tickOf: () => null,
        write: async () => undefined,
        replaces: () => false,
        isInRows: () => false,
        awaited: () => null,
        isIn: () => undefined,
        targetOf: async () => {
          throw new Error('no table is without a key');
        },
        hasClashed: () => false,
      },
      onSkipped: async () => undefined,
      onCommitted: ({ position }) => leftOut.committed(position.seq),
    });
  }
}

function routerTo(database: string): ConstructorParameters<typeof TableMatcher>[0]['router'] {
  return Object.assign(({ name }: { readonly name: string }) => ({ database, name }), { coversDatabase: () => true, shadow: () => null });
}

function recordOf(sql: string, seq: number, database: string): DdlRecord {
  return ddlRecord(sql, [['subject', 't']], { id: `u:${seq}`, database });
}

export const makeTable = made;
