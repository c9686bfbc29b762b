/**
 * Writes a chunk: one target transaction with the checkpoint behind it and the tick in lutra.seed, whatever becomes of its rows.
 *
 *   replayed     what was applied before a rewind is written whole
 *   fast         no row is there: an INSERT of all. One way it is one round trip; both ways the watermark and the index follow it
 *   row by row   chunk-rows.ts, where the fast way was refused, and where it was refused for the chunk before
 *   probe        compared, nothing is written
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Checkpoint } from '@lutra/marker';
import { checkpointStatement } from '@lutra/marker';
import { tableName, toSyncError } from '@lutra/model';
import { differenceText, inPieces, joined, keyOfRow, leftText, noCounts, openingText } from '@lutra/mysql';
import type { ApplyConnection, SqlText } from '@lutra/mysql';
import { isTransient } from '../commit/target-writer.js';
import type { TargetWriter } from '../commit/target-writer.js';
import { DecidedFiles, withKeys } from '../conflict/files/decided-files.js';
import type { FileRows } from '../files/file-rows.js';
import type { Detection } from '../conflict/detect/create-detector.js';
import { cameFrom, ChunkRecords, nothing } from './chunk-records.js';
import type { ChunkRecordsOptions } from './chunk-records.js';
import { ChunkRows } from './chunk-rows.js';
import type { RowsDone } from './chunk-rows.js';
import { ListedRows } from './listed-rows.js';
import { tableOf, textsOf } from './prepared-chunk.js';
import type { PreparedChunk } from './prepared-chunk.js';
import { compareRows } from './probe.js';
import { UnequalTables } from './unequal-tables.js';
import { changedOf, completed, watchOf } from './watch.js';
import type { Watch } from './watch.js';

export interface ChunkWriterOptions extends ChunkRecordsOptions {
  readonly writer: Pick<TargetWriter, 'ready' | 'used' | 'observe' | 'commit' | 'open' | 'chunk' | 'close' | 'rollback' | 'drop'>;
  readonly detection: Pick<Detection, 'detector' | 'parts'> | null;
  /** Bytes of SQL in one piece. */
  readonly pieceBytes: number;
  /** Left out: no row of this pipeline names a file. */
  readonly files?: Pick<FileRows, 'namedBy'> | null;
  /** A repair that nobody has ordered for this side. */
  passed(prepared: PreparedChunk): void;
  /** Rows of a seed were left out. */
  clashed(prepared: PreparedChunk): void;
}

const busyTries = 8;

export class ChunkWriter {
  readonly #options: ChunkWriterOptions;
  readonly #records: ChunkRecords;
  /** Tables whose last chunk met rows that were there. */
  readonly #filled = new Set<string>();

  constructor(options: ChunkWriterOptions) {
    this.#options = options;
    this.#records = new ChunkRecords(options);
  }

