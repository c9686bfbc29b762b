/** A chunk as the log has it: a record that announces it, and at once one transaction of its rows. */
import { randomUUID } from 'node:crypto';
import { SyncError, tableName } from '@lutra/model';
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
  const { schema, rows } = content;
  const id = randomUUID();
  await log.control(recordOf(facts, { place, content, id }, rows.length));
  await log.rows(schema, rowEvents(facts, { place, content, id }));
  return log.lastSeq;
}

function recordOf({ endpoint }: LogFacts, { place, content, id }: OfChunk, count: number): ChunkRecord {
  const { schema, rows: _, readAt: __, ...chunk } = content;
  const { database, name: table } = schema;
  return { kind: 'chunk', ...chunk, endpoint, id, database, table, rows: count, seen: place.seen, tsMs: Date.now() };
}

export interface TableContent extends Pick<ChunkContent, 'schema' | 'pipelines' | 'request' | 'readAt'> {
  /** Of rows. */
  readonly count: number;
}

interface OfTable {
  readonly place: Place;
  readonly content: TableContent;
  readonly rows: AsyncIterable<Row>;
}

/** Handed over at once. */
const piece = { rows: 500, bytes: 1024 * 1024 } as const;

/**
 * All rows of a table, as they are read: one transaction, of which nothing else is in the log before its last row. Resolves to the seq of
 * that. To be called where nothing else writes; after a failure nothing may be written.
 */
export async function writeTable(log: Log, facts: LogFacts, { place, content: given, rows }: OfTable): Promise<number> {
  const content = { ...given, purpose: 'table', part: { part: 0, from: null, to: null }, keys: [], rows: [] } as const;
  const id = randomUUID();
  await log.control(recordOf(facts, { place, content, id }, given.count));
  let sent = 0;
  for await (const some of inPieces(rows)) {
    await log.rows(given.schema, rowEvents(facts, { place, content: { ...content, rows: some }, id }, { before: sent, all: given.count }));
    sent += some.length;
  }
  if (sent !== given.count) throw new SyncError('INTERNAL', `${tableName(given.schema)}: ${sent} rows were read of ${given.count}`);
  return log.lastSeq;
}

async function* inPieces(rows: AsyncIterable<Row>): AsyncGenerator<readonly Row[]> {
  let some: Row[] = [];
  let bytes = 0;
  for await (const row of rows) {
    some.push(row);
    for (const value of Object.values(row)) bytes += typeof value === 'string' || Buffer.isBuffer(value) ? value.length : 8;
    if (some.length < piece.rows && bytes < piece.bytes) continue;
    yield some;
    some = [];
    bytes = 0;
  }
  if (some.length > 0) yield some;
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
function* rowEvents(facts: LogFacts, of: OfChunk, { before, all } = { before: 0, all: of.content.rows.length }): Generator<RowEvent> {
  const { content, place } = of;
  const event = eventOf(facts, of);
  for (const [i, row] of content.rows.entries()) {
    const last = before + i === all - 1;
    event.after = row;
    event.tsMs = Date.now();
    event.source.row = before + i;
    event.transaction.totalOrder = before + i + 1;
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
