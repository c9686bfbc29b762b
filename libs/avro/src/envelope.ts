/** Row events ⇄ Debezium's envelope, by schemas/envelope.avsc and the schema that a writer published. */
import type { ByteReader, ByteWriter } from '@lutra/bytes';
import { type Op, type RowEvent, type RowSource, SyncError, type TableSchema, type TransactionBlock, tableName } from '@lutra/model';
import { malformed, rowReader, rowWriter } from '@lutra/rows';
import { type AvroRecord, parseAvro } from './avro-schema.js';
import { blockLinks, type BlockDraft, given, opOf, sourceLinks } from './envelope-links.js';
import { ImagePlaces, LoggedRow, type ReadImage, unusualImage } from './logged-row.js';
import type { Read } from './plain-reader.js';
import {
  type Draft,
  type FieldLinks,
  fieldsReader,
  fieldsWriter,
  recordIn,
  repeatedFieldsReader,
  type WriteFrom,
} from './record-fields.js';

import { readSchemaFile } from './schema-files.js';
import { tableOf } from './table-schema.js';

let template: AvroRecord | undefined;
const ourEnvelope = (): AvroRecord => (template ??= parseAvro(readSchemaFile('envelope')) as AvroRecord);

/** The fields that differ between the rows of one event stand between these parts: images, source.row, and the orders. */
export interface EventParts {
  /** The source block up to `row`. */
  readonly source: WriteFrom<RowEvent>;
  /** What follows of it, and the transaction block up to its orders. */
  readonly middle: WriteFrom<RowEvent>;
  /** From `last` on, to the end of the record. */
  readonly rest: WriteFrom<RowEvent>;
}

const partsOrder = ['before', 'after', 'source', 'transaction', 'op', 'ts_ms'] as const;

/** Null: the fields of schemas/envelope.avsc stand in another order than such parts can be cut from. */
export function eventParts(table: TableSchema): EventParts | null {
  const ours = ourEnvelope();
  const [source, block] = [recordIn(ours, 'source').fields, recordIn(ours, 'transaction').fields];
  const place = (fields: AvroRecord['fields'], name: string): number => fields.findIndex((field) => field.name === name);
  const [row, order, last] = [place(source, 'row'), place(block, 'total_order'), place(block, 'last')];
  const inOrder = partsOrder.every((name, i) => ours.fields[i]?.name === name) && ours.fields.length === partsOrder.length;
  if (!inOrder || last !== order + 2 || place(block, 'data_collection_order') !== order + 1) return null;
  const ofSource = { links: sourceLinks, what: `source of ${tableName(table)}` };
  const ofBlock = { links: blockLinks, what: `transaction of ${tableName(table)}` };
  const behindRow = fieldsWriter({ fields: source.slice(row + 1) }, ofSource);
  const ids = fieldsWriter({ fields: block.slice(0, order) }, ofBlock);
  const ends = fieldsWriter({ fields: block.slice(last) }, ofBlock);
  return {
    source: fieldsWriter({ fields: source.slice(0, row) }, ofSource),
    middle: (writer, event) => {
      behindRow(writer, event);
      writer.byte(2);
      ids(writer, event.transaction);
    },
    rest: (writer, event) => {
      ends(writer, event.transaction);
      writer.string(event.op);
      writer.byte(2);
      writer.long(event.tsMs);
    },
  };
}

export type WriteEvent = (writer: ByteWriter, event: RowEvent) => void;

export function eventWriter(table: TableSchema): WriteEvent {
  const ours = ourEnvelope();
  const writeRow = rowWriter(table);
  const writeSource = fieldsWriter(recordIn(ours, 'source'), {
    links: sourceLinks,
    what: `source of ${tableName(table)}`,
    steadyUntil: 'row',
  });
  const writeBlock = fieldsWriter(recordIn(ours, 'transaction'), { links: blockLinks, what: `transaction of ${tableName(table)}` });
  const image = (writer: ByteWriter, row: RowEvent['before']): void => {
    writer.byte(row === null ? 0 : 2);
    if (row !== null) writeRow(writer, row);
  };
  const parts: Readonly<Record<string, WriteEvent>> = {
    before: (writer, event) => image(writer, event.before),
    after: (writer, event) => image(writer, event.after),
    source: writeSource,
    transaction: (writer, event) => {
      writer.byte(2);
      writeBlock(writer, event.transaction);
    },
    op: (writer, event) => writer.string(event.op),
    ts_ms: (writer, event) => {
      writer.byte(2);
      writer.long(event.tsMs);
    },
  };
  const inOrder = ours.fields.map((field) => partOf(parts, field.name));
  return (writer, event) => {
    if (event.source.db !== table.database || event.source.table !== table.name) {
      throw new SyncError('INTERNAL', `a row event of ${event.source.db}.${event.source.table} was given to ${tableName(table)}`);
    }
    for (const write of inOrder) write(writer, event);
  };
}

