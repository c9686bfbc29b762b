/**
 * Rows of a source's table as its binlog would have them, read in chunks in the order of the primary key, or by keys. Pure, but for
 * planChunks(), which asks how the key's index is ordered.
 * FLOAT is refused: no literal is surely equal to what the server holds.
 */
import { SyncError, tableName } from '@lutra/model';
import type { ColumnSchema, ColumnType, Row, TableName, TableSchema, Value } from '@lutra/model';
import { emptyRowClass, typesSql } from '@lutra/rows';
import { planColumn } from './column-plan.js';
import type { ColumnPlan } from './column-plan.js';
import { descendingParts, inOrder, isAt, keyPart, rangeConditions } from './key-order.js';
import type { KeyPart } from './key-order.js';
import { ownKeyed, primaryIndex } from './keyed.js';
import { ownForm, quoteName, quoteTable } from './literal.js';
import { valueBeside, valueOf } from './row-values.js';
import type { Queries, ResultRow } from './session-options.js';
import { asSource } from './target-table.js';
import type { TargetColumn, TargetTable } from './target-definition.js';
import { largeValueBytes } from '@lutra/model';

export interface ChunkPlan {
  readonly table: TargetTable;
  /** As the binlog describes it: all columns, generated ones too. */
  readonly schema: TableSchema;
  readonly columns: readonly ColumnPlan[];
  readonly key: readonly KeyPart[];
  /** Bytes that a row may have at most; a table whose rows may be large is asked for their sizes first. */
  readonly maxRowBytes: number;
}

/** What the binlog tells of a column beside its name and type: of rows that are read no more is said, so that they have the same schema. */
const told: Readonly<Record<ColumnType, readonly (keyof ColumnSchema)[]>> = {
  tinyint: ['unsigned'],
  smallint: ['unsigned'],
  mediumint: ['unsigned'],
  int: ['unsigned'],
  bigint: ['unsigned'],
  decimal: ['unsigned', 'precision', 'scale'],
  float: [],
  double: [],
  year: [],
  bit: ['length'],
  char: ['length', 'charset'],
  varchar: ['length', 'charset'],
  text: ['charset'],
  binary: ['length'],
  varbinary: ['length'],
  blob: [],
  enum: ['charset', 'values'],
  set: ['charset', 'values'],
  json: [],
  date: [],
  time: ['scale'],
  datetime: ['scale'],
  timestamp: ['scale'],
  geometry: ['geometry'],
  vector: ['length'],
};

function asBinlog(table: TableSchema): TableSchema {
  const columns = table.columns.map((column): ColumnSchema => {
    const kept = told[column.type].filter((name) => column[name] !== undefined).map((name) => [name, column[name]] as const);
    return { name: column.name, type: column.type, ...Object.fromEntries(kept) };
  });
  return { ...table, columns };
}

/**
 * `mayBeKeyless`: one without any key has a plan too, with an empty one.
 * @throws SyncError SEED_REFUSED for a table without primary key, or with a key that cannot be read in order; SOURCE_*
 */
export async function planChunks(queries: Queries, given: TargetTable, { mayBeKeyless = false } = {}): Promise<ChunkPlan> {
  const table = ownKeyed(given);
  const schema = asBinlog(asSource(table));
  if (table.primaryKey.length === 0 && !mayBeKeyless)
    throw refused(table, 'it has no primary key, and no unique key over whole columns that are NOT NULL');
  const targets = new Map(table.columns.map((column) => [column.name, column]));
  const columns = schema.columns.map((column) => planColumn(column, targets.get(column.name) as TargetColumn, { table, form: ownForm }));
  const descending = await descendingParts(queries, table);
  const key = table.primaryKey.map((name) => partOf(table, schema, { name, descends: descending.has(name.toLowerCase()) }));
  const maxRowBytes = table.columns.reduce((sum, { type, length }) => sum + (length ?? (isUnbounded(type) ? 2 ** 32 : 8)), 0);
  return { table, schema, columns, key, maxRowBytes };
}

/** Servers name no length for these. Counterexample with 8 bytes: rows with documents of 1 MB are read by the thousand. */
function isUnbounded(type: TargetColumn['type']): boolean {
  return type === 'json' || type === 'geometry' || type === 'vector';
}

function partOf(table: TargetTable, { columns }: TableSchema, { name, descends }: { name: string; descends: boolean }): KeyPart {
  const source = columns.find((column) => column.name === name);
  const target = table.columns.find((column) => column.name === name);
  if (!source || !target) throw refused(table, `column ${name} of its primary key has a type that is not replicated`);
  if (source.type === 'float') throw refused(table, `column ${name} of its primary key is a FLOAT`);
  const pair = { source: target, target, sourceSchema: source, targetSchema: source };
  return keyPart(pair, 'source', { table: tableName(table), descends });
}

function refused(table: TableName, why: string): SyncError {
  const { database, name } = table;
  return new SyncError('SEED_REFUSED', `${tableName(table)} cannot be read in chunks: ${why}`, { details: { database, table: name } });
}

export interface ChunkRange {
  /** The key after which it begins, and the last one; null: no bound. */
  readonly from: Row | null;
  readonly to: Row | null;
  /** A condition in SQL; null: none. */
  readonly where: string | null;
  readonly limit: number;
  /** Rows are locked against changes until the transaction ends. */
  readonly locks: boolean;
}

