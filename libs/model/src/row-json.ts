/**
 * A row as JSON and back, to the byte: in lutra.signal, in resolution records and in lutra.conflict. Plain JSON has no bigint, no bytes and
 * no -0, so those are arrays with a letter: `["i", digits]`, `["b", base64]`, `["f", "-0"]`. Other values stand for themselves.
 */
import { SyncError } from './errors.js';
import type { Row, Value } from './table.js';

type JsonValue = null | number | string | readonly ['i' | 'b' | 'f', string];
export type JsonRow = Readonly<Record<string, JsonValue>>;

export function rowToJson(row: Row): string {
  return JSON.stringify(jsonRow(row));
}

/** The same as an object, to stand in a greater one. */
export function jsonRow(row: Row): JsonRow {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, toJson(value)]));
}

/** Of a row that is recorded to be looked at: a larger one is recorded without its large values. */
const recordedLength = 1_000_000;
const recordedValueLength = 1_000;

/** As jsonRow, but of the large values of a large row only how long they are: `["cut", length]`, which rowFromJson refuses. */
export function recordedRow(row: Row): Readonly<Record<string, JsonValue | readonly ['cut', string]>> {
  if (lengthOfRow(row) <= recordedLength) return jsonRow(row);
  const cut = (value: Value): JsonValue | readonly ['cut', string] =>
    lengthOf(value) > recordedValueLength ? ['cut', String(lengthOf(value))] : toJson(value);
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, cut(value)]));
}

/** Of its texts and bytes. */
export function lengthOfRow(row: Row): number {
  return Object.values(row).reduce<number>((length, value) => length + lengthOf(value), 0);
}

function lengthOf(value: Value): number {
  return typeof value === 'string' || Buffer.isBuffer(value) ? value.length : 0;
}

/** @throws SyncError RECORD_INVALID naming the column, never its value */
export function rowFromJson(text: string): Row {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new SyncError('RECORD_INVALID', 'a row that is not JSON');
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw new SyncError('RECORD_INVALID', 'a row that is no object');
  return Object.fromEntries(Object.entries(parsed).map(([name, value]) => [name, fromJson(value, name)]));
}

function toJson(value: Value): JsonValue {
  if (typeof value === 'bigint') return ['i', value.toString()];
  if (Buffer.isBuffer(value)) return ['b', value.toString('base64')];
  return Object.is(value, -0) ? ['f', '-0'] : value;
}

function fromJson(value: unknown, name: string): Value {
  if (value === null || typeof value === 'string' || typeof value === 'number') return value;
  const [kind, text] = Array.isArray(value) && value.length === 2 ? (value as unknown[]) : [];
  if (typeof text === 'string') {
    if (kind === 'i' && /^-?\d{1,20}$/.test(text)) return BigInt(text);
    if (kind === 'b' && /^[A-Za-z0-9+/]*={0,2}$/.test(text)) return Buffer.from(text, 'base64');
    if (kind === 'f' && text === '-0') return -0;
    if (kind === 'cut') throw new SyncError('RECORD_INVALID', `column ${name}: a value of length ${text} was too large to be recorded`);
  }
  throw new SyncError('RECORD_INVALID', `column ${name} of a row in JSON cannot be read`);
}
