/**
 * For the conflict detector's integration tests: a real target with a real writer, conflict detector and lutra.* tables. What others
 * committed there, which a loader reads from the target's log, is told by the test: a local change is a statement at the target and an
 * entry in the index of recent changes.
 */
import { readSignal, signalTable } from '@lutra/marker';
import type { Checkpoint, ResolutionSignal } from '@lutra/marker';
import { conflictRuleSchema } from '@lutra/model';
import type { NewOmission } from '@lutra/registry';
import { createLogger, Metrics } from '@lutra/telemetry';
import type { Row } from '@lutra/model';
import { Collations, readCheckpoint, StatementBuilder, takeOver, askFor, foughtFor, keyed, keysOf } from '@lutra/mysql';
import type { Change, ResultRow } from '@lutra/mysql';
import { afterAll, afterEach, beforeAll } from 'vitest';
import type { z } from 'zod';
import { TestServer } from '../../../../../libs/mysql/src/mysql.fixture.js';
import { serversIo } from '../../io.js';
import { TargetWriter } from '../../commit/target-writer.js';
import { LeftOutRows } from '../../plan/left-out-rows.js';
import { ConflictDetector } from './conflict-detector.js';
import type { BufferedTransaction } from './buffered-transactions.js';
import type { DetectorOptions } from './detector-options.js';
import { eventOf, FakePeers, logId, regions, seenUpTo } from './detector-peers.fixture.js';
import { ConflictFiles } from '../files/conflict-files.js';
import { ruleBook } from '../decide/rules.js';
import { TableBook } from './table-book.js';
import { Watermark } from './watermark.js';

/** Without a table's name: the first one. */
export type Step = readonly [before: Row | null, after: Row | null, table?: string];

export interface RoomOptions {
  /** By name: what stands in the parentheses of CREATE TABLE. */
  readonly tables: Readonly<Record<string, string>>;
  /** Statements after these, before anybody reads what the tables are. */
  more?(database: string): string;
  /** The statements that fill them. */
  readonly rows?: string;
  readonly rule?: z.input<typeof conflictRuleSchema>;
  /** Which side is home. */
  readonly home?: 'target' | 'source' | 'elsewhere';
  readonly flowsBack?: boolean;
  /** Of the connections of the loader. */
  readonly port?: number;
  readonly answerTimeoutMs?: number;
  readonly files?: ConstructorParameters<typeof ConflictFiles>[0] | null;
}

type Known = Pick<Change, 'source' | 'target'>;

/** In a describe(), on a server that files share: one room at a time, left when the next one is entered or the test ends. */
export function rooms(version: '8.0' | '9.7', ground: RoomOptions): (options: Partial<RoomOptions>) => Promise<DetectorSetup> {
  let server: TestServer;
  let room: DetectorSetup | undefined;
  const leave = async (): Promise<void> => {
    await room?.close();
    room = undefined;
  };
  beforeAll(async () => void (server = await TestServer.shared(version)));
  afterEach(leave);
  afterAll(() => server.stop());
  return async (options) => {
    await leave();
    return (room = await DetectorSetup.open(server, { ...ground, ...options }));
  };
}

let opened = 0;

export class DetectorSetup {
  readonly peers = new FakePeers();
  /** See DetectorOptions. */
  replaces: DetectorOptions['replaces'] = () => false;
  /** `type winner` of the conflicts that the conflict detector told. */
  readonly told: string[] = [];
  readonly pipeline: string;
  readonly writer: TargetWriter;
  readonly detector: ConflictDetector;
  /** What it works with. */
  readonly parts: DetectorOptions;
  readonly #key: Checkpoint;
  readonly #collations: Collations;
  readonly leftOut: LeftOutRows;
  readonly #beside: Watermark;
  /** What was said of it. */
  readonly omitted: NewOmission[] = [];
  #seq = 0;
  #localSeq = 0;

  private constructor(
    readonly server: TestServer,
    readonly database: string,
    readonly tables: ReadonlyMap<string, Known>,
    options: RoomOptions & { readonly checkpoint: Checkpoint },
  ) {
    const {
      rule,
      home = 'target',
      flowsBack = true,
      checkpoint,
      port = server.options.port,
      answerTimeoutMs = 20_000,
      files = null,
    } = options;
    const rules = ruleBook({ home: regions[home], rules: rule ? [conflictRuleSchema.parse(rule)] : [], retentionDays: 1 }, regions);
    this.#key = checkpoint;
    this.pipeline = checkpoint.pipeline;
    this.#collations = new Collations((sql) => server.query(sql));
    const collations = this.#collations;
    this.writer = new TargetWriter({
      target: { ...server.options, port, answerTimeoutMs },
      port: serversIo.target,
      key: checkpoint,
      observe: () => undefined,
    });
    this.#beside = new Watermark(server.options, checkpoint);
    this.leftOut = new LeftOutRows({
      pipeline: { uid: checkpoint.pipeline, name: `name.${checkpoint.pipeline}` },
      query: (sql) => this.#beside.query(sql),
      omit: async (omission) => void this.omitted.push(omission),
      metrics: new Metrics('loader', { processMetrics: false }),
      logger: createLogger('loader', 'silent'),
    });
    this.parts = {
      writer: this.writer,
      key: checkpoint,
      of: { id: `name.${checkpoint.pipeline}`, channel: 'c' },
      rules,
      tables: new TableBook({ rules, collations, flowsBack: () => flowsBack }),
      collations,
      resolutionTables: { targetOf: async ({ name }) => tables.get(name)?.target ?? null },
      peers: this.peers,
      files: files && new ConflictFiles(files),
      replaces: (table) => this.replaces(table),
      leave: (left, { resolution: { database: db, table, key, row }, checkpoint: { logId: log, seq } }) =>
        this.leftOut.note(left, { event: { op: 'u', before: key, after: row, source: { db, table, gtid: null } }, position: { log, seq } }),
      onConflicts: (conflicts) => void this.told.push(...conflicts.map(({ type, winner }) => `${type} ${winner}`)),
    };
    this.detector = new ConflictDetector(this.parts);
  }

