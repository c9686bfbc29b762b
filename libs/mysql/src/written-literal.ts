/**
 * The literal of a column's value as the target's column takes it; of a large one in parts that are made beside the event loop.
 */
import { SyncError, textCodec } from '@lutra/model';
import type { ColumnSchema, Value } from '@lutra/model';
import { declaredMembers, isSmall, printedJson, sameCharset } from '@lutra/rows';
import type { LiteralForm } from '@lutra/rows';
import { beside } from '@lutra/runtime';
import { anySessionForm } from './any-session.js';
import { literalOf, ownForm } from './literal.js';
import type { Literal } from './literal.js';
import type { TargetColumn } from './target-definition.js';

/** A column of the source and its column at the target; `where` names it in errors. */
export interface WrittenColumn {
  readonly source: ColumnSchema;
  readonly target: TargetColumn;
  readonly where: string;
}

/**
 * A literal; in the place of each part stands its number between two NULs. A document's parts are not made in the order of their places.
 */
export interface LiteralParts {
  readonly sql: string;
  readonly parts: readonly LiteralPart[];
}

/** `value`: the whole value, as it was given. */
type LiteralPart = 'value' | { readonly text: string } | { readonly bytes: Uint8Array<ArrayBuffer>; readonly charset: string };

export function writtenLiteral({ source, target, where }: WrittenColumn, make: typeof literalOf, form: LiteralForm): Literal {
  const literal = make(writtenAs(source, target), where, target.members ? { ...form, knowsMembers: true } : form);
  return withinCharset(source, { target, where }, isPrinted(source, target) ? printed(literal) : withinDigits(target, literal));
}

/** The parts of a text's literal: what is not small in it, and what is no text in UTF-8. No literal of ours holds a NUL. */
export function partsOfLiteral(column: WrittenColumn, own: boolean, value: string): LiteralParts {
  const parts: LiteralPart[] = [];
  const part = (one: LiteralPart): string => {
    return `\0${parts.push(one) - 1}\0`;
  };
  const base = own ? ownForm : anySessionForm(false);
  const form: LiteralForm = {
    ...base,
    text: (text) => (isSmall(text) ? base.text(text) : part(text === value ? 'value' : { text })),
    encoded: (bytes, charset) => part({ bytes: Uint8Array.from(bytes), charset }),
  };
  return { sql: writtenLiteral(column, literalOf, form)(value), parts };
}

export const partsBeside = beside(import.meta.url, partsOfLiteral);

export function literalOfParts({ sql, parts }: LiteralParts, value: Exclude<Value, null>, form: LiteralForm): string {
  const written = parts.map((part) => {
    if (part === 'value') return form.text(String(value));
    return 'text' in part ? form.text(part.text) : form.encoded(Buffer.from(part.bytes.buffer), part.charset);
  });
  const pieces = sql.split('\0').map((piece, i) => (i % 2 === 0 ? piece : written[Number(piece)]));
  if (pieces.length !== 2 * parts.length + 1 || pieces.includes(undefined))
    throw new SyncError('INTERNAL', 'a literal and its parts do not fit together');
  return pieces.join('');
}

/** MariaDB's JSON is a text. */
export function isPrinted(source: ColumnSchema, target: TargetColumn): boolean {
  return source.type === 'json' && target.type !== 'json';
}

export function writtenAs(source: ColumnSchema, target: TargetColumn): ColumnSchema {
  if (isPrinted(source, target)) return { ...source, type: 'text' };
  if (source.values !== undefined && target.type === source.type) {
    const { charset } = target;
    return { ...source, values: declaredMembers(source.values, target).members, ...(charset !== null && { charset }) }; // in its order, and of its character set
  }
  const charset = sameCharset(source, target) ? source.charset : undefined;
  if (charset !== source.charset) return { ...source, charset };
  return source.type === 'binary' ? { ...source, length: target.length ?? source.length ?? 0 } : source;
}

/**
 * What is escaped is text in its own character set only; and a TEXT may be longer in another one, where a server without strict mode would
 * cut it.
 */
function withinCharset(source: ColumnSchema, { target, where }: { target: TargetColumn; where: string }, literal: Literal): Literal {
  const { charset } = source;
  const codec = charset === undefined || sameCharset(source, target) ? undefined : textCodec(charset);
  if (!codec || target.generated) return literal;
  return (value) => {
    if (typeof value !== 'string') return literal(value);
    const escaped = codec.escaped(value);
    const tooLong = target.type === 'text' && target.length !== null && Buffer.byteLength(value) > target.length;
    if (!escaped && !tooLong) return literal(value);
    const why = tooLong ? 'is too long in another character set' : 'has bytes that are a character in no other character set';
    const what = `a value ${why} than ${charset}, and the target's column is ${target.columnType} in ${target.charset}`;
    throw new SyncError('VALUE_UNSUPPORTED', `${where}: ${what}`, { details: { column: where, charset } });
  };
}

/** MariaDB's JSON is a text: the one that MySQL prints. */
function printed(literal: Literal): Literal {
  return (value) => literal(typeof value === 'string' ? printedJson(value) : value);
}

/**
 * FLOAT(10,5) takes 99999.99999 and holds the float that is nearest to it, 100000: more than the column takes. Such a value is written as
 * the largest one that it takes, whose nearest float it is.
 */
function withinDigits({ type, precision, scale }: TargetColumn, literal: Literal): Literal {
  if ((type !== 'float' && type !== 'double') || scale === null || precision === null) return literal;
  const largest = `${'9'.repeat(precision - scale)}${scale > 0 ? `.${'9'.repeat(scale)}` : ''}`;
  const stored = type === 'float' ? Math.fround(Number(largest)) : Number(largest);
  return (value) => {
    if (typeof value !== 'number' || Math.abs(value) !== stored) return literal(value);
    return value < 0 ? `-${largest}` : largest;
  };
}
