/**
 * Values of columns as text in the path of a file: the digits or the text that the server shows in every session. And back: what a path
 * says of the columns that it is made of.
 */
import type { ColumnSchema, ColumnType, FileRule, TemplatePart, Value } from '@lutra/model';
import { pad } from './types/temporal.js';

export interface PathText {
  readonly text: (value: Exclude<Value, null>) => string;
  /** Null: it may be any text. */
  readonly digits: Digits | null;
}

interface Digits {
  /** All of it, as a regular expression. */
  readonly form: string;
  /** A class that has each of its characters. */
  readonly characters: RegExp;
}

const whole: PathText = { text: String, digits: { form: String.raw`-?\d+`, characters: /[\d-]/ } };
const anyText: PathText = { text: String, digits: null };
const clock: PathText = { text: String, digits: { form: '[-0-9:. ]+', characters: /[-\d:. ]/ } };

const bytes = 'bytes are no text';
const rounded = 'a number with a floating point is not shown the same everywhere';

/** A text: why it cannot stand in a path. */
const texts: Readonly<Record<ColumnType, PathText | string>> = {
  tinyint: whole,
  smallint: whole,
  mediumint: whole,
  int: whole,
  bigint: whole,
  decimal: { text: String, digits: { form: String.raw`-?[\d.]+`, characters: /[-\d.]/ } },
  float: rounded,
  double: rounded,
  year: { ...whole, text: (value) => pad(Number(value), 4) },
  bit: bytes,
  char: anyText,
  varchar: anyText,
  text: anyText,
  binary: bytes,
  varbinary: bytes,
  blob: bytes,
  enum: anyText,
  set: 'its members may be in another order elsewhere',
  json: 'a document is no text; the rule may say which of its texts ("json")',
  date: clock,
  time: clock,
  datetime: clock,
  timestamp: 'it is another text in each time zone',
  geometry: bytes,
  vector: bytes,
};

/** A text: why values of this type cannot stand in a path. */
export function pathTextOf({ type }: Pick<ColumnSchema, 'type'>): PathText | string {
  return texts[type];
}

const textTypes: readonly ColumnType[] = ['char', 'varchar', 'text'];

/** Types of a column that may have the hashes of a file rule. */
export function fileHashTypes({ split, json }: Pick<FileRule, 'split' | 'json'>): readonly ColumnType[] {
  if (json !== undefined) return [...textTypes, 'json'];
  return split === undefined ? [...textTypes, 'binary', 'varbinary'] : textTypes;
}

const sha256: Digits = { form: '[0-9a-fA-F]{64}', characters: /[\da-fA-F]/ };

interface Template {
  readonly parts: readonly TemplatePart[];
  readonly typeOf: (column: string) => ColumnType;
  /** Columns whose text is a SHA-256 in hex. */
  readonly isHash: (column: string) => boolean;
}

/**
 * Matches the paths of a template, with a group for each column in their order. Null: several values of the columns may make one path, as
 * with {a}{b}, or with two columns of any text. So two rows with one path have the same values, where it is not null.
 */
export function pathPattern({ parts, typeOf, isHash }: Template): RegExp | null {
  const read = parts.map((part) => ('text' in part ? part.text : { ...part, digits: digitsOf(part.column, { typeOf, isHash }) }));
  const columns = read.filter((part) => typeof part !== 'string');
  const free = read.findIndex((part) => typeof part !== 'string' && part.digits === null);
  if (columns.filter(({ digits }) => digits === null).length > 1 || hasTwice(columns.map(({ column }) => column.toLowerCase())))
    return null;
  for (const [i, part] of read.entries()) {
    if (typeof part === 'string' || part.digits === null) continue;
    // Left of the one that may be any text it ends where its characters end; right of it, it begins so.
    const beside = free >= 0 && i > free ? read[i - 1] : read[i + 1];
    const border = typeof beside === 'string' ? (free >= 0 && i > free ? beside.at(-1) : beside[0]) : '';
    if (beside !== undefined && (border === '' || part.digits.characters.test(border as string))) return null;
  }
  const source = read.map((part) =>
    typeof part === 'string' ? part.replaceAll(/[$()*+./?[\\\]^{|}-]/g, String.raw`\$&`) : `(${part.digits?.form ?? '.+'})`,
  );
  return new RegExp(`^${source.join('')}$`, 's');
}

function digitsOf(column: string, { typeOf, isHash }: Omit<Template, 'parts'>): Digits | null {
  if (isHash(column)) return sha256;
  const text = pathTextOf({ type: typeOf(column) });
  return typeof text === 'string' ? null : text.digits;
}

function hasTwice(names: readonly string[]): boolean {
  return new Set(names).size < names.length;
}