export function rangeQuery(plan: ChunkPlan, range: ChunkRange): string {
  return `${select(plan)}${inRange(plan, range)}${lock(range.locks)}`;
}

/** Of the same rows how many bytes each has: `bytes`. */
export function sizesQuery(plan: ChunkPlan, range: ChunkRange): string {
  const sizes = plan.columns.map(({ quoted }) => `COALESCE(OCTET_LENGTH(${quoted}), 0)`);
  return `SELECT ${sizes.join(' + ')} AS bytes FROM ${quoteTable(plan.table)}${inRange(plan, range)}`;
}

/** All rows, in no order. */
export function allRowsQuery(plan: ChunkPlan): string {
  return select(plan);
}

/** How many rows there are, and how many bytes they have: `n`, `bytes`. */
export function amountQuery({ table, columns }: ChunkPlan): string {
  const sizes = columns.map(({ quoted }) => `COALESCE(OCTET_LENGTH(${quoted}), 0)`);
  return `SELECT COUNT(*) AS n, COALESCE(SUM(${sizes.join(' + ')}), 0) AS bytes FROM ${quoteTable(table)}`;
}

/** Rows of these primary keys, as many as are there. */
export function chunkRowsQuery(plan: ChunkPlan, keys: readonly Row[], { where, locks }: Pick<ChunkRange, 'where' | 'locks'>): string {
  const one = (row: Row): string => `(${isAt(plan.key, row)})`;
  return `${select(plan)} WHERE (${keys.map(one).join(' OR ')})${where === null ? '' : ` AND (${where})`}${lock(locks)}`;
}

const rowClasses = new WeakMap<ChunkPlan, ReturnType<typeof emptyRowClass>>();

/** All columns; a promise only where large documents are decoded beside the event loop. */
export function chunkRow(plan: ChunkPlan, found: ResultRow): Row | Promise<Row> {
  let RowOfPlan = rowClasses.get(plan);
  if (!RowOfPlan) rowClasses.set(plan, (RowOfPlan = emptyRowClass()));
  const row = new RowOfPlan();
  const { columns } = plan;
  for (let i = 0; i < columns.length; i++) {
    const { name, schema, isTyped } = columns[i] as ColumnPlan;
    const value = found[selectedName('c', i)] ?? null;
    const types = isTyped ? found[selectedName('t', i)] : null;
    if (isLarge(schema, value, types)) return largeRow(columns, found, row);
    row[name] = valueOf(schema, value, types);
  }
  return row;
}

async function largeRow(columns: readonly ColumnPlan[], found: ResultRow, row: Record<string, Value>): Promise<Row> {
  for (const [i, { name, schema }] of columns.entries()) {
    const [value = null, types] = [found[selectedName('c', i)], found[selectedName('t', i)]];
    row[name] = isLarge(schema, value, types) ? await valueBeside(schema, value, types) : valueOf(schema, value, types);
  }
  return row;
}

function isLarge({ charset }: ColumnSchema, value: ResultRow[string], types: ResultRow[string] | undefined): boolean {
  if (typeof value === 'string') return types != null && value.length >= largeValueBytes;
  return Buffer.isBuffer(value) && charset !== undefined && value.length >= largeValueBytes;
}

/** What a SELECT calls its columns: kept, for each row asks for each of them. */
const selectedNames = { c: [] as string[], t: [] as string[] };

function selectedName(what: 'c' | 't', i: number): string {
  return (selectedNames[what][i] ??= `${what}${i}`);
}

export function keyOfChunkRow({ key }: ChunkPlan, row: Row): Row {
  return Object.fromEntries(key.map(({ name }) => [name, row[name] ?? null]));
}

/** The row with the last key. */
export function lastRowQuery(plan: ChunkPlan): string {
  const backwards = plan.key.map((part) => ({ ...part, descends: !part.descends }));
  return `${select(plan)}${byKey(plan)} ORDER BY ${inOrder(backwards)} LIMIT 1`;
}

/** Numbered, because a column may have any name. */
function select({ table, columns }: ChunkPlan): string {
  const selected = columns.flatMap((column, i) => [
    `${column.selected} AS c${i}`,
    ...(column.isTyped ? [`${typesSql(column.quoted)} AS t${i}`] : []),
  ]);
  return `SELECT ${selected.join(', ')} FROM ${quoteTable(table)}`;
}

function byKey({ table }: ChunkPlan): string {
  return ` FORCE INDEX (${quoteName(primaryIndex(table))})`;
}

function inRange(plan: ChunkPlan, { from, to, where, limit }: ChunkRange): string {
  const conditions = [...rangeConditions(plan.key, { from, to }), ...(where === null ? [] : [`(${where})`])];
  const found = conditions.length === 0 ? '' : ` WHERE ${conditions.map((one) => `(${one})`).join(' AND ')}`;
  return `${byKey(plan)}${found} ORDER BY ${inOrder(plan.key)} LIMIT ${limit}`;
}

/** FOR SHARE needs more than SELECT before MySQL 8.0.22, and MariaDB does not know it. */
function lock(locks: boolean): string {
  return locks ? ' LOCK IN SHARE MODE' : '';
}
