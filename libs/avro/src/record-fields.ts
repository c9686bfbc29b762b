/**
 * One table per block says for each Avro field where its value comes from and where it goes to: both halves of the contract in a line.
 * Written by the schema that we publish; read by the schema that the writer published: missing fields take the default of ours; one of
 * another type is refused, and one that is not known too, since a later level added it and may mean something by it.
 *
 * The rows of one event differ in a few fields only, so the fields between those are written and read as one run of bytes where they are as
 * in the record before.
 */
import type { ByteReader, ByteWriter } from '@lutra/bytes';
import { newerThanThisBuild, SyncError } from '@lutra/model';
import { type AvroField, type AvroRecord, branchesOf, fieldOf, isRecord, shapeOf } from './avro-schema.js';
import { codecError, malformed } from '@lutra/rows';
import { plainReader, type Read } from './plain-reader.js';
import { plainWriter, type Write } from './plain-writer.js';

export type Draft<T> = { -readonly [K in keyof T]: T[K] };

export interface FieldLink<From, To> {
  readonly get: (from: From) => unknown;
  /** The value has the type that our schema gives it: shapes are compared when the reader is made. */
  readonly set: (to: To, value: never) => void;
}

export type FieldLinks<From, To> = Readonly<Record<string, FieldLink<From, To>>>;

/** A field that Debezium has and we do not fill. */
export const unfilled: FieldLink<unknown, unknown> = { get: () => null, set: () => {} };

function linkOf<From, To>(links: FieldLinks<From, To>, field: AvroField): FieldLink<From, To> {
  const link = links[field.name];
  if (!link) throw new SyncError('INTERNAL', `the schema file has a field that the code does not fill: ${field.name}`);
  return link;
}

function steadyCount(schema: Pick<AvroRecord, 'fields'>, steadyUntil: string | undefined): number {
  return Math.max(
    0,
    schema.fields.findIndex((field) => field.name === steadyUntil),
  );
}

export type WriteFrom<From> = (writer: ByteWriter, from: From) => void;

interface WriteStep<From> {
  readonly get: (from: From) => unknown;
  readonly write: Write;
}

interface FieldsWriterOptions<From> {
  readonly links: FieldLinks<From, never>;
  /** What errors name. */
  readonly what: string;
  /** The fields before it are written as one run of bytes; their values must be primitives: they are compared by `===`. */
  readonly steadyUntil?: string;
}

/** Writes a record of our own schema. */
export function fieldsWriter<From>(schema: Pick<AvroRecord, 'fields'>, options: FieldsWriterOptions<From>): WriteFrom<From> {
  const steps = schema.fields.map((field) => ({ get: linkOf(options.links, field).get, write: named(field, options.what) }));
  const steady = steadyCount(schema, options.steadyUntil);
  const writeRun = runWriter(steps.slice(0, steady));
  const rest = steps.slice(steady);
  return (writer, from) => {
    writeRun(writer, from);
    for (const { get, write } of rest) write(writer, get(from));
  };
}

function named(field: AvroField, what: string): Write {
  const write = plainWriter(field.type);
  return (writer, value) => {
    try {
      write(writer, value);
    } catch (error) {
      const { code, message } = codecError(error);
      throw new SyncError(code, `${what}, field ${field.name}: ${message}`, { cause: error });
    }
  };
}

function runWriter<From>(steps: readonly WriteStep<From>[]): WriteFrom<From> {
  let last: { readonly values: readonly unknown[]; readonly bytes: Uint8Array } | null = null;
  const sameAs = (values: readonly unknown[], from: From): boolean => {
    for (let i = 0; i < steps.length; i++) if (steps[i]!.get(from) !== values[i]) return false;
    return true;
  };
  return (writer, from) => {
    if (last !== null && sameAs(last.values, from)) {
      writer.copy(last.bytes);
      return;
    }
    const start = writer.length;
    const values = steps.map((step) => step.get(from));
    steps.forEach((step, index) => step.write(writer, values[index]));
    last = { values, bytes: writer.since(start) };
  };
}

