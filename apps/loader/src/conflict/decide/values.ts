/** Order and sums of column values, exact: digits are never made a floating-point number that they were not. Pure. */
import { SyncError } from '@lutra/model';
import type { ColumnType, Value } from '@lutra/model';

/** Negative, 0 or positive; NULL is smaller than everything. */
export function compareValues(type: ColumnType, a: Value, b: Value): number {
  if (a === null || b === null) return Number(a !== null) - Number(b !== null);
  if (Buffer.isBuffer(a) && Buffer.isBuffer(b)) return Buffer.compare(a, b);
  if (type === 'decimal') return compareDecimals(String(a), String(b));
  if (type === 'time') return compareTimes(String(a), String(b));
  if (typeof a === 'string' && typeof b === 'string') return order(withoutZeros(a), withoutZeros(b));
  return order(a, b);
}

/** existing + (after − before). @throws SyncError VALUE_UNSUPPORTED for what is no number */
export function addDifference(column: { readonly name: string; readonly type: ColumnType }, values: readonly [Value, Value, Value]): Value {
  const [existing, before, after] = values;
  if (typeof existing === 'string' && typeof before === 'string' && typeof after === 'string' && column.type === 'decimal') {
    const scale = Math.max(...[existing, before, after].map(scaleOf));
    return decimalText(unscaled(existing, scale) + unscaled(after, scale) - unscaled(before, scale), scale);
  }
  if (column.type !== 'float' && column.type !== 'double' && isWhole(existing) && isWhole(before) && isWhole(after)) {
    const sum = BigInt(existing) + BigInt(after) - BigInt(before);
    return typeof existing === 'bigint' ? sum : Number(sum);
  }
  throw new SyncError(
    'VALUE_UNSUPPORTED',
    `column ${column.name} (${column.type}): no whole number or decimal, so differences cannot be added`,
    {
      details: { column: column.name, type: column.type },
    },
  );
}

function isWhole(value: Value): value is number | bigint {
  return typeof value === 'bigint' || (typeof value === 'number' && Number.isSafeInteger(value));
}

function order<T extends string | number | bigint | Buffer>(a: T, b: T): number {
  return a < b ? -1 : Number(a > b);
}

/** Fraction digits may differ between the sides. */
function withoutZeros(temporal: string): string {
  return temporal.includes('.') ? temporal.replace(/\.?0+$/, '') : temporal;
}

function compareDecimals(a: string, b: string): number {
  const scale = Math.max(scaleOf(a), scaleOf(b));
  return order(unscaled(a, scale), unscaled(b, scale));
}

/** `-838:59:59.5`: more digits of hours, and signs. */
function compareTimes(a: string, b: string): number {
  const plain = (text: string): string => {
    const [, sign = '', hours = '', rest = ''] = /^(-?)(\d+):(\d\d:\d\d(?:\.\d+)?)$/.exec(text) ?? [];
    const [clock = '', fraction = ''] = rest.replace(/:/g, '').split('.');
    return `${sign}${hours}${clock}.${fraction === '' ? '0' : fraction}`;
  };
  return compareDecimals(plain(a), plain(b));
}

function scaleOf(digits: string): number {
  const point = digits.indexOf('.');
  return point < 0 ? 0 : digits.length - point - 1;
}

function unscaled(digits: string, scale: number): bigint {
  return BigInt(digits.replace('.', '') + '0'.repeat(scale - scaleOf(digits)));
}

function decimalText(value: bigint, scale: number): string {
  const digits = (value < 0n ? -value : value).toString().padStart(scale + 1, '0');
  const text = scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
  return value < 0n ? `-${text}` : text;
}
