/**
 * Two real servers that verifications and repairs work on, and a stand-in for capture, Kafka and loader between them: it sends what
 * lutra.resync asks for at either side, answers probes, and brings resolution records from home to the other end, in their order.
 */
import { randomUUID } from 'node:crypto';
import { rowFromJson } from '@lutra/model';
import type {
  EndpointDocument,
  FileRule,
  RegionDocument,
  RepairOrder,
  RepairResult,
  Row,
  VerificationOrder,
  VerifiedTable,
} from '@lutra/model';
import {
  ApplyConnection,
  asSource,
  differenceText,
  identicalRows,
  planRows,
  readMissingFiles,
  readRowQuery,
  toRowBeside,
} from '@lutra/mysql';
import type { Difference, ResultRow, RowPlan } from '@lutra/mysql';
import { MemoryFiles } from '../../../../../libs/files/src/memory-files.fixture.js';
import { TestServer } from '../../../../../libs/mysql/src/mysql.fixture.js';
import { forceRow, readRows } from '../../conflict/resolve/rows.js';
import type { VerifyWork } from '../assignments.js';
import { runPass } from '../pass.js';
import type { PassOptions } from '../pass.js';
import { runRepair } from './run-repair.js';
import type { RepairOptions } from './run-repair.js';
import type { ChangedRow } from './target-log.js';

export interface RoomOptions {
  readonly twoWay: boolean;
  /** Region: `ra` is the source's, `rb` the target's. */
  readonly home?: string;
  readonly rules?: VerifyWork['rules'];
  readonly files?: FileRule;
}

type Told = Parameters<RepairOptions['told']>[0];

export class RepairRoom {
  readonly database = `r${randomUUID().slice(0, 8)}`;
  readonly request = randomUUID();
  tables: readonly VerifiedTable[] = [];
  counts: Pick<RepairResult, 'repaired' | 'changed' | 'refused' | 'left'> = { repaired: 0, changed: 0, refused: 0, left: 0 };
  filesSaid: RepairResult['files'];
  /** Of the target's region, with the source's as its source. */
  readonly files = new MemoryFiles();
  /** Rows that came as a repair. */
  readonly sent: string[] = [];
  /** Up to which seq of the endpoint's log the other side has applied; 7 is its end. */
  applied: (endpoint: string) => Promise<number> = async () => 7;
  /** Takes place between two pages. */
  look: (isNow?: boolean) => Promise<void> = async () => undefined;
  /** Capture has stopped: nothing more of the source arrives. */
  isStopped = false;
  readonly #options: RoomOptions;
  #order: VerificationOrder;
  #signals = 0;
  #seq = 9;
  #last: Promise<void> = Promise.resolve();
  #isAtWork = false;

  private constructor(
    readonly source: TestServer,
    readonly target: TestServer,
    options: RoomOptions,
  ) {
    this.#options = options;
    this.#order = { id: this.request, tables: [`${this.database}.*`], repeat: 'once', share: 1, state: 'running', by: '', at: 0 };
  }

  static async open(options: RoomOptions): Promise<RepairRoom> {
    const room = new RepairRoom(await TestServer.shared('8.0'), await TestServer.shared('9.7'), options);
    await room.both(`CREATE DATABASE ${room.database} CHARACTER SET utf8mb4`);
    const log = `${room.database}.signals`;
    const columns = '(n INT AUTO_INCREMENT PRIMARY KEY, content LONGTEXT)';
    for (const server of [room.source, room.target]) {
      await server.run(`CREATE TABLE ${log} ${columns}`);
      for (const event of ['INSERT', 'UPDATE'])
        await server.run(
          `CREATE TRIGGER lutra.${room.database}_${event} AFTER ${event} ON lutra.signal FOR EACH ROW INSERT INTO ${log} (content) VALUES (NEW.content)`,
        );
    }
    return room;
  }

