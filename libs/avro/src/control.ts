/**
 * Control records ⇄ bytes: which field is which of schemas/{epoch,heartbeat,routes,ddl,restart,watermark,resolution,barrier}.avsc; those of
 * copied rows are in copied-links.ts, those of schema changes in ddl-links.ts.
 */
import type { ByteReader, ByteWriter } from '@lutra/bytes';
import { rowFromJson, rowToJson } from '@lutra/model';
import type { ControlRecord, Position, Suspension } from '@lutra/model';
import { type AvroRecord, parseAvro } from './avro-schema.js';
import { canonicalJson } from './canonical-json.js';
import { chunkLinks, emptyChunk, emptySeed, seedLinks } from './copied-links.js';
import { ddlLinks, emptyDdl } from './ddl-links.js';
import { type Draft, type FieldLinks, fieldsReader, fieldsWriter } from './record-fields.js';
import { readSchemaFile } from './schema-files.js';

export type ControlKind = ControlRecord['kind'];
type Of<K extends ControlKind> = Extract<ControlRecord, { kind: K }>;

interface AvroPosition {
  readonly file: string;
  readonly pos: number;
  readonly gtid_set: string | null;
  readonly file_created: number | null;
}

const toAvro = ({ file, pos, gtidSet, fileCreated }: Position): AvroPosition => ({
  file,
  pos,
  gtid_set: gtidSet,
  file_created: fileCreated ?? null,
});
const fromAvro = ({ file, pos, gtid_set, file_created }: AvroPosition): Position => ({
  file,
  pos,
  gtidSet: gtid_set,
  ...(file_created !== null && { fileCreated: file_created }),
});

/** In Avro an absent field is null. */
interface AvroSuspension extends Omit<Suspension, 'because' | 'at'> {
  readonly because: string | null;
  readonly at_ms: number;
}

const suspensionToAvro = ({ at, because, ...rest }: Suspension): AvroSuspension => ({ ...rest, because: because ?? null, at_ms: at });
const suspensionFromAvro = ({ at_ms, because, ...rest }: AvroSuspension): Suspension => ({
  ...rest,
  at: at_ms,
  ...(because !== null && { because }),
});

type Links<K extends ControlKind> = FieldLinks<Of<K>, Draft<Of<K>>>;

const position = {
  get: (from: Of<'heartbeat' | 'ddl' | 'restart'>) => toAvro(from.position),
  set: (to: Draft<Of<'heartbeat'>> | Draft<Of<'ddl'>> | Draft<Of<'restart'>>, value: AvroPosition) => (to.position = fromAvro(value)),
};
const seen = {
  get: (from: Of<'heartbeat' | 'ddl' | 'restart' | 'resolution'>) => from.seen,
  set: (to: Draft<Of<'heartbeat'>> | Draft<Of<'ddl'>> | Draft<Of<'restart'>> | Draft<Of<'resolution'>>, value: Of<'heartbeat'>['seen']) =>
    (to.seen = value),
};
const endpoint = {
  get: (from: ControlRecord) => from.endpoint,
  set: (to: Draft<ControlRecord>, value: string) => (to.endpoint = value),
};
const pipeline = {
  get: (from: Of<'watermark' | 'resolution'>) => from.pipeline,
  set: (to: Draft<Of<'watermark'>> | Draft<Of<'resolution'>>, value: string) => (to.pipeline = value),
};
const tsMs = { get: (from: ControlRecord) => from.tsMs, set: (to: Draft<ControlRecord>, value: number) => (to.tsMs = value) };

