/**
 * Code that reads row images of one table version and writes them into Avro. It is put together of numbers, names of variables and the
 * names of functions (below); constants of columns come by their number. Where an engine forbids to make code, nothing of this is used.
 */
import { rulesOf } from '../types.js';
import type { ToAvro, WireColumn } from '../type-rules.js';
import { date, datetime, time, timestamp } from './clocks.js';
import { jsonText } from './documents.js';
import { unscaled, unscaledU64, varint, varint64, varintNumber } from './numbers.js';
import { ascii, bytes, singleByte, utf8, zeroPadded } from './texts.js';

const nullInKey = (): RangeError => new RangeError('a column of the primary key is null');
const notFinite = (): RangeError => new RangeError('a number that is not finite');
const unusualBits = (): RangeError => new RangeError('more bits than the column has');
const unusualDecimal = (): RangeError => new RangeError('a decimal that is not usual');

/** What code may call by its name. */
const functions = {
  ascii,
  bytes,
  date,
  datetime,
  jsonText,
  notFinite,
  nullInKey,
  singleByte,
  time,
  timestamp,
  unscaled,
  unscaledU64,
  unusualBits,
  unusualDecimal,
  utf8,
  varint,
  varint64,
  varintNumber,
  zeroPadded,
} as const;

export interface ImageCode {
  /** Bytes of the bits that say which columns are null. */
  readonly nullBytes: number;
  /** Of columns in Avro: so many times their bytes in the row, and so many beside. */
  readonly most: (columns?: readonly number[]) => { readonly times: number; readonly plus: number };
  /** By their numbers: `k0`, `k1`, … */
  readonly constants: readonly unknown[];
  /** Statements that move `s` over an image; `x` begins the names of its places. */
  readonly scan: (x: string) => string;
  /** Statements that write all columns, or some that are never null. */
  readonly image: (x: string) => string;
  readonly key: (x: string, columns: readonly number[]) => string;
}

let isAllowed: boolean | undefined;

/** An engine may forbid to make code from texts. */
export function mayCompile(): boolean {
  isAllowed ??= tryCompile();
  return isAllowed;
}

function tryCompile(): boolean {
  try {
    return (makeFunction(['one'], 'return one + 1;') as (one: number) => number)(1) === 2;
  } catch {
    return false;
  }
}

/** @throws EvalError where the engine forbids it */
export function makeFunction(names: readonly string[], body: string): unknown {
  // eslint-disable-next-line typescript/no-implied-eval -- the one place where code is made; see the top of the file
  return new Function(...names, body);
}

/** The function that `code` gives back. It may call the functions of a column's code, constants of columns, and what else is named. */
export function compiled<F>(code: string, constants: readonly unknown[], more: Readonly<Record<string, unknown>> = {}): F {
  const named = { ...functions, ...more };
  const own = constants.map((_, i) => `k${i}`);
  const make = makeFunction([...Object.keys(named), ...own], `'use strict';\n${code}`) as (...values: readonly unknown[]) => F;
  return make(...Object.values(named), ...constants);
}

export function imageCode(columns: readonly WireColumn[]): ImageCode {
  const plans = columns.map((column) => rulesOf(column.schema.type).compiled.toAvro(column));
  const nullBytes = (columns.length + 7) >> 3;
  const valueOf = (x: string, i: number): string => {
    const { size, code } = plans[i]!;
    return code({ s: `${x}${i}`, n: typeof size === 'number' ? '0' : `${x}${i}n`, k: `k${i}` });
  };
  return {
    nullBytes,
    most: (some = [...plans.keys()]) => ({
      times: Math.max(0, ...some.map((i) => plans[i]!.times)),
      plus: some.reduce((sum, i) => sum + plans[i]!.plus + 1, 0),
    }),
    constants: plans.map(({ constant }) => constant),
    scan: (x) => [`const ${x} = s; s += ${nullBytes};`, ...plans.map((plan, i) => place(plan, x, i))].join('\n'),
    image: (x) => plans.map((_, i) => `if (${isNull(x, i)}) b[p++] = 0; else { b[p++] = 2; ${valueOf(x, i)} }`).join('\n'),
    key: (x, keys) => keys.map((i) => `if (${isNull(x, i)}) throw nullInKey(); ${valueOf(x, i)}`).join('\n'),
  };
}

function isNull(x: string, i: number): string {
  return `(src[${x} + ${i >> 3}] & ${1 << (i & 7)}) !== 0`;
}

const lengths = {
  1: 'src[s]',
  2: 'sv.getUint16(s, true)',
  3: '(sv.getUint16(s, true) | (src[s + 2] << 16))',
  4: 'sv.getUint32(s, true)',
} as const;

function place({ size }: ToAvro, x: string, i: number): string {
  if (typeof size === 'number') return `const ${x}${i} = s; if (!(${isNull(x, i)})) s += ${size};`;
  const { prefix } = size;
  return (
    `let ${x}${i} = s, ${x}${i}n = 0; ` +
    `if (!(${isNull(x, i)})) { ${x}${i}n = ${lengths[prefix]}; ${x}${i} = s + ${prefix}; s = ${x}${i} + ${x}${i}n; }`
  );
}

/** Rows from `s` to `end`: how many, and where the last one begins. 0 where they do not end at `end`. */
export type CountRows = (src: Buffer, sv: DataView, s: number, end: number) => { readonly rows: number; readonly last: number };

/** @param images of a row: 2 of an update. Null: the engine makes no code. */
export function rowCounter(columns: readonly WireColumn[], images: 1 | 2): CountRows | null {
  if (!mayCompile()) return null;
  const { scan, constants } = imageCode(columns);
  const code = `return function countRows(src, sv, s, end) {
let rows = 0, last = s;
try {
  while (s < end) {
    last = s;
    { ${scan('x')} }
    ${images === 2 ? `{ ${scan('y')} }` : ''}
    rows++;
  }
} catch { rows = 0; }
return { rows: s === end ? rows : 0, last };
};`;
  return compiled<CountRows>(code, constants);
}