function partOf(parts: Readonly<Record<string, WriteEvent>>, name: string): WriteEvent {
  const part = parts[name];
  if (!part) throw new SyncError('INTERNAL', `schemas/envelope.avsc has a field that the code does not fill: ${name}`);
  return part;
}

interface EventDraft {
  before: RowEvent['before'];
  after: RowEvent['after'];
  source: RowSource | null;
  block: TransactionBlock | null;
  op: Op;
  tsMs: number;
}

const eventLinks: FieldLinks<never, EventDraft> = {
  before: { get: () => null, set: (to, value: RowEvent['before']) => (to.before = value) },
  after: { get: () => null, set: (to, value: RowEvent['after']) => (to.after = value) },
  source: { get: () => null, set: (to, value: RowSource) => (to.source = value) },
  transaction: { get: () => null, set: (to, value: TransactionBlock) => (to.block = value) },
  op: { get: () => null, set: (to, value: string) => (to.op = opOf(value)) },
  ts_ms: { get: () => null, set: (to, value: number | null) => (to.tsMs = given(value, 'ts_ms')) },
};

/** The readers of a writer's schema, and the one TableSchema object that all its rows share. */
export function eventReader(schema: AvroRecord): EventReader {
  const ours = ourEnvelope();
  const table = tableOf(recordIn(schema, 'before'));
  const row = rowReader(table);
  const blocks = new Map<string, Read>([
    ['source', sourceReader(recordIn(schema, 'source'), recordIn(ours, 'source'))],
    ['transaction', blockReader(recordIn(schema, 'transaction'), recordIn(ours, 'transaction'))],
  ]);
  const fieldsWith = (image: Read) =>
    fieldsReader(schema, { ours, links: eventLinks, apart: new Map([...blocks, ['before', image], ['after', image]]) });
  const readFields = fieldsWith(row);
  const read = (reader: ByteReader): RowEvent => {
    const to: EventDraft = { before: null, after: null, source: null, block: null, op: 'c', tsMs: 0 };
    readFields(reader, to);
    const { before, after, op, tsMs } = to;
    return { op, before, after, source: given(to.source, 'source'), transaction: given(to.block, 'transaction'), tsMs };
  };
  return { table, read, readLogged: loggedReader({ table, row, read }, fieldsWith) };
}

interface EventReader {
  readonly table: TableSchema;
  readonly read: (reader: ByteReader) => RowEvent;
  /** The same, but the images are made when they are first asked for. They are checked: that throws nothing. */
  readonly readLogged: (reader: ByteReader) => RowEvent;
}

function loggedReader(
  { table, row, read }: Pick<EventReader, 'table' | 'read'> & { readonly row: ReadImage },
  fieldsWith: (image: Read) => (reader: ByteReader, to: EventDraft) => void,
): EventReader['readLogged'] {
  const places = ImagePlaces.of(table, row);
  if (places === null) return read;
  const readFields = fieldsWith((reader) => places.next(reader));
  // The same one for all rows: each of its fields is set by each of them.
  const to: EventDraft = { before: null, after: null, source: null, block: null, op: 'c', tsMs: 0 };
  return (reader) => {
    const from = reader.offset;
    try {
      places.begin(reader);
      readFields(reader, to);
    } catch (error) {
      if (error !== unusualImage) throw error;
      reader.offset = from;
      return read(reader);
    }
    const images = places.images(to.before as unknown as number, to.after as unknown as number);
    const { op, tsMs } = to;
    return new LoggedRow({ op, source: given(to.source, 'source'), transaction: given(to.block, 'transaction'), tsMs }, images);
  };
}

function sourceReader(schema: AvroRecord, ours: AvroRecord): (reader: ByteReader) => RowSource {
  return repeatedFieldsReader<Draft<RowSource>>(schema, {
    ours,
    links: sourceLinks,
    varying: ['row'],
    empty: () => ({
      version: '',
      connector: 'mysql',
      name: '',
      db: '',
      table: '',
      tsMs: 0,
      tsUs: 0,
      serverId: 0,
      gtid: null,
      file: '',
      pos: 0,
      event: 0,
      flags: 0,
      row: 0,
      origin: '',
      path: [],
    }),
  });
}

function blockReader(schema: AvroRecord, ours: AvroRecord): (reader: ByteReader) => TransactionBlock | null {
  const readFields = repeatedFieldsReader<BlockDraft>(schema, {
    ours,
    links: blockLinks,
    varying: ['total_order', 'data_collection_order'],
    empty: () => ({
      id: '',
      totalOrder: 0,
      last: false,
      seen: {},
      session: null,
      endFile: null,
      endPos: null,
    }),
  });
  return (reader) => {
    if (reader.long() === 0) return null;
    const { id, totalOrder, last, seen, session, endFile, endPos } = readFields(reader);
    if ((endFile === null) !== (endPos === null)) throw malformed('end_file and end_pos are not both there');
    const end = endFile === null || endPos === null ? null : { file: endFile, pos: endPos };
    return { id, totalOrder, last, seen, session, end };
  };
}
