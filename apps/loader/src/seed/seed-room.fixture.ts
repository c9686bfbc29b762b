/**
 * For the tests of seeding: a real target, and a log that is written by the test. `read` is a chunk of rows as they are at the source at
 * this place; `change` is a transaction of the source.
 */
import type { ChunkPurpose, ChunkRecord, Row, RowEvent, TableName } from '@lutra/model';
import { awaitSeedNoMore, beginSeed, differenceText, endSeed, isSeedWhole, readSeeds, untickSeeds } from '@lutra/mysql';
import type { DifferenceOutcome, ResultRow, SeedPart } from '@lutra/mysql';
import { expect } from 'vitest';
import { Applier } from '../assemble/applier.js';
import type { ChunkWriterOptions } from './chunk-writer.js';
import type { ApplierOptions } from '../assemble/applier.js';
import type { LoaderWork } from '../assignments.js';
import type { DetectorSetup, Step } from '../conflict/detect/conflict-detector.fixture.js';
import { eventOf, logId, regions, seenUpTo } from '../conflict/detect/detector-peers.fixture.js';
import type { RecordPosition } from '../read/log-reader.js';
import type { Stages } from '../stages.js';
import { MissingRows } from './missing-rows.js';
import { TableMatcher } from '../plan/table-matcher.js';
import { ReadRows } from './read-rows.js';
import { SeedLog } from './seed-log.js';
import { Seeding } from './seeding.js';
import { Seeds } from './seeds.js';

export interface SeedRoomOptions {
  readonly bothWays?: boolean;
  /** False: this table flows one way beside others. */
  readonly flowsBack?: boolean;
  /** Null: its seed is not begun. */
  readonly onExisting?: string | null;
  readonly replayUntil?: number;
  readonly batchBytes?: number;
  /** Seq that an operator named. */
  readonly skip?: number;
  /** What stands in lutra.seed, for a loader that begins anew behind this seq. */
  readonly parts?: readonly SeedPart[];
  readonly seq?: number;
  /** Of its rows. */
  readonly files?: ApplierOptions['files'];
  /** What rows name, where no file is placed. */
  readonly fileRules?: ChunkWriterOptions['files'];
}

export interface Reading {
  readonly purpose?: ChunkPurpose;
  readonly from?: Row | null;
  readonly to?: Row | null;
  /** Asked for by key. */
  readonly keys?: readonly Row[];
  /** Of the target's log. */
  readonly seen?: number;
  readonly table?: string;
  readonly request?: string;
}

const request = 'order-1';

export class SeedRoom {
  #applier: Applier;
  readonly #make: (resolved: ReadonlySet<number>) => Applier;
  readonly #seeding: Seeding;
  readonly #seeds: Seeds;
  readonly passed: string[] = [];
  readonly #skipped: number[] = [];
  #seq = 0;

