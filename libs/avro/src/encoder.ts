/** Row events and control records → Kafka records. Registers each schema once; encoding a row event is synchronous after that. */
import { ByteWriter, type RecordFrames } from '@lutra/bytes';
import {
  type ControlRecord,
  type RecordHeader,
  type Row,
  type RowEvent,
  SyncError,
  type TableSchema,
  type Value,
  largeValueBytes,
  tableName,
} from '@lutra/model';
import { codecError, keyWriter, mayCompile, rowWriter, rulesOf, type WriteRow } from '@lutra/rows';
import { fingerprint } from './canonical-json.js';
import { RowsCompiler, type RowsRun, RunWriter } from './compiled-rows.js';
import { CopiesWriter } from './copied-rows.js';
import { controlSchema, writeControl } from './control.js';
import { eventParts, eventWriter } from './envelope.js';
import { toHeaders } from './headers.js';
import { SeqHeaders } from './seq-headers.js';
import { checkedId, type SchemaIds, subjectOf, writePrefix } from './schema-ids.js';
import { tableToAvro } from './table-schema.js';

export interface EncodedRecord {
  /** The primary key's columns, of the after image, or the before image where there is none; null for a table without key. */
  readonly key: Buffer | null;
  readonly value: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

export interface TableEncoder {
  /**
   * Synchronous, the hot path.
   * @throws SyncError VALUE_UNSUPPORTED (a value out of its column's range) or INTERNAL (a value of another type than its column's);
   *   the message names table and column
   */
  encode(header: RecordHeader, event: RowEvent): EncodedRecord;
  /** It has a value whose encoding takes long. */
  isLarge(event: RowEvent): boolean;
  /** As encode(), with turns of the event loop: the same record. What encode() throws it throws at once, or rejects with. */
  encodeInTurns(header: RecordHeader, event: RowEvent): Promise<EncodedRecord>;
  /**
   * Writes the records of rows as they stand in the binlog, the same as encode() makes of each. Null: here no code is made.
   * @param of the log's records
   */
  readonly run: ((run: RowsRun, of: RunOptions) => RunWriter) | null;
  /**
   * The same of rows that were read from the table. Null: it cannot be.
   * @param first of the first row; the others differ in their images and their numbers
   */
  readonly copies: (first: RowEvent, of: RunOptions) => CopiesWriter | null;
}

export interface RunOptions {
  readonly frames: RecordFrames;
  readonly log: string;
  readonly epoch: number;
}

export class RecordEncoder {
  private readonly topic: string;
  private readonly endpoint: string;
  private readonly ids: SchemaIds;
  private readonly writer = new ByteWriter();
  private readonly byTable = new WeakMap<TableSchema, Promise<TableEncoder>>();
  private readonly byContent = new Map<string, Promise<TableEncoder>>();
  private readonly registered = new Map<string, Promise<number>>();

  constructor(options: { topic: string; endpoint: string; ids: SchemaIds }) {
    this.topic = options.topic;
    this.endpoint = options.endpoint;
    this.ids = options.ids;
  }

  /** Registers the table version's schemas once. A registration that fails is tried again by the next call. */
  async prepare(table: TableSchema): Promise<TableEncoder> {
    const known = this.byTable.get(table);
    if (known) return known;
    const { valueJson, keyJson } = tableToAvro(table, this.endpoint);
    let encoder = this.byContent.get(valueJson);
    if (!encoder) {
      encoder = this.tableEncoder(table, { valueJson, keyJson });
      this.byContent.set(valueJson, encoder);
    }
    this.byTable.set(table, encoder);
    try {
      return await encoder;
    } catch (error) {
      this.byTable.delete(table);
      this.byContent.delete(valueJson);
      throw error;
    }
  }

  async encodeControl(header: RecordHeader, record: ControlRecord): Promise<EncodedRecord> {
    if (header.kind !== record.kind) throw wrongKind(header, record.kind);
    const { json } = controlSchema(record.kind);
    const id = await this.register(json);
    this.writer.begin();
    writePrefix(this.writer, id);
    writeControl(this.writer, record);
    return { key: null, value: this.writer.finish(), headers: toHeaders(header, fingerprint(json)) };
  }

