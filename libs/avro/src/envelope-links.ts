/** Which field of a row event is which field of schemas/envelope.avsc, in both directions. */
import type { Op, RowSource, SourceSession, TransactionBlock } from '@lutra/model';
import { malformed } from '@lutra/rows';
import { type Draft, type FieldLinks, unfilled } from './record-fields.js';

interface SourceFrom {
  readonly source: RowSource;
  readonly op: Op;
}

export const sourceLinks: FieldLinks<SourceFrom, Draft<RowSource>> = {
  version: { get: ({ source }) => source.version, set: (to, value: string) => (to.version = value) },
  connector: { get: ({ source }) => source.connector, set: (to, value: string) => (to.connector = connectorOf(value)) },
  name: { get: ({ source }) => source.name, set: (to, value: string) => (to.name = value) },
  ts_ms: { get: ({ source }) => source.tsMs, set: (to, value: number) => (to.tsMs = value) },
  snapshot: { get: ({ op }) => (op === 'r' ? 'incremental' : 'false'), set: () => {} },
  db: { get: ({ source }) => source.db, set: (to, value: string) => (to.db = value) },
  sequence: unfilled,
  ts_us: { get: ({ source }) => source.tsUs, set: (to, value: number) => (to.tsUs = value) },
  table: { get: ({ source }) => source.table, set: (to, value: string | null) => (to.table = given(value, 'table')) },
  server_id: { get: ({ source }) => source.serverId, set: (to, value: number) => (to.serverId = value) },
  gtid: { get: ({ source }) => source.gtid, set: (to, value: string | null) => (to.gtid = value) },
  file: { get: ({ source }) => source.file, set: (to, value: string) => (to.file = value) },
  pos: { get: ({ source }) => source.pos, set: (to, value: number) => (to.pos = value) },
  flags: { get: ({ source }) => source.flags, set: (to, value: number) => (to.flags = value) },
  row: { get: ({ source }) => source.row, set: (to, value: number) => (to.row = value) },
  thread: unfilled,
  query: unfilled,
  event: { get: ({ source }) => source.event, set: (to, value: number) => (to.event = value) },
  origin: { get: ({ source }) => source.origin, set: (to, value: string) => (to.origin = value) },
  path: { get: ({ source }) => source.path, set: (to, value: string[]) => (to.path = value) },
};

/** `end` is two fields in Avro; a block has both or none. */
export interface BlockDraft extends Draft<Omit<TransactionBlock, 'end'>> {
  endFile: string | null;
  endPos: number | null;
}

export const blockLinks: FieldLinks<TransactionBlock, BlockDraft> = {
  id: { get: (block) => block.id, set: (to, value: string) => (to.id = value) },
  total_order: { get: (block) => block.totalOrder, set: (to, value: number) => (to.totalOrder = value) },
  data_collection_order: { get: (block) => block.totalOrder, set: () => {} },
  last: { get: (block) => block.last, set: (to, value: boolean) => (to.last = value) },
  seen: { get: (block) => block.seen, set: (to, value: TransactionBlock['seen']) => (to.seen = value) },
  session: {
    get: (block) => block.session && wiredSession(block.session),
    set: (to, value: WiredSession | null) => (to.session = value && sessionOf(value)),
  },
  end_file: { get: (block) => block.end?.file ?? null, set: (to, value: string | null) => (to.endFile = value) },
  end_pos: { get: (block) => block.end?.pos ?? null, set: (to, value: number | null) => (to.endPos = value) },
};

interface WiredSession {
  readonly sql_mode: number;
  readonly time_zone: string;
  readonly lc_time_names: number;
  readonly collation: number;
}

function wiredSession({ sqlMode, timeZone, lcTimeNames, collation }: SourceSession): WiredSession {
  return { sql_mode: sqlMode, time_zone: timeZone, lc_time_names: lcTimeNames, collation };
}

function sessionOf({ sql_mode: sqlMode, time_zone: timeZone, lc_time_names: lcTimeNames, collation }: WiredSession): SourceSession {
  return { sqlMode, timeZone, lcTimeNames, collation };
}

export function given<T>(value: T | null, what: string): T {
  if (value === null) throw malformed(`${what} is null`);
  return value;
}

function connectorOf(value: string): RowSource['connector'] {
  if (value !== 'mysql' && value !== 'mariadb') throw malformed('the connector is neither mysql nor mariadb');
  return value;
}

export function opOf(value: string): Op {
  if (value !== 'c' && value !== 'u' && value !== 'd' && value !== 'r') throw malformed('op is none of c, u, d, r');
  return value;
}
