/**
 * Table schema ⇄ Avro schema, exact in both directions: what Avro has no word for is kept in `lutra.*` properties, on the Value record
 * (database, table, primary key) and on each field's type. The same table gives the same text, always.
 */
import { type ColumnSchema, type ColumnType, columnTypes, geometryTypes, SyncError, type TableSchema, tableName } from '@lutra/model';
import { malformed, rulesOf } from '@lutra/rows';
import { avroName } from './avro-names.js';
import { type AvroField, type AvroObject, type AvroRecord, type AvroSchema, branchesOf } from './avro-schema.js';
import { canonicalJson } from './canonical-json.js';
import { readSchemaFile } from './schema-files.js';

/**
 * The schemas of a table version: `valueJson` the envelope, `keyJson` the primary key, null if the table has none.
 * @throws SyncError INTERNAL if the table is not one that a server can have (two columns of one name, a key without its column)
 */
export function tableToAvro(table: TableSchema, endpoint: string): { valueJson: string; keyJson: string | null } {
  const namespace = ['lutra', endpoint, table.database, table.name].map((part) => avroName(part)).join('.');
  checkColumns(table);
  const columns = new Map(table.columns.map((column) => [column.name, column]));
  const keyFields = table.primaryKey.map((name) => {
    const column = columns.get(name);
    if (!column) throw new SyncError('INTERNAL', `${tableName(table)}: the primary key names a column that is not there: ${name}`);
    return { name: avroName(name), type: columnType(column) };
  });
  const key = { type: 'record', name: 'Key', namespace, fields: keyFields, 'connect.name': `${namespace}.Key` };
  return { valueJson: canonicalJson(envelope(table, namespace)), keyJson: keyFields.length > 0 ? canonicalJson(key) : null };
}

function checkColumns(table: TableSchema): void {
  const names = new Set(table.columns.map((column) => column.name));
  if (names.size !== table.columns.length) throw new SyncError('INTERNAL', `${tableName(table)}: two columns have one name`);
}

function envelope(table: TableSchema, namespace: string): AvroRecord {
  const template = JSON.parse(readSchemaFile('envelope')) as AvroRecord;
  const value = {
    type: 'record',
    name: 'Value',
    fields: table.columns.map((column) => ({ name: avroName(column.name), type: ['null', columnType(column)], default: null })),
    'connect.name': `${namespace}.Value`,
    'lutra.database': table.database,
    'lutra.table': table.name,
    'lutra.primaryKey': table.primaryKey,
  };
  const fields = template.fields.map((field) => (field.name === 'before' ? { ...field, type: ['null', value] } : field));
  const { doc: _, ...rest } = template;
  return { ...rest, namespace, fields, 'connect.name': `${namespace}.Envelope` };
}

const isTexts = (value: unknown): value is string[] => Array.isArray(value) && value.every((item) => typeof item === 'string');

/** Properties of ColumnSchema beside name and type: how each is checked when it is read back. */
const properties = {
  unsigned: (value: unknown) => typeof value === 'boolean',
  precision: Number.isInteger,
  scale: Number.isInteger,
  length: Number.isInteger,
  charset: (value: unknown) => typeof value === 'string',
  values: isTexts,
  geometry: (value: unknown) => geometryTypes.some((type) => type === value),
} as const;

type Property = keyof typeof properties;
const propertyNames = Object.keys(properties) as Property[];

function columnType(column: ColumnSchema): AvroObject {
  const kept: Record<string, unknown> = { 'lutra.type': column.type };
  if (avroName(column.name) !== column.name) kept['lutra.name'] = column.name;
  for (const name of propertyNames) if (column[name] !== undefined) kept[`lutra.${name}`] = column[name];
  return { ...rulesOf(column.type).avro(column).avro, ...kept };
}

/** The inverse of tableToAvro, from the record of a row. @throws SyncError RECORD_INVALID if the schema is none of ours */
export function tableOf(value: AvroRecord): TableSchema {
  const { 'lutra.database': database, 'lutra.table': name, 'lutra.primaryKey': primaryKey } = value;
  if (typeof database !== 'string' || typeof name !== 'string' || !isTexts(primaryKey)) {
    throw malformed(`the schema ${value.name} was not written by Lutra`);
  }
  return { database, name, columns: value.fields.map((field) => columnOf(field)), primaryKey };
}

function columnOf(field: AvroField): ColumnSchema {
  const [nothing, type] = branchesOf(field.type) as [AvroSchema, AvroObject | undefined];
  const columnType = type?.['lutra.type'] as ColumnType;
  if (nothing !== 'null' || !type || !columnTypes.includes(columnType)) throw malformed(`field ${field.name} is no column of Lutra's`);
  const name = type['lutra.name'] ?? field.name;
  const column: Record<string, unknown> = { name, type: columnType };
  for (const property of propertyNames) {
    const value = type[`lutra.${property}`];
    if (value === undefined) continue;
    if (!properties[property](value)) throw malformed(`field ${field.name} has no legal lutra.${property}`);
    column[property] = value;
  }
  const result = column as unknown as ColumnSchema;
  if (rulesOf(columnType).avro(result).avro.type !== type.type)
    throw malformed(`field ${field.name} has another Avro type than its column type has`);
  return result;
}