  private constructor(
    readonly room: DetectorSetup,
    options: SeedRoomOptions,
  ) {
    const { bothWays = false, flowsBack = true, replayUntil = -1, batchBytes = 256 * 1024, skip = null, parts: seeds = [] } = options;
    this.#seq = options.seq ?? 0;
    const { writer, parts, detector, pipeline, tables } = room;
    const checkpoint = { ...room.checkpoint, replayUntil };
    const work = {
      id: `c.${pipeline}`,
      uid: pipeline,
      channel: 'c',
      routes: [{ schema: '*', table: '*' }],
      source: { region: regions.source },
      target: { region: regions.target },
      detector: { conflicts: { home: parts.rules.targetIsHome ? regions.target : regions.source } },
    } as unknown as LoaderWork;
    const detection = {
      detector,
      parts,
      flowsBack: () => flowsBack,
      leftOut: room.leftOut,
      concerns: () => true,
      close: async () => undefined,
    };
    const isSuspended = (): boolean => false;
    const { database, peers: here } = room;
    const router = ({ name }: TableName): TableName | null => (tables.has(name) ? { database, name } : null);
    const matcher = new TableMatcher({
      router: Object.assign(router, { coversDatabase: () => true, shadow: () => null }),
      here: bothWays ? here : null,
      load: async (_, name) => tables.get(name)!.target,
      isSuspended,
    });
    this.#seeds = new Seeds({ uid: pipeline, region: regions.source }, seeds);
    room.replaces = (table) => this.#seeds.replaces(table);
    this.#seeding = new Seeding({
      writer,
      pieceBytes: batchBytes,
      files: options.fileRules ?? null,
      port: { createTable: async () => false, missingTables: async () => [], untickSeeds, awaitSeedNoMore, isSeedWhole },
      target: room.server.options,
      work,
      seeds: this.#seeds,
      matcher,
      detection: bothWays ? detection : null,
      checkpoint,
      load: async (_, name) => tables.get(name)!.target,
      isSuspended,
      onCreated: () => undefined,
      onPassed: (why) => void this.passed.push(why),
    });
    this.#make = (resolved) =>
      new Applier({
        checkpoint,
        name: work.id,
        sourceRegion: regions.source,
        targetRegion: regions.target,
        detector: bothWays ? detector : null,
        leftOut: bothWays ? room.leftOut : null,
        missing: bothWays ? null : new MissingRows({ writer, pipeline, replaces: (table) => this.#seeds.replaces(table) }),
        resolved,
        forwards: false,
        forwarded: false,
        tables: matcher,
        writer,
        batchBytes,
        files: options.files ?? null,
        skip: skip === null ? null : { log: logId, seq: skip, reason: 'test' },
        seeding: this.#seeding,
        onSkipped: async ({ seq }) => void this.#skipped.push(seq),
        onCommitted: () => undefined,
      });
    this.#applier = this.#make(new Set());
  }

  /** The run begins anew, and knows that what comes first met something before. */
  async again(): Promise<void> {
    await this.room.writer.rollback();
    this.#applier = this.#make(new Set([this.#seq + 1]));
  }

  static async of(room: DetectorSetup, options: SeedRoomOptions): Promise<SeedRoom> {
    const made = new SeedRoom(room, options);
    const { onExisting = 'source' } = options;
    if (onExisting !== null) for (const name of room.tables.keys()) await made.#write(beginSeed(made.#begun(name, onExisting), []).sql);
    return made;
  }

  /** Its process was killed: nothing stays that was not committed. `seq`: where in the log it goes on. */
  async killed(options: SeedRoomOptions = {}): Promise<SeedRoom> {
    await this.room.writer.drop();
    const parts = await readSeeds(this.room.server.options, this.room.pipeline);
    return new SeedRoom(this.room, { seq: this.#seq, ...options, parts });
  }

  get seq(): number {
    return this.#seq;
  }

  /** All rows of the first table. `amid`: so many come. */
  async readTable(rows: readonly Row[], { amid = rows.length, by = request } = {}): Promise<void> {
    const { pipeline, database, tables } = this.room;
    const begins = this.#next();
    const [table, id] = [this.#first, `chunk-${begins.seq}`];
    const of = { endpoint: 'a', pipelines: [pipeline], id, request: by, database, table, keys: [], seen: seenUpTo(0), tsMs: 1 };
    const part = { part: 0, from: null, to: null };
    const said = { routes: { requireProven() {} }, progress: { row() {}, resolution() {} }, seedProgress: { changed() {} } };
    const stages = { ...said, applier: this.#applier } as unknown as Stages;
    const log = new SeedLog(pipeline);
    const control: ChunkRecord = { kind: 'chunk', purpose: 'table', ...of, part, rows: rows.length };
    const lies = [await log.chunk(stages, { control, position: begins })];
    for (const [i, after] of rows.slice(0, amid).entries()) {
      const position = this.#next();
      const event = eventOf({ before: null, after }, { seq: position.seq, seen: seenUpTo(0) });
      const transaction = { ...event.transaction, id, totalOrder: i + 1, last: i === rows.length - 1 };
      const { source } = tables.get(table)!;
      const own = { ...event.source, db: database, table };
      lies.push(await log.row(stages, { table: source, event: { ...event, op: 'r', source: own, transaction }, position }));
    }
    const isWhole = amid === rows.length;
    expect(lies).toEqual([...lies.slice(1).map(() => 'open'), isWhole ? 'between' : 'open']);
    if (amid === rows.length) await this.#applier.drained();
  }

  /** Of what came before, as between two fetches. */
  saveProgress(): Promise<void> {
    return this.#applier.saveProgress({ log: logId, logEpoch: 1, seq: this.#seq, nextOffset: this.#seq + 1 });
  }

  /** What came of a transaction is void. */
  discard(): Promise<void> {
    return this.#applier.discard();
  }

  async end(): Promise<void> {
    for (const name of this.room.tables.keys()) {
      const table = { database: this.room.database, name };
      this.#seeds.end(table);
      await this.#write(endSeed({ pipeline: this.room.pipeline, table, request }, 'done').sql);
    }
  }

  /** @throws SyncError what it costs */
  async read(rows: readonly Row[], reading: Reading = {}): Promise<void> {
    const { purpose = 'seed', from = null, to = null, keys = [], seen = 0, table = this.#first } = reading;
    const by = purpose === 'resync' ? '' : request;
    const known = this.room.tables.get(table)!;
    const begins = this.#next();
    const record: ChunkRecord = {
      kind: 'chunk',
      endpoint: 'a',
      pipelines: [this.room.pipeline],
      id: `chunk-${begins.seq}`,
      purpose,
      request: reading.request ?? by,
      database: this.room.database,
      table,
      part: purpose === 'seed' ? { part: 0, from, to } : null,
      keys,
      rows: rows.length,
      seen: seenUpTo(seen),
      tsMs: 1,
    };
    const position = { ...begins, seq: (this.#seq += rows.length), nextOffset: this.#seq + 1 };
    const after = rows.at(-1);
    const event: RowEvent | null = after
      ? { ...eventOf({ before: null, after }, { seq: position.seq, seen: seenUpTo(seen) }), op: 'r' }
      : null;
    await this.#applier.chunk({ record, begins, position, table: event && known.source, rows: ReadRows.of(rows), event }, () => undefined);
    await this.#applier.drained();
  }

  /** One transaction of the source. @throws SyncError what it costs */
  async change(steps: readonly Step[], seen = 0): Promise<void> {
    for (const [i, step] of steps.entries()) {
      const { source, before, after } = this.room.change(step);
      const position = this.#next();
      const last = i === steps.length - 1;
      const event = eventOf({ before, after }, { seq: position.seq, seen: seenUpTo(seen) });
      await this.#applier.row(source, { ...event, transaction: { ...event.transaction, totalOrder: i + 1, last } }, position);
    }
    await this.#applier.flush();
    await this.#applier.drained();
  }

  /** An entry of lutra.unequal for the first table. */
  async raise({ cause = 'repair', pipeline = this.room.pipeline, table = this.#first } = {}): Promise<void> {
    const names = [this.room.database, table].map((name) => `'${name}'`);
    const values = [`'${pipeline}'`, ...names, ...names, `'${cause}'`, "'repair-1'", "'ann: because'"].join(', ');
    const columns = 'pipeline, database_name, table_name, target_database, target_table, cause, request, reason';
    await this.#write(`INSERT INTO lutra.unequal (${columns}) VALUES (${values})`);
  }

  /** Rows of the first table that a verification found. */
  async list(ids: readonly number[], outcome: DifferenceOutcome): Promise<void> {
    const table = { database: this.room.database, name: this.#first };
    const of = { pipeline: this.room.pipeline, request: 'verify-1', table, log: logId, seq: 0 };
    for (const id of ids) await this.#write(differenceText({ key: { id }, outcome, columns: null, here: null, there: null }, of).sql);
  }

  async lower(): Promise<void> {
    const ours = `database_name = '${this.room.database}' AND ended_at IS NULL`;
    await this.#write(`UPDATE lutra.unequal SET ended_at = CURRENT_TIMESTAMP(3) WHERE ${ours}`);
  }

  async rows(table = this.#first): Promise<readonly Row[]> {
    return (await this.room.rows(table)).toSorted((a, b) => Number(a['id']) - Number(b['id']));
  }

  /** Orders that were carried out. */
  async skipped(): Promise<readonly number[]> {
    return this.#skipped;
  }

  async seed(): Promise<SeedPart | undefined> {
    return (await readSeeds(this.room.server.options, this.room.pipeline))[0];
  }

  /** `key outcome`. */
  async differences(): Promise<readonly ResultRow[]> {
    const where = `pipeline = '${this.room.pipeline}' ORDER BY row_key`;
    return this.room.server.query(`SELECT row_key, outcome, columns, here_row, there_row, problem FROM lutra.difference WHERE ${where}`);
  }

  #begun(name: string, onExisting: string) {
    const table = { database: this.room.database, name };
    const of = { pipeline: this.room.pipeline, table, target: table, request, onExisting };
    this.#seeds.begin(of);
    return of;
  }

  async #write(sql: string): Promise<void> {
    await this.room.server.run(sql);
  }

  #next(): RecordPosition {
    this.#seq += 1;
    return { log: logId, logEpoch: 1, seq: this.#seq, nextOffset: this.#seq + 1 };
  }

  get #first(): string {
    return [...this.room.tables.keys()][0] ?? '';
  }
}