const links: { readonly [K in ControlKind]: Links<K> } = {
  epoch: { endpoint, ts_ms: tsMs, leader: { get: (from) => from.leader, set: (to, value: string) => (to.leader = value) } },
  heartbeat: {
    endpoint,
    ts_ms: tsMs,
    position,
    seen,
    resolutions: { get: (from) => from.resolutions, set: (to, value: number) => (to.resolutions = value) },
    published_through: { get: (from) => from.publishedThrough, set: (to, value: string | null) => (to.publishedThrough = value) },
  },
  routes: {
    endpoint,
    ts_ms: tsMs,
    tables: { get: (from) => from.tables, set: (to, value: string[]) => (to.tables = value) },
    pipelines: { get: (from) => from.pipelines, set: (to, value: Of<'routes'>['pipelines']) => (to.pipelines = value) },
    names: { get: (from) => from.names, set: (to, value: Of<'routes'>['names']) => (to.names = value) },
    suspended: {
      get: (from) => (from.suspended ?? []).map(suspensionToAvro),
      set: (to, value: AvroSuspension[]) => {
        if (value.length > 0) to.suspended = value.map(suspensionFromAvro);
      },
    },
    revision: { get: (from) => from.revision, set: (to, value: number) => (to.revision = value) },
    write: { get: (from) => from.write, set: (to, value: string) => (to.write = value) },
    server: { get: (from) => from.server, set: (to, value: string | null) => (to.server = value) },
  },
  ddl: {
    endpoint,
    ts_ms: tsMs,
    position,
    seen,
    ...ddlLinks,
  },
  restart: {
    endpoint,
    ts_ms: tsMs,
    position,
    seen,
    id: { get: (from) => from.id, set: (to, value: string) => (to.id = value) },
    reason: { get: (from) => from.reason, set: (to, value: string) => (to.reason = value) },
  },
  watermark: { endpoint, ts_ms: tsMs, pipeline, token: { get: (from) => from.token, set: (to, value: string) => (to.token = value) } },
  resolution: {
    endpoint,
    ts_ms: tsMs,
    pipeline,
    channel: { get: (from) => from.channel, set: (to, value: string) => (to.channel = value) },
    seen,
    database: { get: (from) => from.database, set: (to, value: string) => (to.database = value) },
    table: { get: (from) => from.table, set: (to, value: string) => (to.table = value) },
    key: { get: (from) => rowToJson(from.key), set: (to, value: string) => (to.key = rowFromJson(value)) },
    row: {
      get: (from) => from.row && rowToJson(from.row),
      set: (to, value: string | null) => (to.row = value === null ? null : rowFromJson(value)),
    },
  },
  barrier: {
    endpoint,
    ts_ms: tsMs,
    id: { get: (from) => from.id, set: (to, value: string) => (to.id = value) },
    pipelines: { get: (from) => from.pipelines, set: (to, value: string[]) => (to.pipelines = value) },
  },
  seed: seedLinks,
  chunk: chunkLinks,
};

const empty: { readonly [K in ControlKind]: () => Draft<Of<K>> } = {
  epoch: () => ({ kind: 'epoch', endpoint: '', leader: '', tsMs: 0 }),
  heartbeat: () => ({
    kind: 'heartbeat',
    endpoint: '',
    position: { file: '', pos: 0, gtidSet: null },
    seen: {},
    resolutions: 0,
    publishedThrough: null,
    tsMs: 0,
  }),
  routes: () => ({ kind: 'routes', endpoint: '', tables: [], pipelines: {}, names: {}, revision: 0, write: '', server: null, tsMs: 0 }),
  ddl: emptyDdl,
  restart: () => ({
    kind: 'restart',
    endpoint: '',
    id: '',
    position: { file: '', pos: 0, gtidSet: null },
    seen: {},
    reason: '',
    tsMs: 0,
  }),
  watermark: () => ({ kind: 'watermark', endpoint: '', pipeline: '', token: '', tsMs: 0 }),
  resolution: () => ({
    kind: 'resolution',
    endpoint: '',
    pipeline: '',
    channel: '',
    database: '',
    table: '',
    key: {},
    row: null,
    seen: {},
    tsMs: 0,
  }),
  barrier: () => ({ kind: 'barrier', endpoint: '', id: '', pipelines: [], tsMs: 0 }),
  seed: emptySeed,
  chunk: emptyChunk,
};

export const controlKinds = Object.keys(links) as readonly ControlKind[];

/** Names of the schemas of control records, known or not; those of rows have an endpoint, a database and a table in them. */
export const controlName = /^lutra\.control\.[^.]+$/;

export interface ControlSchema {
  readonly schema: AvroRecord;
  readonly json: string;
}

const schemas = new Map<ControlKind, ControlSchema>();

export function controlSchema(kind: ControlKind): ControlSchema {
  let found = schemas.get(kind);
  if (!found) {
    const text = readSchemaFile(kind);
    found = { schema: parseAvro(text) as AvroRecord, json: canonicalJson(JSON.parse(text)) };
    schemas.set(kind, found);
  }
  return found;
}

/** The kind of control record that a schema is of, by its full name; null if it is none. */
export function controlKindOf(schema: AvroRecord): ControlKind | null {
  return controlKinds.find((kind) => controlSchema(kind).schema.name === schema.name) ?? null;
}

export function writeControl(writer: ByteWriter, record: ControlRecord): void {
  const options = { links: links[record.kind] as FieldLinks<ControlRecord, never>, what: `${record.kind} record` };
  fieldsWriter(controlSchema(record.kind).schema, options)(writer, record);
}

export function controlReader<K extends ControlKind>(kind: K, schema: AvroRecord): (reader: ByteReader) => ControlRecord {
  const read = fieldsReader(schema, {
    ours: controlSchema(kind).schema,
    links: links[kind] as unknown as FieldLinks<never, Draft<ControlRecord>>,
  });
  return (reader) => {
    const record = empty[kind]() as Draft<ControlRecord>;
    read(reader, record);
    return record;
  };
}