  static async open(server: TestServer, options: RoomOptions): Promise<DetectorSetup> {
    const database = await server.database();
    const tables = new Map<string, Known>();
    for (const [name, columns] of Object.entries(options.tables)) await server.run(`CREATE TABLE ${database}.${name} (${columns})`);
    if (options.more) await server.run(options.more(database));
    // As the table matcher hands them out.
    for (const name of Object.keys(options.tables)) {
      const { source, target } = await server.load(database, name);
      tables.set(name, { source, target: keyed(source, target) });
    }
    const { checkpoint } = await takeOver(server.options, { pipeline: `c.p${++opened}`, part: 0, lease: 5, mayCreate: true });
    const room = new DetectorSetup(server, database, tables, { ...options, checkpoint });
    // As a run does: then each transaction sees that they are what they were.
    for (const name of Object.keys(options.tables)) await room.writer.loadTable(database, name);
    if (options.rows) await server.run(`USE ${database}; ${options.rows}`);
    return room;
  }

  /** As it was taken over. */
  get checkpoint(): Checkpoint {
    return this.#key;
  }

  /** A source transaction that has seen the target's log up to `seen`. */
  transaction(steps: readonly Step[], seen = this.#localSeq): BufferedTransaction {
    const seq = (this.#seq += 10);
    const changes = steps.map((step) => this.change(step));
    const event = eventOf(changes.at(-1) ?? { before: null, after: null }, { seq, seen: seenUpTo(seen) });
    const { gtid, tsUs: sourceUs, origin, path } = event.source;
    const position = { log: logId, logEpoch: 1, seq, nextOffset: seq + 1 };
    const checkpoint = { ...this.#key, logId, logEpoch: 1, seq, nextOffset: seq + 1, gtid, sourceUs, origin, path };
    return { changes, event, position, checkpoint };
  }

  change([before, after, table = this.#first]: Step): Change {
    return { op: before === null ? 'c' : after === null ? 'd' : 'u', before, after, ...this.#known(table) };
  }

  /** As one batch. */
  async commit(...transactions: readonly BufferedTransaction[]): Promise<void> {
    const last = transactions.at(-1);
    if (!last) throw new Error('an empty batch');
    const builder = new StatementBuilder({ exact: true });
    for (const { changes } of transactions) for (const change of changes) builder.add(change);
    await this.detector.commit({ statements: builder.take(), first: 0, transactions, checkpoint: last.checkpoint });
  }

  /** Somebody at the target changes rows; a transaction with an older `seen` does not know of it. Resolves to its seq. */
  async local(sql: string, ...steps: readonly Step[]): Promise<number> {
    this.#localSeq += 1;
    for (const step of steps) {
      const { source, target, ...images } = this.change(step);
      const keys = keysOf(source, target, this.#collations);
      await askFor([
        [keys, images.before],
        [keys, images.after],
      ]);
      for (const { conflictKey, row } of foughtFor(keys, [images.before, images.after])) this.peers.add(conflictKey, this.#localSeq, row);
    }
    if (sql !== '') await this.server.run(`USE ${this.database}; ${sql}`);
    return this.#localSeq;
  }

  async rows(table = this.#first): Promise<readonly Row[]> {
    return this.server.rows(this.#known(table).source, 'ORDER BY 1');
  }

  /** What stands in lutra.conflict. */
  async conflicts(): Promise<readonly ResultRow[]> {
    return this.server.query(`SELECT * FROM lutra.conflict WHERE uid = '${this.pipeline}' ORDER BY id`);
  }

  async conflictTypes(): Promise<readonly string[]> {
    return (await this.conflicts()).map(({ type, winner }) => `${String(type)} ${String(winner)}`);
  }

  /** What capture would publish: [key, row]. */
  async resolutions(): Promise<readonly (readonly [Row, Row | null])[]> {
    const where = `WHERE pipeline = '${this.pipeline}' AND kind = 'resolution' ORDER BY slot`;
    const images = await this.server.query(`SELECT pipeline, kind, content FROM lutra.signal ${where}`);
    return images.map((after) => {
      const { key, row } = readSignal(signalTable, { before: null, after }) as ResolutionSignal;
      return [key, row];
    });
  }

  async seq(): Promise<number | undefined> {
    return (await readCheckpoint(this.server.options, this.pipeline, 0))?.seq;
  }

  async close(): Promise<void> {
    await this.leftOut.close();
    await this.#beside.close();
    await this.writer.dispose();
  }

  get #first(): string {
    return [...this.tables.keys()][0] ?? '';
  }

  #known(table: string): Known {
    const known = this.tables.get(table);
    if (!known) throw new Error(`no table ${table}`);
    return known;
  }
}