  async close(): Promise<void> {
    await this.both(
      `DROP TRIGGER lutra.${this.database}_INSERT; DROP TRIGGER lutra.${this.database}_UPDATE; DROP DATABASE ${this.database}`,
    );
    for (const server of [this.source, this.target]) await server.stop();
  }

  async both(sql: string): Promise<void> {
    for (const server of [this.source, this.target]) await server.run(sql);
  }

  rows(server: TestServer, table = 't', order = '1'): Promise<readonly ResultRow[]> {
    return server.query(`SELECT * FROM ${this.database}.${table} ORDER BY ${order}`);
  }

  /** `table verdict missing-here missing-there different extra`. */
  async verify(more: Partial<VerificationOrder> = {}): Promise<readonly string[]> {
    const all = await this.#during(() =>
      runPass({
        ...this.#shared(),
        order: { ...this.#order, ...more },
        pass: 1,
        known: [],
        between: () => this.look(),
        look: this.look,
        tables: async () => undefined,
        pollMs: 20,
      }),
    );
    this.tables = all.filter(({ table }) => table !== 'signals');
    return this.said();
  }

  notes(): readonly string[] {
    return this.tables.flatMap(({ notes }) => notes);
  }

  said(): readonly string[] {
    return this.tables.map(({ table, verdict, missingHere, missingThere, different, extra }) =>
      [table, verdict, missingHere, missingThere, different, extra].join(' '),
    );
  }

  /** Rows that were repaired. */
  async repair(more: Partial<RepairOrder> = {}, changes: readonly ChangedRow[] = []): Promise<number> {
    const repair = {
      id: randomUUID(),
      tables: ['*.*'],
      winner: 'source',
      extra: [],
      untilEqual: false,
      by: 'ann: damaged',
      at: 0,
      ...more,
    };
    const told = async ({ tables, repaired, changed, refused, left, files }: Told): Promise<void> => {
      this.tables = tables;
      this.filesSaid = files;
      this.counts = { repaired, changed, refused, left };
    };
    return this.#during(() =>
      runRepair({
        ...this.#shared(),
        order: { ...this.#order, repair },
        tables: this.tables,
        before: { repaired: 0 },
        look: this.look,
        told,
        logOf: () => ({
          async since() {
            return (async function* () {
              yield changes;
            })();
          },
        }),
        pollMs: 20,
      }),
    );
  }

  differences(): Promise<readonly ResultRow[]> {
    const where = `request = '${this.request}' ORDER BY table_name, row_key`;
    return this.target.query(`SELECT table_name, row_key, outcome, problem FROM lutra.difference WHERE ${where}`);
  }

