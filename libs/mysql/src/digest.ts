/**
 * Digests of a pair of tables, computed inside each server: count and sum over a range of the primary key, and the hash of each row. Two
 * ranges with equal digests have equal rows; ranges with other digests may still be equal by value (digest-column.ts).
 *
 * A row's hash is made of parts that end with a comma: digits, bytes in hex, a NULL as a mark with which no value begins, and of what may
 * be large its own hash. Counter-examples to hashing a row as one text: ('a', NULL, 'b') and ('a', 'b') are one to
 * CONCAT_WS, and so are ('a#b', 'c') and ('a', 'b#c'); a row beyond max_allowed_packet becomes NULL with a warning, and SUM passes over it.
 * So a row without a hash is counted: `hashed` is less than `rows`, and the range must be read. (A hash of each column by itself says the
 * same and takes five times as long.) Sums are added, not XORed: two equal rows do not cancel out.
 */
import { SyncError, tableName } from '@lutra/model';
import type { Row, TableSchema, Value } from '@lutra/model';
import { digestForm, digestedValue } from './digest-column.js';
import type { ColumnPair, DigestedSide, DigestForm } from './digest-column.js';
import { descendingParts, inOrder, isAt, keyPart, orderDoubt, rangeConditions } from './key-order.js';
import type { KeyPart, KeyRange } from './key-order.js';
import { keyed, ownKeyed, primaryIndex } from './keyed.js';
import { quoteName, quoteTable } from './literal.js';
import { definitionDifferences } from './match-tables.js';
import type { RowPlan } from './row-plan.js';
import { selectedColumns } from './row-statements.js';
import type { Queries, ResultRow } from './session-options.js';
import { valueOf } from './row-values.js';
import { planTable } from './table-plan.js';
import { asSource } from './target-table.js';
import type { TargetTable } from './target-definition.js';

export interface DigestSide {
  /** Rows of this side as the source's row events have them. */
  readonly rows: RowPlan;
  /** With the index of its key. */
  readonly table: string;
  readonly key: readonly KeyPart[];
  /** SQL of a row's hash: 64 digits, or NULL. Null: a column cannot be hashed, so rows are to be read. */
  readonly hash: string | null;
}

export interface DigestPlan {
  readonly source: DigestSide;
  readonly target: DigestSide;
  /** Columns that cannot be hashed, by their names at the source. */
  readonly unhashed: readonly string[];
}

export interface Digest {
  readonly rows: number;
  /** Less than `rows`: the digest says nothing. */
  readonly hashed: number;
  readonly sum: string;
}

/**
 * A text: why the tables cannot be compared.
 * @throws SyncError SOURCE_*; as planRows()
 */
export async function planDigest(source: Queries, given: { from: TargetTable; to: TargetTable }): Promise<DigestPlan | string> {
  const from = ownKeyed(given.from);
  const to = keyed(from, given.to);
  const untyped = from.columns.find(({ type }) => type === 'other');
  if (untyped) return `column ${untyped.name} is ${untyped.columnType}, which is not replicated`;
  const [difference] = definitionDifferences(given.from, given.to);
  if (difference !== undefined) return difference;
  if (from.primaryKey.length === 0 || to.primaryKey.length === 0)
    return 'it has no primary key, and no unique key over whole NOT NULL columns that both sides have';
  if ([from, to].some(({ prefixKeys }) => prefixKeys.includes('PRIMARY'))) return 'its primary key covers only the beginning of a column';
  const pairs = pairsOf(from, to);
  const key = from.primaryKey.flatMap((name) => pairs.get(name.toLowerCase()) ?? []);
  const sameFlavor = from.server.flavor === to.server.flavor;
  for (const pair of key) {
    const doubt = pair.target.generated ? 'is generated' : orderDoubt({ ...pair, sameFlavor });
    if (doubt !== null) return `column ${pair.source.name} of its primary key ${doubt}, so keys may have another order`;
  }
  const descending = await descendingParts(source, from);
  const schema = asSource(from);
  const written = [...pairs.values()].filter((pair) => !pair.target.generated);
  const sideOf = (side: DigestedSide, table: TargetTable): DigestSide => ({
    rows: planSide(schema, table, side),
    table: `${quoteTable(table)} FORCE INDEX (${quoteName(primaryIndex(table))})`,
    key: key.map((pair) => keyPart(pair, side, { table: tableName(table), descends: descending.has(pair.source.name.toLowerCase()) })),
    hash: rowHash(written, side),
  });
  const unhashed = written.filter((pair) => digestedValue(pair, 'target') === null).map((pair) => pair.source.name);
  return { source: sideOf('source', from), target: sideOf('target', to), unhashed };
}

/** What the source computes stands in its row events, and so in its rows here. */
function planSide(schema: TableSchema, table: TargetTable, side: DigestedSide): RowPlan {
  const columns = side === 'source' ? table.columns.map((column) => ({ ...column, generated: false })) : table.columns;
  const plan = planTable(schema, { ...table, columns });
  return { table: plan, uniqueKeys: [], columns: new Map(plan.columns.map((column) => [column.name, column])) };
}

