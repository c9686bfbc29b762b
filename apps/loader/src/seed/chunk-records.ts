/** What a chunk leaves beside its rows, in their transaction: conflicts, differences, its tick, and what home tells the others. */
import { rowToJson } from '@lutra/model';
import type { ChunkPart, Row } from '@lutra/model';
import { differencesQuery, differenceText, inPieces, joined, keyOfRow, maxDifferences, settledText, tickSeed } from '@lutra/mysql';
import type { ApplyConnection, Difference, DifferenceOf, SeedCounts, SeedOf, SqlText } from '@lutra/mysql';
import type { Detection } from '../conflict/detect/create-detector.js';
import { conflictText, hasOrderedQuery } from '../conflict/record/conflict-record.js';
import type { CameFrom, ConflictOf } from '../conflict/record/conflict-record.js';
import { keyText } from '../conflict/resolve/rows.js';
import { TouchedRows } from '../conflict/resolve/touched-rows.js';
import type { RowsDone } from './chunk-rows.js';
import type { ListedRows } from './listed-rows.js';
import { tableOf } from './prepared-chunk.js';
import type { PreparedChunk } from './prepared-chunk.js';
import { UnequalTables } from './unequal-tables.js';

export interface ChunkRecordsOptions {
  readonly pipeline: { readonly uid: string; readonly id: string; readonly channel: string };
  readonly detection: Pick<Detection, 'parts'> | null;
}

interface Written {
  readonly prepared: PreparedChunk;
  readonly done: RowsDone;
  readonly listed: ListedRows;
}

export const nothing: SqlText = { sql: '', marks: [] };

export class ChunkRecords {
  readonly #options: ChunkRecordsOptions;

  constructor(options: ChunkRecordsOptions) {
    this.#options = options;
  }

  async write(connection: ApplyConnection, written: Written): Promise<void> {
    const { prepared, done } = written;
    const about = await this.#about(connection, prepared);
    const conflicts = done.conflicts.map((conflict) => conflictText([conflict], about));
    const differences =
      prepared.isRepair && prepared.chunk.record.request !== '' ? await problems(written) : await this.#differences(connection, written);
    // Counter-example for a tick: nobody reads the row again, and the change that it yielded to does not bring it.
    const tick = done.isAgain ? (prepared.behind ?? nothing) : this.tick(prepared, done.counts);
    const settled = prepared.seed === null ? this.#settled(prepared, done.differences) : [];
    for (const text of inPieces([...conflicts, ...differences, ...settled, tick])) await connection.run(text);
    await this.#resolutions(connection, prepared, done.kept);
  }

  of(prepared: PreparedChunk): DifferenceOf {
    const { record, position } = prepared.chunk;
    return {
      pipeline: this.#options.pipeline.uid,
      request: record.request,
      table: tableOf(prepared),
      log: position.log,
      seq: position.seq,
    };
  }

  /** And what is said of its files. */
  tick({ seed, chunk: { record }, behind = nothing }: PreparedChunk, counts: SeedCounts): SqlText {
    const { part } = record;
    return seed && part ? joined([behind, tickOf(seed, part, counts)]) : behind;
  }

  /** Where all rows came, and are written. */
  behindAll(prepared: PreparedChunk, counts: SeedCounts): SqlText {
    return joined([...(prepared.seed === null ? this.#settled(prepared, []) : []), this.tick(prepared, counts)]);
  }

  /** What people are told of a row that differed. */
  async #about(connection: ApplyConnection, prepared: PreparedChunk): Promise<ConflictOf> {
    const { pipeline, detection } = this.#options;
    const of = { pipeline: pipeline.id, uid: pipeline.uid, ...cameFrom(prepared) };
    if (prepared.isRepair) return { ...of, final: true, ordered: await this.#ordered(connection, prepared) };
    const parts = detection?.parts;
    return { ...of, final: parts !== undefined && (parts.rules.targetIsHome || parts.peers.none) };
  }

  async #ordered(connection: ApplyConnection, prepared: PreparedChunk): Promise<ConflictOf['ordered']> {
    const [rows = []] = await connection.within(hasOrderedQuery);
    if (Number(rows[0]?.['found']) === 0) return null;
    const request = prepared.chunk.record.request || null;
    const tables = new UnequalTables(connection, this.#options.pipeline.uid);
    const entry = await tables.entryOf({ source: tableOf(prepared), target: prepared.target });
    return { request, reason: entry !== null && entry.request === request ? entry.reason : null };
  }

  /** As many as there is room for. */
  async #differences(connection: ApplyConnection, { prepared, done }: Written): Promise<readonly SqlText[]> {
    const found: readonly Difference[] = done.differences;
    if (found.length === 0) return [];
    const of = this.of(prepared);
    const [rows = []] = await connection.within(differencesQuery(of));
    const room = Math.max(0, maxDifferences - Number(rows[0]?.['found']));
    return found.slice(0, room).map((one) => differenceText(one, of));
  }

  /** Rows that were sent once more, because a seed had left them out. */
  #settled(prepared: PreparedChunk, left: readonly Difference[]): readonly SqlText[] {
    const { plan, rows } = prepared;
    const refused = new Set(left.map(({ key }) => keyText(plan, key)));
    const keys = Array.from(rows, (row) => keyOfRow(plan, row)).filter((key) => !refused.has(keyText(plan, key)));
    return keys.length === 0 ? [] : [settledText({ pipeline: this.#options.pipeline.uid, table: tableOf(prepared) }, { keys })];
  }

  async #resolutions(connection: ApplyConnection, { source, target, plan }: PreparedChunk, kept: readonly Row[]): Promise<void> {
    const { detection, pipeline } = this.#options;
    const parts = detection?.parts;
    if (!parts?.rules.targetIsHome || kept.length === 0) return;
    const table = parts.tables.of({ source, target });
    const touched = new TouchedRows();
    if (table) for (const key of kept) touched.add({ ...table, plan }, key);
    await touched.writeResolutions(connection, { pipeline: pipeline.uid, channel: pipeline.channel });
  }
}

/** A chunk without a row says when it was read. */
export function cameFrom({ chunk: { event, position, record }, origin }: PreparedChunk): CameFrom {
  return { position, event: event ?? { source: { gtid: null, tsUs: record.tsMs * 1000, origin } } };
}

/** Of a repair: it is told at the rows that a verification found. */
async function problems({ prepared: { plan, rows, absent }, done, listed }: Written): Promise<readonly SqlText[]> {
  const troubled = new Set(done.problems.map(({ key }) => keyText(plan, key)));
  const keys = [...rows, ...absent].map((row) => keyOfRow(plan, row)).filter((key) => !troubled.has(keyText(plan, key)));
  const texts = [...(await listed.say(keys, null))];
  for (const { key, why } of done.problems) texts.push(...(await listed.say([key], why)));
  return texts;
}

export function tickOf(seed: SeedOf, { part, from, to }: ChunkPart, counts: SeedCounts): SqlText {
  return tickSeed(seed, { part, from: jsonOf(from), to: jsonOf(to), counts });
}

function jsonOf(key: Row | null): string | null {
  return key && rowToJson(key);
}