interface ReadStep<To> {
  readonly read: Read;
  readonly set: (to: To, value: never) => void;
}

export interface FieldsReaderOptions<To> {
  readonly ours: AvroRecord;
  readonly links: FieldLinks<never, To>;
  /** Fields that have readers of their own; nothing is said about their type. */
  readonly apart?: ReadonlyMap<string, Read>;
}

/** Reads a record of a writer's schema into a draft. */
export function fieldsReader<To>(schema: AvroRecord, options: FieldsReaderOptions<To>): (reader: ByteReader, to: To) => void {
  const steps = schema.fields.map((field) => readStep(field, schema, options));
  const defaults = missingFields(schema, options);
  return (reader, to) => {
    for (const { set, value } of defaults) set(to, value as never);
    for (const { read, set } of steps) set(to, read(reader) as never);
  };
}

/** What stands between two fields that are other ones in each record. */
interface Run<To> {
  readonly steps: readonly ReadStep<To>[];
  /** As it was in the record before. */
  bytes: Uint8Array;
  readonly varies: boolean;
}

/**
 * The same where most fields are as in the record before: runs of bytes that are equal are not read.
 * @param varying fields that mostly are not
 */
export function repeatedFieldsReader<To extends object>(
  schema: AvroRecord,
  { varying, empty, ...options }: FieldsReaderOptions<To> & { readonly varying: readonly string[]; readonly empty: () => To },
): (reader: ByteReader) => To {
  const steps = schema.fields.map((field) => ({ varies: varying.includes(field.name), step: readStep(field, schema, options) }));
  const runs: Run<To>[] = [];
  for (const { varies, step } of steps) {
    const open = runs.at(-1);
    if (open?.varies === varies) runs[runs.length - 1] = { ...open, steps: [...open.steps, step] };
    else runs.push({ steps: [step], bytes: new Uint8Array(), varies });
  }
  const defaults = missingFields(schema, options);
  let last: To | null = null;
  return (reader) => {
    const before = last;
    const to = before === null ? empty() : { ...before };
    if (before === null) for (const { set, value } of defaults) set(to, value as never);
    // What fails in the middle leaves nothing to compare with.
    last = null;
    for (const run of runs) {
      if (before !== null && !run.varies && reader.matches(run.bytes)) continue;
      const from = reader.offset;
      for (const { read, set } of run.steps) set(to, read(reader) as never);
      if (!run.varies) run.bytes = reader.since(from);
    }
    last = to;
    return to;
  };
}

function readStep<To>(field: AvroField, schema: AvroRecord, { ours, links, apart }: FieldsReaderOptions<To>): ReadStep<To> {
  const known = ours.fields.find((candidate) => candidate.name === field.name);
  const other = apart?.get(field.name);
  if (known && !other && shapeOf(known.type) !== shapeOf(field.type)) {
    throw malformed(`field ${field.name} of the schema ${schema.name} has another type than it must have`);
  }
  if (!known) throw new SyncError('LEVEL_TOO_NEW', `field ${field.name} of the schema ${schema.name}, ${newerThanThisBuild}`);
  return { read: other ?? plainReader(field.type), set: linkOf(links, known).set };
}

function missingFields<To>(schema: AvroRecord, { ours, links }: FieldsReaderOptions<To>) {
  const missing = ours.fields.filter((field) => !schema.fields.some((candidate) => candidate.name === field.name));
  return missing.map((field) => {
    if (field.default === undefined) throw malformed(`the schema ${schema.name} has no field ${field.name}`);
    return { set: linkOf(links, field).set, value: field.default };
  });
}

/** The record type that a field holds, alone or beside null. */
export function recordIn(schema: AvroRecord, name: string): AvroRecord {
  const { type } = fieldOf(schema, name);
  const record = branchesOf(type).find(isRecord);
  if (!record) throw malformed(`field ${name} of the schema ${schema.name} is no record`);
  return record;
}
