/**
 * Kafka records → row events and control records. Synchronous once a schema id is known. Bytes are read by the schema they were
 * written with; that the registry still has that one under its id is checked by the fingerprint in the headers, because a registry
 * that was rebuilt may give one number to two schemas.
 */
import { ByteReader } from '@lutra/bytes';
import { headerNames, largeValueBytes, type LogRecord, newerThanThisBuild, type RecordBody, SyncError } from '@lutra/model';
import { codecError, finishImages, malformed } from '@lutra/rows';
import { type AvroRecord, isRecord, parseAvro } from './avro-schema.js';
import { canonicalJson, fingerprint } from './canonical-json.js';
import { controlKindOf, controlName, controlReader } from './control.js';
import { eventReader } from './envelope.js';
import { fromHeaders, HeaderReader, type Headers, kindName, schemaHeader } from './headers.js';
import { prefixBytes, type SchemaIds, schemaIdOf } from './schema-ids.js';

export interface RawRecord {
  readonly offset: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Headers;
}

interface BodyReader {
  readonly kind: RecordBody['kind'];
  readonly fingerprint: string;
  readonly read: (reader: ByteReader) => RecordBody;
  /** The same, for a record that is not large; see RecordDecoder. */
  readonly readLater: (reader: ByteReader) => RecordBody;
}

export class RecordDecoder {
  private readonly ids: SchemaIds;
  private readonly later: boolean;
  private readonly headers = new HeaderReader();
  private readonly readers = new Map<number, BodyReader>();
  private readonly pending = new Map<number, Promise<BodyReader>>();

  /** @param options.later images of rows are made when they are first asked for: such an event has no own properties of them */
  constructor(options: { ids: SchemaIds; later?: boolean }) {
    this.ids = options.ids;
    this.later = options.later === true;
  }

  /**
   * A promise only where the schema must be fetched first, or the record is a large one.
   * @throws SyncError RECORD_INVALID (names the offset), LEVEL_TOO_NEW, SCHEMA_UNKNOWN, or what the registry throws
   */
  decode(raw: RawRecord): LogRecord | Promise<LogRecord> {
    const passed = raw.headers[headerNames.kind] === 'row' ? null : unknownRecord(raw);
    if (passed) return passed;
    const value = raw.value;
    if (value === null) throw at(raw.offset, malformed('the record has no value'));
    let id: number;
    try {
      id = schemaIdOf(value);
    } catch (error) {
      throw at(raw.offset, error);
    }
    const reader = this.readers.get(id);
    return reader ? this.decodeWith(reader, raw, value) : this.decodeLater(id, raw, value);
  }

  private async decodeLater(id: number, raw: RawRecord, value: Buffer): Promise<LogRecord> {
    let pending = this.pending.get(id);
    if (!pending) {
      pending = this.readerOf(id).finally(() => this.pending.delete(id));
      this.pending.set(id, pending);
    }
    let reader: BodyReader;
    try {
      reader = await pending;
    } catch (error) {
      throw at(raw.offset, error);
    }
    return this.decodeWith(reader, raw, value);
  }

  private decodeWith(body: BodyReader, raw: RawRecord, value: Buffer): LogRecord | Promise<LogRecord> {
    const { headers } = this;
    if (value.length >= largeValueBytes) return finished(decodeAtOnce(body, { raw, value, read: body.read, headers }));
    return decodeAtOnce(body, { raw, value, read: this.later ? body.readLater : body.read, headers });
  }

  private async readerOf(id: number): Promise<BodyReader> {
    const json = await this.ids.byId(id);
    if (json === null) throw new SyncError('SCHEMA_UNKNOWN', `the registry has no schema ${id}`, { details: { schemaId: id } });
    const reader = bodyReader(json);
    this.readers.set(id, reader);
    return reader;
  }
}

/** Null: its kind is known. Of one that is not known neither schema nor bytes are looked at: they are of a later level too. */
function unknownRecord(raw: RawRecord): LogRecord | null {
  try {
    const header = fromHeaders(raw.headers);
    if (header.kind !== 'unknown') return null;
    return { offset: raw.offset, header, body: { kind: 'unknown', name: kindName(raw.headers) } };
  } catch (error) {
    throw at(raw.offset, error);
  }
}

function bodyReader(json: string): BodyReader {
  const schema = parseAvro(json);
  if (!isRecord(schema)) throw malformed('the schema is no record');
  const print = fingerprint(canonicalJson(JSON.parse(json)));
  const kind = controlKindOf(schema);
  if (kind !== null) {
    const read = controlReader(kind, schema);
    return { kind, fingerprint: print, read, readLater: read };
  }
  if (controlName.test(schema.name)) throw new SyncError('LEVEL_TOO_NEW', `a record of the schema ${schema.name}, ${newerThanThisBuild}`);
  return rowBody(schema, print);
}

function rowBody(schema: AvroRecord, print: string): BodyReader {
  const { table, read, readLogged } = eventReader(schema);
  const bodyOf = (readEvent: typeof read) => (reader: ByteReader) => ({ kind: 'row', table, event: readEvent(reader) }) as const;
  return { kind: 'row', fingerprint: print, read: bodyOf(read), readLater: bodyOf(readLogged) };
}

/** With its large values. */
async function finished(record: LogRecord): Promise<LogRecord> {
  const { body, offset } = record;
  if (body.kind !== 'row') return record;
  try {
    await finishImages(body.table, [body.event.before, body.event.after]);
  } catch (error) {
    throw at(offset, error);
  }
  return record;
}

interface Decoded {
  readonly raw: RawRecord;
  readonly value: Buffer;
  readonly read: BodyReader['read'];
  readonly headers: HeaderReader;
}

function decodeAtOnce(body: BodyReader, { raw, value, read, headers }: Decoded): LogRecord {
  try {
    const header = headers.read(raw.headers);
    if (schemaHeader(raw.headers) !== body.fingerprint) {
      throw new SyncError('SCHEMA_UNKNOWN', 'the registry has another schema under this id than the record was written with');
    }
    if (header.kind !== body.kind) throw malformed(`the headers say ${header.kind}, the schema says ${body.kind}`);
    const reader = new ByteReader(value, prefixBytes);
    const record = read(reader);
    reader.end();
    return { offset: raw.offset, header, body: record };
  } catch (error) {
    throw at(raw.offset, error);
  }
}

/** The error with the record's offset. */
function at(offset: number, error: unknown): SyncError {
  const known = codecError(error);
  return known.again(`offset ${offset}: ${known.message}`, { cause: error, details: { offset } });
}
