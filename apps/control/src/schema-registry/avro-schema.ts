/**
 * Whether a text is an Avro schema, and the one text that is stored for it: properties sorted, as capture registers its own, so that a
 * client that prints them in another order finds the same id. Names defined are known from their definition on, itself included.
 */
import { primitives } from '@lutra/avro';
import { requireShallow } from '../http/bodies.js';
import { SchemaRegistryError } from './schema-registry.error.js';

const namePattern = /^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$/;

interface SchemaBody {
  readonly schema: string;
  readonly schemaType?: string | undefined;
  readonly references?: readonly unknown[] | undefined;
}

/** @throws SchemaRegistryError 42201 */
export function avroSchema({ schema, schemaType, references }: SchemaBody): string {
  if (schemaType !== undefined && schemaType !== 'AVRO') throw invalid(`schemaType ${schemaType} is not supported; only AVRO is`);
  if (references && references.length > 0) throw invalid('references are not supported; define every type in the schema itself');
  const parsed = parse(schema);
  check(parsed, { namespace: '', known: new Set(), path: 'schema' });
  return JSON.stringify(parsed, sorted);
}

function parse(text: string): unknown {
  requireShallow(Buffer.from(text));
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // A bare name such as `string` is not JSON; Confluent takes it too.
    if (primitives.has(text)) return text;
    throw invalid('the schema is not JSON');
  }
}

function sorted(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

interface Scope {
  readonly namespace: string;
  readonly known: Set<string>;
  readonly path: string;
}

type Properties = Readonly<Record<string, unknown>>;

function check(schema: unknown, scope: Scope): void {
  const { known, namespace, path } = scope;
  if (typeof schema === 'string') {
    if (primitives.has(schema) || known.has(fullName(schema, namespace)) || known.has(schema)) return;
    throw invalid(`${path}: unknown type ${schema}`);
  }
  if (Array.isArray(schema)) {
    schema.forEach((branch: unknown, index) => {
      if (Array.isArray(branch)) throw invalid(`${path}: a union in a union`);
      check(branch, { ...scope, path: `${path}[${index}]` });
    });
    return;
  }
  if (typeof schema !== 'object' || schema === null) throw invalid(`${path}: no type`);
  checkObject(schema as Properties, scope);
}

function checkObject(schema: Properties, scope: Scope): void {
  const { type } = schema;
  if (type === 'array') check(schema['items'], { ...scope, path: `${scope.path}.items` });
  else if (type === 'map') check(schema['values'], { ...scope, path: `${scope.path}.values` });
  else if (type === 'record' || type === 'error' || type === 'enum' || type === 'fixed') checkNamed(schema, scope);
  else check(type, { ...scope, path: `${scope.path}.type` });
}

function checkNamed(schema: Properties, scope: Scope): void {
  const name = schema['name'];
  if (typeof name !== 'string' || !namePattern.test(name)) throw invalid(`${scope.path}: a ${String(schema['type'])} without a valid name`);
  const full = fullName(name, typeof schema['namespace'] === 'string' ? schema['namespace'] : scope.namespace);
  if (scope.known.has(full)) throw invalid(`${scope.path}: ${full} is defined twice`);
  scope.known.add(full);
  const { type } = schema;
  if (type === 'fixed' && !(Number.isInteger(schema['size']) && Number(schema['size']) >= 0))
    throw invalid(`${scope.path}: a fixed without size`);
  if (type === 'enum' && !isListOf(schema['symbols'], (symbol) => typeof symbol === 'string' && namePattern.test(symbol))) {
    throw invalid(`${scope.path}: an enum without symbols`);
  }
  if (type === 'record' || type === 'error')
    checkFields(schema['fields'], { ...scope, namespace: full.slice(0, Math.max(0, full.lastIndexOf('.'))) });
}

function checkFields(fields: unknown, scope: Scope): void {
  if (!isListOf(fields, (field) => typeof field === 'object' && field !== null)) throw invalid(`${scope.path}: a record without fields`);
  const seen = new Set<string>();
  for (const field of fields as readonly Properties[]) {
    const { name } = field;
    if (typeof name !== 'string' || !namePattern.test(name) || name.includes('.'))
      throw invalid(`${scope.path}: a field without a valid name`);
    if (seen.has(name)) throw invalid(`${scope.path}: two fields are named ${name}`);
    seen.add(name);
    check(field['type'], { ...scope, path: `${scope.path}.${name}` });
  }
}

function isListOf(list: unknown, holds: (element: unknown) => boolean): boolean {
  return Array.isArray(list) && list.every(holds);
}

function fullName(name: string, namespace: string): string {
  return name.includes('.') || namespace === '' ? name : `${namespace}.${name}`;
}

function invalid(message: string): SchemaRegistryError {
  return new SchemaRegistryError('invalidSchema', `Invalid schema: ${message}`);
}