/** By the source's names in lower case. */
function pairsOf(from: TargetTable, to: TargetTable): ReadonlyMap<string, ColumnPair> {
  const by = <T extends { readonly name: string }>(columns: readonly T[]): ReadonlyMap<string, T> =>
    new Map(columns.map((column) => [column.name.toLowerCase(), column]));
  const schemas = (table: TargetTable): ReadonlyMap<string, TableSchema['columns'][number]> => by(asSource(table).columns);
  const [targets, sourceSchemas, targetSchemas] = [by(to.columns), schemas(from), schemas(to)];
  const pairs = new Map<string, ColumnPair>();
  for (const source of from.columns) {
    const name = source.name.toLowerCase();
    const [target, sourceSchema, targetSchema] = [targets.get(name), sourceSchemas.get(name), targetSchemas.get(name)];
    if (target && sourceSchema && targetSchema) pairs.set(name, { source, target, sourceSchema, targetSchema });
  }
  return pairs;
}

function rowHash(pairs: readonly ColumnPair[], side: DigestedSide): string | null {
  const parts: string[] = [];
  for (const pair of pairs) {
    const value = digestedValue(pair, side);
    if (value === null) return null;
    const part = partOf(value, digestForm(pair));
    parts.push(pair[side].nullable || pair[opposite[side]].nullable ? `IF(${quoteName(pair[side].name)} IS NULL, 'N', ${part})` : part);
  }
  return `SHA2(CONCAT(${parts.join(', ')}), 256)`;
}

const opposite = { source: 'target', target: 'source' } as const;

/** Ends with a comma, has no other, and never begins with N. All of it is ASCII: servers convert what is mixed of bytes and texts. */
function partOf(value: string, form: DigestForm): string {
  switch (form) {
    case 'digits':
      return `CONCAT(${value}, ',')`;
    case 'bytes':
      return `CONCAT(HEX(${value}), ',')`;
    case 'large':
      return `CONCAT(SHA2(${value}, 256), ',')`;
  }
}

export interface Rows {
  readonly range: KeyRange;
  /** A condition in SQL; null: none. */
  readonly where: string | null;
}

function from({ table, key }: DigestSide, { range, where }: Rows): string {
  const conditions = [...rangeConditions(key, range), ...(where === null ? [] : [`(${where}\n)`])];
  return `FROM ${table}${conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`}`;
}

/** Keeps the server from putting the inner query into the outer one, where it would make each hash three times. */
const apart = 'LIMIT 18446744073709551615';

/** Of the range, in one row: for readDigest(). */
export function digestQuery(side: DigestSide, rows: Rows): string {
  const half = (at: number): string => `COALESCE(SUM(CAST(CONV(SUBSTRING(h, ${at}, 16), 16, 10) AS UNSIGNED)), 0)`;
  const hashes = `SELECT ${side.hash ?? 'NULL'} AS h ${from(side, rows)} ${apart}`;
  return `SELECT COUNT(*) AS n, COUNT(h) AS hashed, ${half(1)} AS a, ${half(17)} AS b FROM (${hashes}) AS hashes`;
}

export function readDigest(row: ResultRow | undefined): Digest {
  if (!row) throw new SyncError('INTERNAL', 'a server answered the question for a digest without a row');
  const text = (name: string): string => String(row[name] ?? '0');
  return { rows: Number(text('n')), hashed: Number(text('hashed')), sum: `${text('a')}.${text('b')}` };
}

export function sameDigest(one: Digest, other: Digest): boolean {
  return [one, other].every(({ rows, hashed }) => rows === hashed) && one.rows === other.rows && one.sum === other.sum;
}

/** Key and hash of each row of the range, in order: for keyIn() and hashIn(). */
export function hashesQuery(side: DigestSide, rows: Rows, limit: number): string {
  return `SELECT ${keyColumns(side)}, ${side.hash ?? 'NULL'} AS h ${from(side, rows)} ORDER BY ${inOrder(side.key)} LIMIT ${limit}`;
}

/** The key of the row number `n` of the range, from 1, if it has so many. */
export function boundaryQuery(side: DigestSide, rows: Rows, n: number): string {
  return `SELECT ${keyColumns(side)} ${from(side, rows)} ORDER BY ${inOrder(side.key)} LIMIT 1 OFFSET ${n - 1}`;
}

/** Whole rows of the range, in order, for toRow(). */
export function rowsQuery(side: DigestSide, rows: Rows, limit: number): string {
  return `SELECT ${selectedColumns(side.rows)} ${from(side, rows)} ORDER BY ${inOrder(side.key)} LIMIT ${limit}`;
}

/** Whole rows of these keys, for toRow(). */
export function rowsByKeyQuery(side: DigestSide, keys: readonly Row[]): string {
  const found = keys.map((key) => `(${isAt(side.key, key)})`).join(' OR ');
  return `SELECT ${selectedColumns(side.rows)} FROM ${side.table} WHERE ${found}`;
}

function keyColumns({ rows }: DigestSide): string {
  return rows.table.key.map(({ selected }, i) => `${selected} AS k${i}`).join(', ');
}

/** Of a row that hashesQuery() or boundaryQuery() found. */
export function keyIn({ rows }: DigestSide, found: ResultRow): Row {
  return Object.fromEntries(rows.table.key.map(({ name, schema }, i): [string, Value] => [name, valueOf(schema, found[`k${i}`] ?? null)]));
}
