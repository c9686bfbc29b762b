/**
 * Code that reads the Avro rows of one table version: it checks them, and writes them into SQL. It is put together of numbers, names of
 * variables and the names of functions (below); constants of columns, and the bytes of names, come by their number. Where an engine forbids
 * to make code, nothing of this is used.
 */
import type { ColumnSchema } from '@lutra/model';
import type { FromAvro, ToSql } from '../type-rules.js';
import { rulesOf } from '../types.js';
import { isDecimal, isFinite32, isFinite64, isText, isUnsignedLong, longEnd, wholeEnd } from './avro-values.js';
import { makeFunction, mayCompile } from './image-code.js';
import {
  bits,
  clockText,
  copied,
  decimal,
  documentText,
  floating,
  hex,
  isSame,
  longDigits,
  nullText,
  quoted,
  quotedIf,
  unsignedLong,
  wholeDigits,
} from './sql-literals.js';

/** What code may call by its name. */
const functions = {
  bits,
  clockText,
  copied,
  decimal,
  documentText,
  floating,
  hex,
  isDecimal,
  isFinite32,
  isFinite64,
  isSame,
  isText,
  isUnsignedLong,
  longDigits,
  longEnd,
  nullText,
  quoted,
  quotedIf,
  unsignedLong,
  wholeDigits,
  wholeEnd,
} as const;

/** Where the row that begins at `at` ends, if the codec of objects would take it; −1: it is to be asked. */
export type CheckRow = (src: Buffer, sv: DataView, at: number, end: number) => number;
/** Writes from `p` on; −1: the row is for the codec of objects. */
type WriteRowSql = (src: Buffer, sv: DataView, at: number, b: Buffer, d: DataView, p: number) => number;
type WriteUpdateSql = (src: Buffer, sv: DataView, before: number, after: number, b: Buffer, d: DataView, p: number) => number;

/** How a column of the source is written; null: it is not. */
export interface SqlColumn {
  readonly schema: ColumnSchema;
  readonly toSql: ToSql | null;
  /** NULL is refused. */
  readonly notNull: boolean;
  /** In an update, whether it has changed or not. */
  readonly always: boolean;
  readonly quoted: string;
}

export interface SqlKey {
  readonly quoted: string;
  /** Among the columns. */
  readonly column: number;
  readonly toSql: ToSql;
}

interface SqlTable {
  readonly columns: readonly SqlColumn[];
  readonly key: readonly SqlKey[];
  readonly quoted: string;
}

/** Writers of one table version's rows. Beside a row, a buffer has room for what `room` says. */
export interface RowSql {
  /** `(1, 'a')` */
  readonly insert: WriteRowSql;
  /** `UPDATE t SET … WHERE id = 1` */
  readonly update: WriteUpdateSql;
  /** `(a = 1 AND b = 2)` of the key. */
  readonly alternative: WriteRowSql;
  /** The first column of the key alone, as a literal. */
  readonly keyLiteral: WriteRowSql;
  /** Bytes that a statement of images of so many bytes takes at most. */
  readonly room: (bytes: number) => number;
}

function madeOf<F>(code: string, constants: readonly unknown[]): F {
  const own = constants.map((_, i) => `k${i}`);
  const make = makeFunction([...Object.keys(functions), ...own], `'use strict';\n${code}`) as (...values: readonly unknown[]) => F;
  return make(...Object.values(functions), ...constants);
}

/** A length of up to three bytes into `n`, at most what is left; a value that is longer is not written by code. */
const checkedLength = `if (at >= end) return -1; n = src[at++];
if (n > 127) { if (at >= end) return -1; m = src[at++]; n = n & 127 | m << 7;
  if (m > 127) { if (at >= end) return -1; m = src[at++]; n = n & 16383 | m << 14; if (m > 127) return -1; }
  if (m === 0) return -1; }
if (n & 1) return -1; n >>>= 1; if (n > end - at) return -1;`;
const knownLength = `n = src[at++]; if (n > 127) { n = n & 127 | src[at++] << 7; if (n > 16383) n = n & 16383 | src[at++] << 14; } n >>>= 1;`;

function checkOf({ layout, check }: FromAvro, k: string): string {
  if (layout === 'varint') return `at = ${check({ at: 'at', n: 'end', k })}; if (at < 0) return -1;`;
  if (layout === 'sized') return `${checkedLength} if (!${check({ at: 'at', n: 'n', k })}) return -1; at += n;`;
  return `if (end - at < ${layout} || !${check({ at: 'at', n: String(layout), k })}) return -1; at += ${layout};`;
}

function skipOf({ layout }: FromAvro): string {
  if (layout === 'varint') return 'while (src[at++] > 127);';
  return layout === 'sized' ? `${knownLength} at += n;` : `at += ${layout};`;
}

/** Null: the engine makes no code. */
export function rowCheck(columns: readonly ColumnSchema[]): CheckRow | null {
  if (!mayCompile()) return null;
  const plans = columns.map((column) => rulesOf(column.type).compiled.fromAvro(column));
  const steps = plans.map(
    (plan, i) => `if (at >= end) return -1; m = src[at++]; if (m === 2) { ${checkOf(plan, `k${i}`)} } else if (m !== 0) return -1;`,
  );
  const code = `return function checkRow(src, sv, at, end) { let n = 0, m = 0;\n${steps.join('\n')}\nreturn at; };`;
  return madeOf<CheckRow>(
    code,
    plans.map(({ constant }) => constant),
  );
}