  /** What loaders do: entries of lutra.file_missing whose file is at the other side. */
  async fetchFiles(): Promise<void> {
    const { tree, source } = this.files;
    for (const [server, uid, bytesOf] of [
      [this.target, this.#uid('to'), (key: string) => source.get(key)],
      [this.source, this.#uid('fro'), (key: string) => tree.get(key)?.bytes],
    ] as const) {
      for (const { id, root, path } of await readMissingFiles(server.options, uid, { limit: 100 })) {
        const bytes = bytesOf(`${root}/${path}`);
        if (bytes === undefined) continue;
        if (server === this.target) this.files.write({ root, path }, bytes);
        else source.set(`${root}/${path}`, bytes);
        await this.#alone(async () => void (await server.run(`DELETE FROM lutra.file_missing WHERE id = ${id}`)));
      }
    }
  }

  unequal(server: TestServer): Promise<readonly ResultRow[]> {
    const where = `target_database = '${this.database}' ORDER BY table_name`;
    return server.query(
      `SELECT table_name, cause, reason, IF(ended_at IS NULL, 'open', 'ended') AS state FROM lutra.unequal WHERE ${where}`,
    );
  }

  /** A restart has left a hole in the log of the source. */
  async hole(request: string, table = 't'): Promise<void> {
    const uid = this.#work().pipelines[0]?.uid;
    const values = [uid, this.database, table, this.database, table, 'hole', request, 'ann: restarted'].map((text) => `'${text}'`);
    const names = 'pipeline, database_name, table_name, target_database, target_table, cause, request, reason';
    await this.target.run(`INSERT INTO lutra.unequal (${names}) VALUES (${values.join(', ')})`);
  }

  conflicts(server: TestServer): Promise<readonly ResultRow[]> {
    const columns = 'table_name, row_key, type, policy, winner, op, existing_row, after_row, result_row, reason';
    return server.query(`SELECT ${columns} FROM lutra.conflict WHERE database_name = '${this.database}' ORDER BY id`);
  }

  #shared(): Pick<PassOptions, 'work' | 'login' | 'crossing' | 'files' | 'isRestarting' | 'signal'> {
    const { signal } = new AbortController();
    const published = { position: { file: 'binlog.999999', pos: 4 }, server: null, log: 'l', seq: 7 };
    return {
      work: this.#work(),
      login: (name) => (name === 'a' ? this.source : this.target).options,
      crossing: {
        published: async () => (this.isStopped ? null : published),
        capture: async () => (this.isStopped ? { state: 'failed', log: 'l', seq: 7, error: null } : null),
        loader: async ({ source }) => {
          let seq = -1;
          // Of two ways one may still be looked at when the other one has ended the work.
          if (!this.#isAtWork) return { state: 'running', log: 'l', seq: 7, error: null };
          await this.#alone(async () => {
            await this.#bring();
            seq = await this.applied(source);
          });
          return { state: 'running', log: 'l', seq, error: null };
        },
      },
      files: () => this.files,
      isRestarting: async () => false,
      signal,
    };
  }

