/** A row in JSON, as people write it, as a row of its table. Pure. */
import { rowFromJson, SyncError, tableName } from '@lutra/model';
import type { ColumnSchema, Row, TableSchema, Value } from '@lutra/model';
import { isOfKind } from '@lutra/rows';

export type GivenRow = Readonly<Record<string, unknown>>;

/** What is not given is NULL. @throws SyncError CONFIG_INVALID naming the column */
export function rowOf(table: TableSchema, given: GivenRow): Row {
  const values = new Map(Object.entries(given).map(([name, value]) => [name.toLowerCase(), value]));
  const row = table.columns.map((column) => [column.name, valueOf(table, column, values.get(column.name.toLowerCase()) ?? null)] as const);
  const unknown = Object.keys(given).find((name) => !table.columns.some((column) => column.name.toLowerCase() === name.toLowerCase()));
  if (unknown !== undefined) throw new SyncError('CONFIG_INVALID', `${tableName(table)} has no column ${unknown} that is replicated`);
  return Object.fromEntries(row);
}

/** The columns of the primary key, and no others. @throws SyncError CONFIG_INVALID */
export function keyOf(table: TableSchema, given: GivenRow): Row {
  const row = rowOf(table, given);
  const key = table.primaryKey.map((name) => [name, row[name] ?? null] as const);
  if (key.length > 0 && key.length === Object.keys(given).length && key.every(([, value]) => value !== null))
    return Object.fromEntries(key);
  throw new SyncError('CONFIG_INVALID', `key: a value for each column of the primary key: ${table.primaryKey.join(', ') || 'it has none'}`);
}

function valueOf(table: TableSchema, column: ColumnSchema, given: unknown): Value {
  if (given === null) return null;
  if (isOfKind(column.type, 'document')) return typeof given === 'string' ? given : JSON.stringify(given);
  const value = Array.isArray(given) ? rowFromJson(JSON.stringify({ value: given })).value : given;
  const isBytes = isOfKind(column.type, 'bytes', 'bits');
  if (isBytes && Buffer.isBuffer(value)) return value;
  const isScalar = typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint';
  const found = isScalar && !isBytes ? fromText(column, String(value)) : null;
  if (found !== null) return found;
  const form = isBytes ? ', which is written ["b", base64]' : '';
  throw new SyncError('CONFIG_INVALID', `${tableName(table)}.${column.name}: this is no ${column.type}${form}`);
}

/** Null: it is no value of the column. */
function fromText({ type }: ColumnSchema, text: string): Value {
  if (type === 'bigint') return /^-?\d+$/.test(text) ? BigInt(text) : null;
  if (!isOfKind(type, 'whole', 'floating') && type !== 'year') return text;
  return text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : null;
}