/** Null: the engine makes no code. */
export function rowSql(table: SqlTable): RowSql | null {
  return mayCompile() ? new RowCode(table).made() : null;
}

class RowCode {
  readonly #table: SqlTable;
  readonly #plans: readonly FromAvro[];
  readonly #constants: unknown[] = [];

  constructor(table: SqlTable) {
    this.#table = table;
    this.#plans = table.columns.map(({ schema }) => rulesOf(schema.type).compiled.fromAvro(schema));
  }

  made(): RowSql {
    const parts = [this.#insert(), this.#update(), this.#where('alternative'), this.#where('keyLiteral')];
    const made = madeOf<Omit<RowSql, 'room'>>(`return { ${parts.join(',\n')} };`, this.#constants);
    const { columns, key, quoted } = this.#table;
    const ofColumns = columns.reduce((sum, column) => sum + (column.toSql?.plus ?? 0) + 3 * column.quoted.length + 8, 0);
    const ofKey = key.reduce((sum, { toSql, quoted: name }) => sum + toSql.plus + 3 * name.length + 16, 0);
    const fixed = ofColumns + ofKey + 3 * quoted.length + 64;
    return { ...made, room: (bytes) => 4 * bytes + fixed };
  }

  #insert(): string {
    const { columns } = this.#table;
    let isFirst = true;
    const steps = columns.map(({ toSql, notNull }, i) => {
      if (toSql === null) return `if (src[at++] !== 0) { ${skipOf(this.#plans[i]!)} }`;
      const before = isFirst ? '' : 'b[p] = 44; b[p + 1] = 32; p += 2;';
      isFirst = false;
      return `${before} ${this.#value(i, toSql, notNull)}`;
    });
    return `insert(src, sv, at, b, d, p) { let n = 0, start = 0; b[p++] = 40;\n${steps.join('\n')}\nb[p++] = 41; return p; }`;
  }

  /** The columns that differ, and those that are always written; all of them where none differs. */
  #update(): string {
    const { columns, quoted } = this.#table;
    const count = columns.length;
    const written = columns.flatMap(({ toSql }, i) => (toSql === null ? [] : [i]));
    const isOther = (i: number): string => `!isSame(src, x${i}, x${i + 1}, y${i}, y${i + 1})`;
    const steps = written.map((i) => {
      const { toSql, notNull, always } = columns[i]!;
      const name = this.#text(`${columns[i]!.quoted} = `);
      return `if (all || c${i}${always ? ' || true' : ''}) { if (some) { b[p] = 44; b[p + 1] = 32; p += 2; } some = true; ${name} at = y${i}; ${this.#value(i, toSql!, notNull)} }`;
    });
    return `update(src, sv, before, after, b, d, p) { let n = 0, start = 0, at = before, some = false;
${this.#scan('x')} const x${count} = at; at = after; ${this.#scan('y')} const y${count} = at;
${written.map((i) => `const c${i} = ${isOther(i)};`).join(' ')} const all = !(${written.map((i) => `c${i}`).join(' || ') || 'false'});
${this.#text(`UPDATE ${quoted} SET `)}
${steps.join('\n')}
${this.#text(' WHERE ')} ${this.#keyEquals('x')} return p; }`;
  }

  #where(name: 'alternative' | 'keyLiteral'): string {
    const [first] = this.#table.key;
    const literal = first ? `at = x${first.column}; ${this.#value(first.column, first.toSql, true)}` : 'return -1;';
    const body = name === 'keyLiteral' ? literal : `b[p++] = 40; ${this.#keyEquals('x')} b[p++] = 41;`;
    return `${name}(src, sv, at, b, d, p) { let n = 0, start = 0; ${this.#scan('x')} ${body} return p; }`;
  }

  #keyEquals(x: string): string {
    const equals = this.#table.key.map(({ column, toSql, quoted }, i) => {
      const name = this.#text(`${i === 0 ? '' : ' AND '}${quoted} = `);
      return `${name} at = ${x}${column}; ${this.#value(column, toSql, true)}`;
    });
    return equals.length > 0 ? equals.join('\n') : 'return -1;';
  }

  #scan(x: string): string {
    return this.#plans.map((plan, i) => `const ${x}${i} = at; if (src[at++] !== 0) { ${skipOf(plan)} }`).join('\n');
  }

  /** From the branch on; leaves `at` behind the value. */
  #value(i: number, { constant, code }: ToSql, notNull: boolean): string {
    const { layout } = this.#plans[i]!;
    const names = { start: 'start', at: 'at', n: 'n', k: constant === undefined ? '' : this.#constant(constant) };
    const write = `${code(names)} if (p < 0) return -1;`;
    const behind = layout === 'varint' ? `${write} while (src[at++] > 127);` : `${write} at += n;`;
    const length = layout === 'varint' ? '' : layout === 'sized' ? knownLength : `n = ${layout};`;
    const isNull = notNull ? 'return -1;' : 'p = nullText(b, p);';
    return `if (src[at++] === 0) { ${isNull} } else { start = at; ${length} ${behind} }`;
  }

  /** The bytes of a name come as a constant: code has none of it. */
  #text(text: string): string {
    return `p = copied(b, p, ${this.#constant(Buffer.from(text))});`;
  }

  #constant(value: unknown): string {
    return `k${this.#constants.push(value) - 1}`;
  }
}
