/** A chunk as the log has it: a record that announces it, and at once one transaction of its rows. */
import { randomUUID } from 'node:crypto';
import type { ChunkPart, ChunkPurpose, ChunkRecord, Row, RowEvent, RowSource, TableSchema, TransactionBlock } from '@lutra/model';
import type { LogWriter } from '../stream/log-writer.js';
import type { Place } from './places.js';

export type Log = Pick<LogWriter, 'rows' | 'control' | 'lastSeq'>;

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
  await log.rows(schema, rowEvents(facts, { place, content, id }));
  return log.lastSeq;
}

interface OfChunk {
  readonly place: Place;
  readonly content: ChunkContent;
  readonly id: string;
}

type Draft<T> = { -readonly [K in keyof T]: T[K] };

/** What differs from row to row may be set. */
interface EventDraft extends Draft<Omit<RowEvent, 'source' | 'transaction'>> {
  readonly source: Draft<RowSource>;
  readonly transaction: Draft<TransactionBlock>;
}

/** One object after the other is the same one: thousands of them would differ in the row and its number. */
function* rowEvents(facts: LogFacts, of: OfChunk): Generator<RowEvent> {
  const { content, place } = of;
  const event = eventOf(facts, of);
  for (const [i, row] of content.rows.entries()) {
    const last = i === content.rows.length - 1;
    event.after = row;
    event.tsMs = Date.now();
    event.source.row = i;
    event.transaction.totalOrder = i + 1;
    event.transaction.last = last;
    event.transaction.end = last ? { file: place.end.file, pos: place.end.pos } : null;
    yield event;
  }
}

function eventOf(facts: LogFacts, { place, content, id }: OfChunk): EventDraft {
  const { schema, readAt } = content;
  const { region, endpoint: name, connector, version, serverId } = facts;
  const { file, pos } = place.end;
  return {
    op: 'r',
    before: null,
    after: null,
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
      row: 0,
      origin: region,
      path: [region],
    },
    transaction: { id, totalOrder: 0, last: false, seen: place.seen, session: null, end: null },
    tsMs: 0,
  };
}
