/** Which field is which of schemas/{seed,chunk}.avsc: the records around rows that are copied or compared. */
import { chunkPurposes, newerThanThisBuild, rowFromJson, rowToJson, seedPhases, SyncError } from '@lutra/model';
import type { ChunkRecord, Row, SeedRecord } from '@lutra/model';
import type { Draft, FieldLinks } from './record-fields.js';

type Copied = SeedRecord | ChunkRecord;
type To = Draft<SeedRecord> | Draft<ChunkRecord>;

const shared = {
  endpoint: { get: (from: Copied) => from.endpoint, set: (to: To, value: string) => (to.endpoint = value) },
  pipelines: { get: (from: Copied) => from.pipelines, set: (to: To, value: string[]) => (to.pipelines = value) },
  request: { get: (from: Copied) => from.request, set: (to: To, value: string) => (to.request = value) },
  database: { get: (from: Copied) => from.database, set: (to: To, value: string) => (to.database = value) },
  table: { get: (from: Copied) => from.table, set: (to: To, value: string) => (to.table = value) },
  ts_ms: { get: (from: Copied) => from.tsMs, set: (to: To, value: number) => (to.tsMs = value) },
};

export const seedLinks: FieldLinks<SeedRecord, Draft<SeedRecord>> = {
  ...shared,
  phase: { get: (from) => from.phase, set: (to, value: string) => (to.phase = oneOf(seedPhases, value, 'phase')) },
  definition: { get: (from) => from.definition, set: (to, value: string | null) => (to.definition = value) },
  ends: { get: (from) => from.ends.map(rowToJson), set: (to, value: string[]) => (to.ends = value.map(rowFromJson)) },
  on_existing: { get: (from) => from.onExisting, set: (to, value: string) => (to.onExisting = value) },
};

export const chunkLinks: FieldLinks<ChunkRecord, Draft<ChunkRecord>> = {
  ...shared,
  seen: { get: (from) => from.seen, set: (to, value: ChunkRecord['seen']) => (to.seen = value) },
  id: { get: (from) => from.id, set: (to, value: string) => (to.id = value) },
  purpose: { get: (from) => from.purpose, set: (to, value: string) => (to.purpose = oneOf(chunkPurposes, value, 'purpose')) },
  part: {
    get: (from) => from.part && { part: from.part.part, from: rowJson(from.part.from), to: rowJson(from.part.to) },
    set: (to, value: AvroPart | null) => {
      to.part = value && { part: value.part, from: rowOf(value.from), to: rowOf(value.to) };
    },
  },
  keys: { get: (from) => from.keys.map(rowToJson), set: (to, value: string[]) => (to.keys = value.map(rowFromJson)) },
  rows: { get: (from) => from.rows, set: (to, value: number) => (to.rows = value) },
};

/** Keys as JSON. */
interface AvroPart {
  readonly part: number;
  readonly from: string | null;
  readonly to: string | null;
}

function rowJson(row: Row | null): string | null {
  return row && rowToJson(row);
}

function rowOf(json: string | null): Row | null {
  return json === null ? null : rowFromJson(json);
}

/** A word that a later level added says something that this build does not know. */
export function oneOf<T extends string>(words: readonly T[], value: string, field: string): T {
  const known = words.find((word) => word === value);
  if (known) return known;
  throw new SyncError('LEVEL_TOO_NEW', `field ${field}: ${JSON.stringify(value.slice(0, 100))}, ${newerThanThisBuild}`);
}

const empty = { endpoint: '', pipelines: [], request: '', database: '', table: '', tsMs: 0 };

export function emptySeed(): Draft<SeedRecord> {
  return { ...empty, kind: 'seed', phase: 'begin', definition: null, ends: [], onExisting: '' };
}

export function emptyChunk(): Draft<ChunkRecord> {
  return { ...empty, kind: 'chunk', id: '', purpose: 'seed', part: null, keys: [], rows: 0, seen: {} };
}
