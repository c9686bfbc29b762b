/** A chunk of this pipeline, and what is fixed about writing it. */
import { rowsFlags, rowToJson } from '@lutra/model';
import type { ChunkRecord, Row, Seen, TableName, TableSchema } from '@lutra/model';
import { keyOfRow, StatementBuilder } from '@lutra/mysql';
import type { Change, RowPlan, SeedOf, SqlText, TargetTable } from '@lutra/mysql';
import type { TransactionFiles } from '../files/commit-files.js';
import { changeOf } from '../assemble/changes.js';
import type { Chunk } from './chunk-assembly.js';
import type { ReadRows } from './read-rows.js';
import type { Stays } from './row-decision.js';

export interface PreparedChunk {
  readonly chunk: Chunk;
  readonly seen: Seen;
  readonly source: TableSchema;
  readonly target: TargetTable;
  readonly plan: RowPlan;
  readonly rows: ReadRows;
  /** Keys that were asked for and have no row at the source. */
  readonly absent: readonly Row[];
  /** Region of the source. */
  readonly origin: string;
  readonly bothWays: boolean;
  readonly stays: Stays;
  /** A repair: rows that hold its unique values are deleted, and what is gone at the source. */
  readonly isRepair: boolean;
  readonly checksForeignKeys: boolean;
  /** It was applied before a rewind. */
  readonly safe: boolean;
  /** Its tick; null: nothing is ticked off. */
  readonly seed: SeedOf | null;
  /** textsOf() of it, made before; null: not made. */
  readonly texts: readonly SqlText[] | null;
  /** What is written of files, in its transaction. Left out: nothing. */
  readonly behind?: SqlText;
  /** That its rows name; both ways they are placed here, by what becomes of each row. */
  readonly files?: TransactionFiles | undefined;
}

/** Which of its rows are written, and so which files are placed, is decided under locks. */
export function isDecided({ bothWays, safe, isRepair }: Pick<PreparedChunk, 'bothWays' | 'safe' | 'isRepair'>): boolean {
  return bothWays && (isRepair || !safe);
}

/** At the source. */
export function tableOf({ chunk: { record } }: Pick<PreparedChunk, 'chunk'>): TableName {
  return { database: record.database, name: record.table };
}

/** Keys that were asked for and did not come. */
export function absentOf({ keys }: ChunkRecord, rows: Iterable<Row>, plan: RowPlan): readonly Row[] {
  if (keys.length === 0) return [];
  const text = (row: Row): string => rowToJson(keyOfRow(plan, row));
  const came = new Set(Array.from(rows, text));
  return keys.filter((key) => !came.has(text(key)));
}

/** Of all rows as they come. A child may come before its parent. */
export async function textsOf(prepared: PreparedChunk, pieceBytes: number): Promise<readonly SqlText[]> {
  const { safe } = prepared;
  const builder = new StatementBuilder();
  const texts: SqlText[] = [];
  for (const change of changesOf(prepared)) {
    const isReady = builder.prepare(change);
    if (isReady) await isReady;
    if (safe) builder.addSafe(change);
    else builder.add(change);
    if (builder.bytes >= pieceBytes) texts.push(builder.take());
  }
  const rest = builder.take();
  return rest.marks.length > 0 ? [...texts, rest] : texts;
}

function* changesOf({ rows, absent, source, target, isRepair, checksForeignKeys, safe }: PreparedChunk): Generator<Change> {
  const under = { session: null, flags: checksForeignKeys || safe ? 0 : rowsFlags.noForeignKeyChecks };
  const of = { source, target, under };
  if (isRepair) for (const before of absent) yield { op: 'd', before, after: null, ...of };
  for (const row of rows.asRead()) yield changeOf(row, of);
}