  /**
   * Its statements are made while the chunk before it is committed. What cannot be made is told when it is written; what is not needed then
   * was made in vain.
   */
  async madeReady(prepared: PreparedChunk): Promise<PreparedChunk> {
    if (!this.#isPlain(prepared) || prepared.safe || prepared.chunk.record.purpose === 'probe') return prepared;
    const texts = await textsOf(prepared, this.#options.pieceBytes).catch(() => null); // made, and told, once more when it is written
    return { ...prepared, texts };
  }

  /** Rows are taken for missing. */
  #isPlain({ rows, isRepair, target }: PreparedChunk): boolean {
    return rows.length > 0 && !isRepair && !this.#filled.has(tableName(target));
  }

  /** Committed when it resolves. @throws SyncError SEED_ROW_EXISTS, and as ConflictDetector.commit and TargetWriter.commit */
  async write(prepared: PreparedChunk, checkpoint: Checkpoint): Promise<void> {
    const { record } = prepared.chunk;
    // Both ways a repair writes only where it is not contested, before a rewind and behind it.
    const isContestable = prepared.isRepair && prepared.bothWays;
    if (prepared.safe && !isContestable) return this.#replayed(prepared, checkpoint);
    const watch = await this.#watch(prepared);
    if (record.purpose === 'probe') return this.#probe(prepared, checkpoint, watch);
    const name = tableName(prepared.target);
    if (prepared.rows.length === 0 && !prepared.isRepair) return this.#insert(prepared, checkpoint);
    if (this.#isPlain(prepared) && (await this.#fast(prepared, checkpoint, watch))) return;
    const isFilled = await this.#rowByRow(prepared, checkpoint, watch);
    if (isFilled) this.#filled.add(name);
    else this.#filled.delete(name);
  }

  async #watch(prepared: PreparedChunk): Promise<Watch | null> {
    const { detection } = this.#options;
    return detection && prepared.bothWays ? watchOf(detection.parts, prepared) : null;
  }

  /** False: a row is there, or was changed here. Nothing was written. */
  async #fast(prepared: PreparedChunk, checkpoint: Checkpoint, watch: Watch | null): Promise<boolean> {
    if (!watch) {
      try {
        await this.#insert(prepared, checkpoint);
        return true;
      } catch (error) {
        if (toSyncError(error).code !== 'ROW_CONFLICT') throw error;
        await this.#options.writer.rollback();
        return false;
      }
    }
    const texts = prepared.texts ?? (await textsOf(prepared, this.#options.pieceBytes));
    const { rows, seen } = prepared;
    return this.#transaction(prepared, checkpoint, async (connection, files) => {
      if (!(await areInserted(connection, texts))) return false;
      await completed(watch, prepared);
      if ([...rows].some((row) => changedOf(watch, row, seen) !== null)) return false;
      for (const row of rows) files?.written(withKeys(prepared), { existing: null, row, displaced: [] });
      await connection.run(this.#records.behindAll(prepared, { ...noCounts, inserted: rows.length }));
      return true;
    });
  }

  /** All rows are missing: as any other insert. */
  async #insert(prepared: PreparedChunk, checkpoint: Checkpoint): Promise<void> {
    const texts = prepared.texts ?? (await textsOf(prepared, this.#options.pieceBytes));
    await this.#send(texts, this.#records.behindAll(prepared, { ...noCounts, inserted: prepared.rows.length }), {
      checkpoint,
      safe: false,
    });
  }

  /**
   * Right whether it was applied before or not; see safe-plan.ts. Of a probe nobody knows, as the target may be further than its place.
   * What was kept is kept once more: no row of the source may replace it, and the target is no reason to stop.
   */
  async #replayed(prepared: PreparedChunk, checkpoint: Checkpoint): Promise<void> {
    if (prepared.chunk.record.purpose === 'probe') return this.#send(this.#unknown(prepared), nothing, { checkpoint, safe: true });
    if (prepared.stays !== 'incoming' && !prepared.bothWays)
      return void (await this.#rowByRow({ ...prepared, stays: 'existing' }, checkpoint, null));
    const tick = this.#records.tick(prepared, { ...noCounts, replaced: prepared.rows.length });
    await this.#send(await textsOf(prepared, this.#options.pieceBytes), tick, { checkpoint, safe: true });
  }

