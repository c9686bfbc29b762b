/** Avro schemas as plain objects: parsing with names resolved, and what two schemas must share for their bytes to be read alike. */
import { malformed } from '@lutra/rows';

export type AvroSchema = string | readonly AvroSchema[] | AvroObject;

export interface AvroField {
  readonly name: string;
  readonly type: AvroSchema;
  readonly default?: unknown;
  readonly [property: string]: unknown;
}

export interface AvroObject {
  readonly type: AvroSchema;
  readonly name?: string;
  readonly namespace?: string;
  readonly fields?: readonly AvroField[];
  readonly items?: AvroSchema;
  readonly values?: AvroSchema;
  readonly [property: string]: unknown;
}

export interface AvroRecord extends AvroObject {
  readonly type: 'record';
  readonly name: string;
  readonly fields: readonly AvroField[];
}

export function isRecord(schema: AvroSchema | undefined): schema is AvroRecord {
  return typeof schema === 'object' && 'type' in schema && schema.type === 'record' && Array.isArray(schema.fields);
}

/** The branches of a union; a schema that is none is its only branch. */
export function branchesOf(schema: AvroSchema): readonly AvroSchema[] {
  return Array.isArray(schema) ? (schema as readonly AvroSchema[]) : [schema];
}

export function fieldOf(record: AvroRecord, name: string): AvroField {
  const field = record.fields.find((candidate) => candidate.name === name);
  if (!field) throw malformed(`the schema ${record.name} has no field ${name}`);
  return field;
}

/** Types that have no definition. */
export const primitives: ReadonlySet<string> = new Set(['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string']);

/**
 * Parses a schema. References to named types are replaced by what they name, and every `name` becomes the full name.
 * @throws SyncError RECORD_INVALID if the text is no schema, or has what no schema of ours has (enum, fixed, recursion)
 */
export function parseAvro(json: string): AvroSchema {
  let parsed: AvroSchema;
  try {
    parsed = JSON.parse(json) as AvroSchema;
  } catch {
    throw malformed('the schema is not JSON');
  }
  return resolve(parsed, '', new Map());
}

type Named = Map<string, AvroObject>;

function resolve(schema: unknown, namespace: string, named: Named): AvroSchema {
  if (typeof schema === 'string') {
    if (primitives.has(schema)) return schema;
    const found = named.get(fullName(schema, namespace));
    if (!found) throw malformed(`the schema names a type that it does not define: ${schema}`);
    return found;
  }
  if (Array.isArray(schema)) return schema.map((branch: unknown) => resolve(branch, namespace, named));
  if (typeof schema !== 'object' || schema === null) throw malformed('the schema has no Avro type at some place');
  return resolveObject(schema as AvroObject, namespace, named);
}

function resolveObject(schema: AvroObject, namespace: string, named: Named): AvroSchema {
  if (schema.type === 'array') return { ...schema, items: resolve(schema.items, namespace, named) };
  if (schema.type === 'map') return { ...schema, values: resolve(schema.values, namespace, named) };
  if (typeof schema.type === 'string' && primitives.has(schema.type)) return schema;
  if (schema.type !== 'record' || typeof schema.name !== 'string' || !Array.isArray(schema.fields)) {
    throw malformed(`the schema has a type that no schema of Lutra has: ${JSON.stringify(schema.type)}`);
  }
  const name = fullName(schema.name, schema.namespace ?? namespace);
  const inside = name.slice(0, Math.max(0, name.lastIndexOf('.')));
  const fields = schema.fields.map((field) => ({ ...field, type: resolve(field.type, inside, named) }));
  const record: AvroObject = { ...schema, name, fields };
  named.set(name, record);
  return record;
}

function fullName(name: string, namespace: string): string {
  return name.includes('.') || namespace === '' ? name : `${namespace}.${name}`;
}

/** What decides how bytes are read and what they mean: types and field names, without names of records and without properties. */
export function shapeOf(schema: AvroSchema): string {
  if (typeof schema === 'string') return schema;
  if (Array.isArray(schema)) return `[${schema.map((branch: AvroSchema) => shapeOf(branch)).join()}]`;
  const object = schema as AvroObject;
  if (isRecord(object)) return `{${object.fields.map((field) => `${field.name}:${shapeOf(field.type)}`).join()}}`;
  if (object.type === 'array') return `array<${shapeOf(object.items!)}>`;
  if (object.type === 'map') return `map<${shapeOf(object.values!)}>`;
  return object.type as string;
}
