/**
 * What this pipeline does with `seed` and `chunk` records of its log: which of them are its own, what begins and ends in lutra.seed, which
 * tables are created. The writing itself is chunk-writer.ts.
 */
import { createRouter, holdsTable, rowToJson, SyncError, tableName } from '@lutra/model';
import type { ChunkRecord, ControlRecord, LogPosition, Router, SeedRecord, TableName, TableSchema } from '@lutra/model';
import { asSource, beginSeed, creatingAt, endOtherSeeds, endSeed, joined, noCounts, planRows, quoteTable, settledText } from '@lutra/mysql';
import type { ConnectionOptions, CreateStatement, Creating, SeedOf, SqlText, TargetTable } from '@lutra/mysql';
import type { Checkpoint } from '@lutra/marker';
import type { LoaderWork } from '../assignments.js';
import type { Detection } from '../conflict/detect/create-detector.js';
import type { TargetPort } from '../io.js';
import { leftOutOf, leftOutText, rowWithout } from '../plan/rows-by-name.js';
import type { LeftOut } from '../plan/rows-by-name.js';
import type { Gone, Matched, TableMatcher } from '../plan/table-matcher.js';
import type { RecordPosition } from '../read/log-reader.js';
import { refusedFor } from '../plan/table-matcher.js';
import type { Chunk } from './chunk-assembly.js';
import { tickOf } from './chunk-records.js';
import { ChunkWriter } from './chunk-writer.js';
import type { ChunkWriterOptions } from './chunk-writer.js';
import { absentOf, tableOf } from './prepared-chunk.js';
import type { PreparedChunk } from './prepared-chunk.js';
import { ReadRows } from './read-rows.js';
import { staysOf } from './row-decision.js';
import { Seeds } from './seeds.js';

export interface SeedingOptions extends Pick<ChunkWriterOptions, 'writer' | 'pieceBytes' | 'files'> {
  readonly port: Pick<TargetPort, 'createTable' | 'missingTables' | 'untickSeeds' | 'awaitSeedNoMore' | 'isSeedWhole'>;
  readonly target: ConnectionOptions;
  readonly work: LoaderWork;
  readonly seeds: Seeds;
  readonly matcher: Pick<TableMatcher, 'targetOf' | 'discard'>;
  readonly detection: Detection | null;
  readonly checkpoint: Pick<Checkpoint, 'pipeline' | 'part' | 'epoch' | 'replayUntil'>;
  load(database: string, name: string): Promise<TargetTable>;
  isSuspended(table: TableName): boolean;
  /** Of tables that a person has suspended. Left out: none is. */
  readonly resuming?: Resuming;
  /** Of a table that is created, under the id of a record. Left out: the server leaves no trace of whose statement it was. */
  readonly carryOut?: ((record: string, statement: CreateStatement) => Promise<string | null>) | undefined;
  onCreated(table: TableName): void;
  /** What is passed although it was for this pipeline. */
  onPassed(why: string, table: TableName): void;
}

export interface Resuming {
  /** It is suspended so, and the seed that begins brings it back. */
  isBy(table: TableName, request: string): Promise<boolean>;
  /** What ends the suspension, in the transaction of that record. */
  end(table: TableName): SqlText;
}

/** What a `seed` record asks for. */
export interface SeedStep {
  /** Of the target transaction that carries it out. */
  readonly text: SqlText;
  /** Windows of conflict detection have missed changes of the table, if there are others who write it. */
  readonly isCreated: boolean;
  /** It has waited for its seed: they know it as one that is not written. */
  readonly hasWaited: boolean;
}

export class Seeding {
  readonly #options: SeedingOptions;
  readonly #router: Router;
  readonly #writer: ChunkWriter;
  readonly #creating: Creating;
  /** Tables of the source that are there at the target, and were created there by their definition. */
  readonly #there = new Set<string>();

  constructor(options: SeedingOptions) {
    const { work, writer, pieceBytes, files = null, detection } = options;
    this.#options = options;
    this.#router = createRouter(work.routes);
    this.#creating = creatingAt(options.target);
    const passed = (prepared: PreparedChunk): void => void passedBy(options.onPassed, notRaised, tableOf(prepared));
    const clashed = (prepared: PreparedChunk): void => options.seeds.clashed(tableOf(prepared));
    this.#writer = new ChunkWriter({ writer, pieceBytes, files, detection, pipeline: work, passed, clashed });
  }