  async #send(
    texts: readonly SqlText[],
    tick: SqlText,
    { checkpoint, safe }: { readonly checkpoint: Checkpoint; readonly safe: boolean },
  ): Promise<void> {
    const { writer } = this.#options;
    const [only, ...more] = texts;
    if (!only || more.length === 0) return writer.commit(joined(only ? [only, tick] : [tick]), checkpoint, safe);
    const startedAt = performance.now();
    await writer.open(checkpoint, safe);
    for (const text of texts) await writer.chunk(text);
    await writer.close(tick, checkpoint);
    writer.observe(startedAt);
  }

  /** True: a row was there. */
  async #rowByRow(prepared: PreparedChunk, checkpoint: Checkpoint, watch: Watch | null): Promise<boolean> {
    let done: RowsDone | null = null;
    let isPassed = false;
    await this.#transaction(prepared, checkpoint, async (connection, files) => {
      isPassed = !(await this.#isOrdered(connection, prepared));
      if (isPassed) return true;
      const { pipeline, pieceBytes, files: rules } = this.#options;
      const listed = new ListedRows(connection, { pipeline: pipeline.uid, table: tableOf(prepared) });
      // One way its files are placed already; those that rows leave by it go all the same.
      const left = !prepared.bothWays && rules ? new DecidedFiles(rules) : null;
      done = await new ChunkRows(connection, prepared, { watch, listed, files: files ?? left, pieceBytes }).write();
      if (left && left.leaves.length > 0) await connection.run(leftText(left.leaves, pipeline.uid));
      await this.#records.write(connection, { prepared, done, listed });
      return true;
    });
    if (isPassed) this.#options.passed(prepared);
    const { conflicts, counts } = done ?? { conflicts: [], counts: noCounts };
    if (conflicts.length > 0) this.#options.detection?.parts.onConflicts(conflicts, cameFrom(prepared));
    if (counts.clashes > 0) this.#options.clashed(prepared);
    return counts.equal + counts.kept + counts.replaced > 0;
  }

  /**
   * Both ways a repair is taken under an entry of this pipeline alone. Counter-example without: somebody sends a row as a repair, and what
   * is deleted there is deleted here while the other way it is inserted: the two sides swap.
   */
  async #isOrdered(connection: ApplyConnection, prepared: PreparedChunk): Promise<boolean> {
    if (!prepared.isRepair || !prepared.bothWays) return true;
    const tables = new UnequalTables(connection, this.#options.pipeline.uid);
    return (await tables.entryOf({ source: tableOf(prepared), target: prepared.target }))?.isOwn === true;
  }

  async #probe(prepared: PreparedChunk, checkpoint: Checkpoint, watch: Watch | null): Promise<void> {
    await this.#transaction(prepared, checkpoint, async (connection) => {
      const found = await compareRows(connection, prepared, watch);
      for (const text of inPieces(found.map((one) => differenceText(one, this.#records.of(prepared))))) await connection.run(text);
      return true;
    });
  }

  #unknown(prepared: PreparedChunk): readonly SqlText[] {
    const { rows, absent, plan } = prepared;
    const of = this.#records.of(prepared);
    const none = { outcome: 'in-flight', columns: null, here: null, there: null } as const;
    return inPieces([...rows, ...absent].map((row) => differenceText({ key: keyOfRow(plan, row), ...none }, of)));
  }

  async #transaction(
    { seen, bothWays, files }: PreparedChunk,
    checkpoint: Checkpoint,
    work: (connection: ApplyConnection, files: DecidedFiles | null) => Promise<boolean>,
  ): Promise<boolean> {
    const { detection, writer } = this.#options;
    if (detection) {
      const of = { checkpoint, seen: [seen], ...(bothWays && files && { files }) };
      const isDone = await detection.detector.transaction(of, (connection, decided) => work(connection, bothWays ? decided : null));
      if (isDone) detection.parts.peers.discard(seen);
      return isDone;
    }
    for (let attempt = 1; ; attempt += 1) {
      try {
        const startedAt = performance.now();
        const connection = await writer.ready();
        await connection.run(openingText(checkpointStatement(checkpoint), { repeatable: true }));
        const isDone = await work(connection, null);
        if (isDone) await connection.commit();
        else await connection.rollback();
        writer.used();
        writer.observe(startedAt);
        return isDone;
      } catch (error) {
        await writer.drop();
        if (!isTransient(error) || attempt === busyTries) throw error;
        await delay(10 * 2 ** attempt * Math.random());
      }
    }
  }
}

/** False: one of the rows is there. */
async function areInserted(connection: ApplyConnection, texts: readonly SqlText[]): Promise<boolean> {
  try {
    for (const text of texts) await connection.run(text);
    return true;
  } catch (error) {
    if (toSyncError(error).code !== 'ROW_CONFLICT') throw error;
    return false;
  }
}