  #uid(name: string): string {
    return `${this.database}${name}`.slice(0, 12);
  }

  #work(): VerifyWork {
    const files = this.#options.files ? { files: [this.#options.files] } : {};
    const routes = [{ schema: this.database, table: '*', exclude: ['signals'], ...files }];
    const of = (name: string, source: string, target: string) => ({
      name,
      uid: this.#uid(name),
      source: { name: source, region: `r${source}` } as EndpointDocument,
      target: { name: target, region: `r${target}` } as EndpointDocument,
      targetRegion: {} as RegionDocument,
      routes,
      others: [],
      backElsewhere: [],
    });
    const pipelines = [of('to', 'a', 'b'), ...(this.#options.twoWay ? [of('fro', 'b', 'a')] : [])];
    return { channel: 'c', pipelines, rules: this.#options.rules ?? [], home: this.#options.home ?? null, roots: [] };
  }

  /** The stand-in works meanwhile. */
  async #during<T>(work: () => Promise<T>): Promise<T> {
    this.#isAtWork = true;
    const standIn = (async () => {
      while (this.#isAtWork) {
        await this.#alone(() => this.#send());
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    })();
    try {
      return await work();
    } finally {
      this.#isAtWork = false;
      await standIn;
      await this.#last.catch(() => undefined); // the work has it
    }
  }

  /** A server answers one text at a time. */
  #alone(work: () => Promise<void>): Promise<void> {
    const mine = this.#last.then(work);
    this.#last = mine.catch(() => undefined); // its caller has it
    return mine;
  }

  async #plans(table: string, [from, to]: readonly [TestServer, TestServer]): Promise<{ readonly there: RowPlan; readonly here: RowPlan }> {
    const [{ target: source }, { target }] = [await from.load(this.database, table), await to.load(this.database, table)];
    return { there: planRows(asSource(source), source), here: planRows(asSource(source), target) };
  }

  async #send(): Promise<void> {
    await this.#sendOf(this.source, this.target);
    await this.#sendOf(this.target, this.source);
  }

  async #sendOf(from: TestServer, to: TestServer): Promise<void> {
    const entries = await from.query(
      `SELECT id, table_name AS t, row_key AS k, purpose, request, pipeline AS uid FROM lutra.resync WHERE schema_name = '${this.database}' ORDER BY id`,
    );
    for (const { id, t, k, purpose, request, uid } of entries) {
      const plans = await this.#plans(String(t), [from, to]);
      const key = rowFromJson(String(k));
      const [there, here] = [await rowOf(from, plans.there, key), await rowOf(to, plans.here, key)];
      if (purpose === 'repair') await this.#take(to, plans.here, { key, row: there, uid: String(uid) });
      else {
        const of = {
          pipeline: String(uid),
          request: String(request),
          table: { database: this.database, name: String(t) },
          log: 'l',
          seq: (this.#seq += 1),
        };
        await to.run(differenceText(await differenceOf(plans.here, { key, here, there }), of).sql);
      }
      await from.run(`DELETE FROM lutra.resync WHERE id = ${String(id)}`);
    }
  }

  /** As the loader does: under an entry of this pipeline, and no row gives way to another one where both sides write. */
  async #take(to: TestServer, plan: RowPlan, { key, row, uid }: { readonly key: Row; readonly row: Row | null; readonly uid: string }) {
    const open = await to.query(`SELECT 1 FROM lutra.unequal WHERE pipeline = '${uid}' AND ended_at IS NULL`);
    this.sent.push(`${String(Object.values(key)[0])} ${open.length > 0 ? 'under an entry' : 'alone'}`);
    if (!this.#options.twoWay) await force(to, plan, { key, row });
    else if (open.length > 0) await force(to, plan, { key, row, keepsHolders: true });
  }

  /** From home, in their order. */
  async #bring(): Promise<void> {
    const isSource = this.#options.home === 'ra';
    const [home, away] = isSource ? [this.source, this.target] : [this.target, this.source];
    const signals = await home.query(`SELECT n, content AS c FROM ${this.database}.signals WHERE n > ${this.#signals} ORDER BY n`);
    for (const { n, c } of signals) {
      this.#signals = Number(n);
      const { database, table, key, row } = JSON.parse(String(c)) as Record<'database' | 'table' | 'key', string> & { row: string | null };
      if (database !== this.database) continue;
      const { target } = await away.load(database, table);
      const plan = planRows(asSource(target), target);
      await force(away, plan, { key: rowFromJson(key), row: row === null ? null : rowFromJson(row) });
    }
  }
}

async function rowOf(server: TestServer, plan: RowPlan, key: Row): Promise<Row | null> {
  const [found] = await server.query(readRowQuery(plan, key, false));
  return found ? toRowBeside(plan, found) : null;
}

/** What holds its unique values gives way, as at any region but home. */
async function force(
  { options }: TestServer,
  plan: RowPlan,
  { key, row, keepsHolders = false }: { readonly key: Row; readonly row: Row | null; readonly keepsHolders?: boolean },
): Promise<void> {
  const connection = await ApplyConnection.open(options);
  try {
    await connection.run({ sql: 'BEGIN', marks: [{ does: 'begin' }] });
    const [found] = await readRows(connection, [{ plan, key, values: row }]);
    if (keepsHolders && (found?.holders.length ?? 0) > 0) return;
    const refused = await forceRow(connection, plan, { existing: found?.existing ?? null, row, displaced: found?.holders ?? [] });
    if (refused) throw refused;
    await connection.commit();
  } finally {
    await connection.close();
  }
}

async function differenceOf(plan: RowPlan, { key, here, there }: { key: Row; here: Row | null; there: Row | null }): Promise<Difference> {
  const isEqual = here && there ? await identicalRows(plan, here, there) : here === there;
  const outcome = isEqual ? 'equal' : !here ? 'missing-here' : !there ? 'missing-there' : 'different';
  return { key, outcome, columns: null, here: isEqual ? null : here, there: isEqual ? null : there };
}
