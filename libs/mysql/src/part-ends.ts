/**
 * Where a large table is cut into parts that are read side by side: keys of rows, found by dives into the primary key. Nothing is scanned:
 * the server estimates how many rows lie between two values, as for any plan.
 *
 * Any keys are right, for each row is in some part whatever the order of the ends is: ends b, a give the parts up to b, none, behind a.
 */
import type { ColumnSchema, Row, Value } from '@lutra/model';
import { isOfKind } from '@lutra/rows';
import { chunkRow, keyOfChunkRow, lastRowQuery, rangeQuery } from './chunk-plan.js';
import type { ChunkPlan } from './chunk-plan.js';
import { rangeConditions } from './key-order.js';
import { quoteTable } from './literal.js';
import type { Queries } from './session-options.js';

/** Of the values between the first and the last one: 0 to 2 ** 64. */
type Between = (share: bigint) => Value;

interface Cut {
  readonly queries: Queries;
  readonly plan: ChunkPlan;
  /** The beginning of the key, up to the column in which the first and the last row differ. */
  readonly key: ChunkPlan['key'];
  at(share: bigint): Row;
}

/** A part is not smaller. */
export const leastRowsOfPart = 50_000;
const whole = 1n << 64n;

/** @throws SyncError SOURCE_* */
export async function partEnds(
  queries: Queries,
  plan: ChunkPlan,
  { most, leastRows = leastRowsOfPart }: { readonly most: number; readonly leastRows?: number },
): Promise<readonly Row[]> {
  const rows = await estimated(queries, plan, '');
  const parts = Math.min(most, Math.floor(rows / leastRows));
  const cut = parts < 2 ? null : await cutOf(queries, plan);
  if (!cut) return [];
  const ends: Row[] = [];
  for (let from = 0n; ends.length < parts - 1;) {
    const share = await shareOf(cut, from, rows / parts);
    const end = share < whole ? await keyBehind(cut, share) : null;
    if (end === null) break;
    ends.push(end);
    from = share;
  }
  return ends;
}

async function cutOf(queries: Queries, plan: ChunkPlan): Promise<Cut | null> {
  const all = { from: null, to: null, where: null, locks: false };
  const first = await keyOf(queries, plan, rangeQuery(plan, { ...all, limit: 1 }));
  const last = await keyOf(queries, plan, lastRowQuery(plan));
  if (!first || !last) return null;
  const index = plan.key.findIndex(({ name }) => textOf(first[name]) !== textOf(last[name]));
  const part = plan.key[index];
  const column = plan.schema.columns.find(({ name }) => name === part?.name);
  const between = part && column ? betweenOf(column, first[part.name] ?? null, last[part.name] ?? null) : null;
  if (!part || !between) return null;
  return { queries, plan, key: plan.key.slice(0, index + 1), at: (share) => ({ ...first, [part.name]: between(share) }) };
}

/** The least share behind `from` with so many rows between them; a server says of more than half of its rows that they are half. */
async function shareOf(cut: Cut, from: bigint, wanted: number): Promise<bigint> {
  let [low, high] = [from, whole];
  while (high - low > 1n) {
    const middle = (low + high) / 2n;
    const range = { from: from === 0n ? null : cut.at(from), to: cut.at(middle) };
    const rows = await estimated(cut.queries, cut.plan, ` WHERE ${rangeConditions(cut.key, range).join(' AND ')}`);
    if (rows < wanted * 0.98) low = middle;
    else high = middle;
  }
  return high;
}

async function keyBehind({ queries, plan, key, at }: Cut, share: bigint): Promise<Row | null> {
  const where = rangeConditions(key, { from: at(share), to: null }).join(' AND ');
  return keyOf(queries, plan, rangeQuery(plan, { from: null, to: null, where, limit: 1, locks: false }));
}

async function keyOf(queries: Queries, plan: ChunkPlan, sql: string): Promise<Row | null> {
  const [row] = await queries.query(sql);
  return row ? keyOfChunkRow(plan, await chunkRow(plan, row)) : null;
}

/** Servers make no dives where an index is forced. */
async function estimated(queries: Queries, { table }: ChunkPlan, range: string): Promise<number> {
  const [plan] = await queries.query(`EXPLAIN FORMAT=TRADITIONAL SELECT * FROM ${quoteTable(table)}${range}`);
  return Number(plan?.['rows'] ?? 0);
}

/** Null: values of this type are not cut. */
function betweenOf({ type }: ColumnSchema, first: Value, last: Value): Between | null {
  const of =
    (low: bigint, high: bigint, valueAt: (number: bigint) => Value): Between =>
    (share) =>
      valueAt(low + ((high - low) * share) / whole);
  if (isOfKind(type, 'whole')) return of(BigInt(String(first)), BigInt(String(last)), (n) => (type === 'bigint' ? n : Number(n)));
  if (isOfKind(type, 'bytes') && Buffer.isBuffer(first) && Buffer.isBuffer(last)) return of(bytesNumber(first), bytesNumber(last), bytesOf);
  if (typeof first !== 'string' || typeof last !== 'string' || !isOfKind(type, 'text')) return null;
  let length = 0;
  while (length < first.length && first[length] === last[length]) length += 1;
  const [low, high] = [lettersNumber(first.slice(length)), lettersNumber(last.slice(length))];
  return low === null || high === null ? null : of(low, high, (number) => first.slice(0, length) + lettersOf(number));
}

const cutBytes = 16;

function bytesNumber(bytes: Buffer): bigint {
  return BigInt(`0x${Buffer.concat([bytes.subarray(0, cutBytes), Buffer.alloc(cutBytes)], cutBytes).toString('hex')}`);
}

function bytesOf(number: bigint): Buffer {
  return Buffer.from(number.toString(16).padStart(2 * cutBytes, '0'), 'hex');
}

/** Printable letters of ASCII, as digits. */
const [firstLetter, letters, cutLetters] = [32, 95n, 8];

function lettersNumber(text: string): bigint | null {
  const codes = Array.from({ length: cutLetters }, (_, i) => (text.charCodeAt(i) || firstLetter) - firstLetter);
  if (codes.some((code) => code < 0 || code >= Number(letters))) return null;
  return codes.reduce((sum, code) => sum * letters + BigInt(code), 0n);
}

function lettersOf(number: bigint): string {
  let [text, rest] = ['', number];
  for (let i = 0; i < cutLetters; i++) {
    text = String.fromCharCode(firstLetter + Number(rest % letters)) + text;
    rest /= letters;
  }
  return text;
}

function textOf(value: Value | undefined): string {
  return Buffer.isBuffer(value) ? value.toString('hex') : String(value);
}
