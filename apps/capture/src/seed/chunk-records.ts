/** A chunk as the log has it: a record that announces it, and at once one transaction of its rows. */
import { randomUUID } from 'node:crypto';
import type { ChunkPart, ChunkPurpose, ChunkRecord, Row, RowEvent, TableSchema } from '@lutra/model';
import type { LogWriter } from '../stream/log-writer.js';
import type { Place } from './places.js';

export type Log = Pick<LogWriter, 'row' | 'control' | 'lastSeq'>;

export interface LogFacts {
  readonly endpoint: string;
  readonly region: string;
  readonly connector: 'mysql' | 'mariadb';
  readonly version: string;
  readonly serverId: number;
}

export interface ChunkContent {
  readonly schema: TableSchema;
  readonly pipelines: readonly string[];
  readonly purpose: ChunkPurpose;
  readonly request: string;
  readonly part: ChunkPart | null;
  readonly keys: readonly Row[];
  readonly rows: readonly Row[];
  /** When they were read, ms since 1970. */
  readonly readAt: number;
}

/** Resolves to the seq of its last record. To be called where nothing else writes. */
export async function writeChunk(log: Log, facts: LogFacts, { place, content }: { place: Place; content: ChunkContent }): Promise<number> {
  const { schema, rows, readAt: _, ...chunk } = content;
  const id = randomUUID();
  const record: ChunkRecord = {
    kind: 'chunk',
    ...chunk,
    endpoint: facts.endpoint,
    id,
    database: schema.database,
    table: schema.name,
    rows: rows.length,
    seen: place.seen,
    tsMs: Date.now(),
  };
  await log.control(record);
  for (const [i, row] of rows.entries()) await log.row(schema, rowEvent(facts, { place, content, id, row, number: i + 1 }));
  return log.lastSeq;
}

interface NumberedRow {
  readonly place: Place;
  readonly content: ChunkContent;
  readonly id: string;
  readonly row: Row;
  /** In the chunk, from 1. */
  readonly number: number;
}

function rowEvent(facts: LogFacts, { place, content, id, row, number }: NumberedRow): RowEvent {
  const { schema, rows, readAt } = content;
  const { region, endpoint: name, connector, version, serverId } = facts;
  const { file, pos } = place.end;
  const last = number === rows.length;
  return {
    op: 'r',
    before: null,
    after: row,
    source: {
      version,
      connector,
      name,
      db: schema.database,
      table: schema.name,
      tsMs: readAt,
      tsUs: readAt * 1000,
      serverId,
      gtid: null,
      file,
      pos,
      event: 0,
      flags: 0,
      row: number - 1,
      origin: region,
      path: [region],
    },
    transaction: { id, totalOrder: number, last, seen: place.seen, session: null, end: last ? { file, pos } : null },
    tsMs: Date.now(),
  };
}