  private async tableEncoder(table: TableSchema, json: { valueJson: string; keyJson: string | null }): Promise<TableEncoder> {
    const { valueJson, keyJson } = json;
    const valueId = await this.register(valueJson);
    const keyId = keyJson === null ? null : await this.register(keyJson);
    const { writer } = this;
    const writeEvent = eventWriter(table);
    const writeKey = keyWriter(table);
    const schema = fingerprint(valueJson);
    const keyOf = (event: RowEvent): Buffer | null => {
      if (keyId === null) return null;
      const row = event.after ?? event.before;
      if (row === null) throw new SyncError('INTERNAL', `${tableName(table)}: a row event has neither image`);
      writer.begin();
      writePrefix(writer, keyId);
      writeKey(writer, row);
      return writer.finish();
    };
    const write = (header: RecordHeader, event: RowEvent): void => {
      if (header.kind !== 'row') throw wrongKind(header, 'row');
      writePrefix(writer, valueId);
      try {
        writeEvent(writer, event);
      } catch (error) {
        throw codecError(error);
      }
    };
    return {
      encode: (header, event) => {
        writer.begin();
        write(header, event);
        const value = writer.finish();
        return { key: keyOf(event), value, headers: toHeaders(header, schema) };
      },
      run: runsOf(table, { valueId, keyId, schema }),
      copies: copiesOf(table, { valueId, keyId, schema }, writeKey),
      isLarge: largeIn(table),
      encodeInTurns: async (header, event) => {
        writer.beginInTurns(mostBytesOfEvent(event), largeValueBytes);
        write(header, event);
        const value = writer.finishInTurns();
        const key = keyOf(event);
        return { key, value: await value, headers: toHeaders(header, schema) };
      },
    };
  }

  private register(json: string): Promise<number> {
    let id = this.registered.get(json);
    if (!id) {
      id = this.registerOnce(json);
      this.registered.set(json, id);
    }
    return id;
  }

  private async registerOnce(json: string): Promise<number> {
    const subject = subjectOf(this.topic, json);
    try {
      return checkedId(await this.ids.register(subject, json), subject);
    } catch (error) {
      this.registered.delete(json);
      throw error;
    }
  }
}

interface Ids {
  readonly valueId: number;
  readonly keyId: number | null;
  /** Fingerprint of the value's schema. */
  readonly schema: string;
}

function runsOf(table: TableSchema, ids: Ids): TableEncoder['run'] {
  if (!mayCompile()) return null;
  const compiler = new RowsCompiler({ table, ...ids });
  const { parts } = compiler;
  if (parts === null) return null;
  const headersOf = headersMaker(ids.schema);
  return (run, of) => {
    const encode = compiler.encode(run.event.op, run.images.columns);
    return new RunWriter(encode, run, { parts, headers: headersOf(of), frames: of.frames });
  };
}

function copiesOf(table: TableSchema, { schema, ...ids }: Ids, writeKey: WriteRow): TableEncoder['copies'] {
  const parts = eventParts(table);
  if (parts === null) return () => null;
  const headersOf = headersMaker(schema);
  const writeRow = rowWriter(table);
  return (first, of) => new CopiesWriter({ parts, headers: headersOf(of), writeRow, writeKey, ...ids }, first);
}

/** Kept: one leader writes one log. */
function headersMaker(schema: string): (of: RunOptions) => SeqHeaders {
  let made: { readonly of: RunOptions; readonly headers: SeqHeaders } | null = null;
  return (of) => {
    if (made?.of.log !== of.log || made.of.epoch !== of.epoch)
      made = { of, headers: new SeqHeaders({ kind: 'row', log: of.log, epoch: of.epoch }, schema) };
    return made.headers;
  };
}

/** Of a record beside its values, and around a value, roughly: what is more is moved once. */
const [envelopeBytes, spareBytes] = [64 * 1024, 64];

/** Asked for each row: most tables have no such column. */
function largeIn(table: TableSchema): (event: RowEvent) => boolean {
  const names = table.columns.filter(({ type }) => rulesOf(type).large !== null).map(({ name }) => name);
  return names.length === 0 ? () => false : ({ before, after }) => hasLarge(names, before) || hasLarge(names, after);
}

function hasLarge(names: readonly string[], row: Row | null): boolean {
  if (row === null) return false;
  for (const name of names) if (mostBytesOf(row[name]) >= largeValueBytes) return true;
  return false;
}

/** A unit of UTF-16 is up to three bytes of UTF-8. */
function mostBytesOf(value: Value | undefined): number {
  if (typeof value === 'string') return 3 * value.length;
  return typeof value === 'object' && value !== null ? value.length : 0;
}

/** Of an event's record: memory that is not written to costs nothing. */
function mostBytesOfEvent({ before, after }: RowEvent): number {
  const values = [before, after].flatMap((row) => Object.values(row ?? {}));
  return values.reduce<number>((sum, value) => sum + mostBytesOf(value) + spareBytes, envelopeBytes);
}

function wrongKind(header: RecordHeader, kind: string): SyncError {
  return new SyncError('INTERNAL', `a ${kind} record was given the header of a ${header.kind} record`);
}