  /** One way: rows that are there and differ are replaced as long as the table is seeded, so changes of them are written whole. */
  replaces(table: TableName): boolean {
    return this.#options.detection === null && this.#options.seeds.replaces(table);
  }

  /** It has left out rows, which are listed; known of what is committed. */
  hasClashed(table: TableName): boolean {
    return this.#options.seeds.hasClashed(table);
  }

  /**
   * Null: it is not this pipeline's, or is of a table's life before the one that waits: a rewind brings it again.
   * @throws SyncError SEED_TABLE_REFUSED, TARGET_*
   */
  async step(record: SeedRecord, { seq }: Pick<RecordPosition, 'seq'>): Promise<SeedStep | null> {
    const { work, seeds, matcher, isSuspended, resuming, onPassed, checkpoint } = this.#options;
    const table = { database: record.database, name: record.table };
    if (!this.#isOurs(record) || (seq <= checkpoint.replayUntil && seeds.isWaiting(table))) return null;
    const { request, onExisting, phase } = record;
    const isNew = phase === 'begin' && seq > checkpoint.replayUntil;
    const back = isNew && resuming && (await resuming.isBy(table, request)) ? resuming : null;
    const target = isSuspended(table) && !back ? null : this.#router(table);
    // Of a table that is suspended or not routed any more, too: else its state would last for ever, for each pipeline that writes it. It is
    // not done, though: what it has missed is to be seeded when it comes back.
    if (phase === 'cancel' || (phase === 'end' && target)) {
      const of = { pipeline: work.uid, table, request };
      if (phase === 'end' && !(await this.#isWhole(of)))
        return passedBy(onPassed, `the end of seed ${request}, which is not whole here`, table);
      return { text: joined(this.#end(of, phase === 'end' ? 'done' : 'cancelled')), isCreated: false, hasWaited: false };
    }
    if (!target) return null;
    const of = { pipeline: work.uid, table, target, request, onExisting };
    const isCreated = await this.#create(record, table, target);
    const hasWaited = back !== null || seeds.isWaiting(table);
    if (hasWaited) matcher.discard();
    seeds.begin(of);
    const begins = [beginSeed(of, record.ends.map(rowToJson)), settledText(of, { before: request })];
    return { text: joined(back ? [back.end(table), ...begins] : begins), isCreated, hasWaited };
  }

  /** A late record of an order before must not end the one that is under way. */
  #end(of: Pick<SeedOf, 'pipeline' | 'table' | 'request'>, state: 'done' | 'cancelled'): readonly SqlText[] {
    const { seeds } = this.#options;
    if (seeds.of(of.table)?.request !== of.request) return [endSeed(of, state)];
    if (state === 'done') seeds.end(of.table);
    else seeds.cancel(of.table);
    seeds.endOthers(of.request);
    return [endSeed(of, state), endOtherSeeds(of)];
  }

  /**
   * Tables under way of which the log has no changes from the record on. The naive way keeps what is ticked off of them. Counter-example: a
   * table leaves the routes and comes back while its loader is down; what has changed meanwhile is in no log, and is behind the cursor.
   */
  leaving(control: Pick<Extract<ControlRecord, { kind: 'routes' }>, 'tables' | 'pipelines' | 'suspended'>): readonly TableName[] {
    const { seeds, work } = this.#options;
    const pipeline = { uid: work.uid, routes: [...work.routes], forwards: work.forwards };
    return seeds.tables.filter((table) => !holdsTable(control, table, pipeline));
  }

  /**
   * Counter-example without: capture has read that all is ticked off, and ends the table. Here the table leaves the routes and comes back
   * before that record, or is created again without its rows; what has changed meanwhile never comes.
   */
  async #isWhole(of: Parameters<TargetPort['isSeedWhole']>[1]): Promise<boolean> {
    const { seeds, port, target } = this.#options;
    return !seeds.isUnsure(of.table) || port.isSeedWhole(target, of);
  }

  /** All that was ticked off of them comes again. */
  async untick(tables: readonly TableName[]): Promise<void> {
    const { port, target, checkpoint, seeds } = this.#options;
    for (const table of tables) seeds.unticked(table);
    await port.untickSeeds(target, checkpoint, tables);
  }

  /** Behind all that came before. */
  async waitNoMore(tables: readonly TableName[]): Promise<void> {
    const { port, target, checkpoint, seeds, matcher } = this.#options;
    await port.awaitSeedNoMore(target, checkpoint, tables);
    seeds.waitNoMore(tables);
    matcher.discard();
  }

  async #create({ definition, request }: SeedRecord, source: TableName, target: TableName): Promise<boolean> {
    if (definition === null) return false;
    const { port, target: server, onCreated, seeds, carryOut } = this.#options;
    // What was ticked off is gone with the table.
    const isLost = seeds.of(source) !== null && (await port.missingTables(server, [target])).length > 0;
    if (isLost) await this.untick([source]);
    const of = { source, target, definition, targetOf: this.#router };
    const under = carryOut && { carryOut: (statement: CreateStatement) => carryOut(`${request}/${tableName(source)}`, statement) };
    const isCreated = await port.createTable(this.#creating, { ...of, ...under });
    this.#there.add(quoteTable(source));
    if (isCreated) onCreated(target);
    return isCreated;
  }

  /** Of a chunk without rows, where the definition is not asked for. Null: it is as any other chunk. */
  tickOf(record: ChunkRecord): SqlText | null {
    const { seeds, isSuspended } = this.#options;
    const table = { database: record.database, name: record.table };
    if (record.purpose !== 'seed' || record.rows > 0 || record.part === null || !this.#isOurs(record)) return null;
    const seed = seeds.of(table);
    const target = isSuspended(table) ? null : this.#router(table);
    const isCarried = target !== null && this.#there.has(quoteTable(table));
    return isCarried && seed?.request === record.request ? tickOf(seed, record.part, noCounts) : null;
  }

  /**
   * A change of a table without a key that its rows have in them, or will have: it is passed over. The rest of the place is behind it, also
   * when it comes once more after a rewind.
   */
  isInRows(table: TableSchema, { log, seq }: RecordPosition): boolean {
    const { seeds } = this.#options;
    if (seeds.none || table.primaryKey.length > 0) return false;
    const place = seeds.wholeAt(table);
    return place ? place.log === log && seq < place.seq : seeds.of(table) !== null;
  }

  /** For which order all rows of a table without a key are to be written; null: they are not. @throws SyncError SEED_TABLE_REFUSED */
  awaited(record: ChunkRecord): SeedOf | null {
    if (!this.#isOurs(record)) return null;
    const { seeds, onPassed, isSuspended, detection } = this.#options;
    const table = { database: record.database, name: record.table };
    if (isSuspended(table) || !this.#router(table)) return null;
    const seed = seeds.of(table);
    if (seed?.request !== record.request) return passedBy(onPassed, `rows of seed ${record.request}, which is not under way here`, table);
    if (seeds.wholeAt(table)) return passedBy(onPassed, `rows of seed ${record.request}, which are here`, table);
    if (detection?.flowsBack(seed.target)) throw bothWays(seed);
    return seed;
  }

  /** @throws SyncError as TableMatcher.targetOf */
  async targetOf(source: TableSchema): Promise<TargetTable> {
    // One way: nothing is left out of its rows.
    const matched = await this.#options.matcher.targetOf(source, { seen: {}, isOpen: false });
    if (matched?.target) return matched.target;
    throw new SyncError('INTERNAL', `${tableName(source)}: rows of a table that is not routed`);
  }

  /** Committed. */
  isIn(seed: SeedOf, place: LogPosition): void {
    this.#options.seeds.isIn(seed, place);
  }

  /** Null: it is not this pipeline's, or nothing is done about it. */
  async prepare(chunk: Chunk): Promise<PreparedChunk | null> {
    const { record } = chunk;
    if (!this.#isOurs(record)) return null;
    const { seeds, onPassed } = this.#options;
    const table = { database: record.database, name: record.table };
    const tables = await this.#tables(chunk, table);
    if (!tables) return null;
    // The source drops it too, or is asked about it: what is not ticked off comes again, and has seen more then.
    if (tables.target === null) return passedBy(onPassed, `rows of a table that was dropped here: ${leftOutText(tables.left)}`, table);
    if (tables.refused) return passedBy(onPassed, `rows that are not written: ${tables.refused.message}`, table);
    const seed = record.purpose === 'seed' ? seeds.of(table) : null;
    const isOfOrder = record.purpose !== 'seed' || seed?.request === record.request;
    // Its order is over, or its beginning was not read: what is not ticked off comes again.
    if (!isOfOrder) return passedBy(onPassed, `a chunk of seed ${record.request}, which is not under way here`, table);
    const bothWays = this.#options.detection?.flowsBack(tables.target) ?? false;
    const { source, target, left } = tables;
    const kept = left?.columns ? await this.#kept(chunk, left, left.columns) : chunk;
    return this.#writer.madeReady(this.#prepared(kept, { source, target, bothWays, seed }));
  }

  /** What the source read before it heard of a drop is as a row that was on its way. */
  async #kept(chunk: Chunk, left: LeftOut, columns: readonly string[]): Promise<Chunk> {
    const { event, position, rows } = chunk;
    if (event) await this.#options.detection?.leftOut.note(left, { event, position, rows: rows.length });
    return { ...chunk, rows: ReadRows.of(Array.from(rows, (row) => rowWithout(row, columns))) };
  }

  #prepared(chunk: Chunk, at: Pick<PreparedChunk, 'source' | 'target' | 'bothWays' | 'seed'>): PreparedChunk {
    const { work, detection, checkpoint } = this.#options;
    const { record, rows } = chunk;
    const rules = detection?.parts.rules;
    const home = at.bothWays ? (work.detector?.conflicts.home ?? work.target.region) : null;
    const plan = planRows(at.source, at.target);
    return {
      ...at,
      chunk,
      rows,
      plan,
      seen: record.seen,
      origin: work.source.region,
      absent: absentOf(record, rows, plan),
      stays: staysOf(record.purpose, at.seed?.onExisting ?? null, { source: work.source.region, target: work.target.region, home }),
      isRepair: record.purpose === 'repair',
      checksForeignKeys: at.bothWays && rules?.targetIsHome === true,
      safe: chunk.position.seq <= checkpoint.replayUntil,
      texts: null,
    };
  }

  async #tables({ table: source, record }: Chunk, table: TableName): Promise<Matched | Gone | null> {
    const { matcher, load, isSuspended } = this.#options;
    if (source) return matcher.targetOf(source, { seen: record.seen, isOpen: false });
    const name = isSuspended(table) ? null : this.#router(table);
    if (!name) return null;
    try {
      const target = await load(name.database, name.name);
      return (await this.#goneSince(record, target)) ?? { source: asSource(target), target, left: null, refused: null };
    } catch (error) {
      throw refusedFor(error, table);
    }
  }

  /** Of keys that have no row: null if they are still those of this table. */
  async #goneSince({ seen }: ChunkRecord, target: TargetTable): Promise<Gone | null> {
    const peers = this.#options.detection?.parts.peers;
    await peers?.open([seen]);
    const drops = peers?.dropped(target, seen, true) ?? [];
    const left = leftOutOf({ columns: [], primaryKey: [] }, target, { table: target, drops });
    return left && { target: null, left };
  }

  /** See ChunkWriter.write. */
  write(prepared: PreparedChunk, checkpoint: Checkpoint): Promise<void> {
    return this.#writer.write(prepared, checkpoint);
  }

  #isOurs({ pipelines }: { readonly pipelines: readonly string[] }): boolean {
    return pipelines.includes(this.#options.work.uid);
  }
}

function bothWays({ table, target }: SeedOf): SyncError {
  const [{ database, name }, code] = [table, 'SEED_TABLE_REFUSED' as const];
  return new SyncError(code, `${tableName(target)} flows both ways, and its rows have no key to tell them apart`, {
    details: { database: target.database, table: target.name, sourceDatabase: database, sourceTable: name },
    refused: { table: { database, name, code } },
  });
}

const notRaised = 'a repair by rows of the source: the table flows both ways, and has no open entry in lutra.unequal for this pipeline';

function passedBy(tell: SeedingOptions['onPassed'], why: string, table: TableName): null {
  tell(`${tableName(table)}: passed ${why}`, table);
  return null;
}
