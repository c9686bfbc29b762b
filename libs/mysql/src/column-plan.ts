/**
 * One column of a source table at its target: how a value is written, read back and found, by both definitions. `=` does not say that a
 * value is the same: table-plan.ts has the counter-examples.
 */
import { SyncError, tableName, textCodec } from '@lutra/model';
import type { ColumnSchema, ColumnType, TextCodec, Value } from '@lutra/model';
import { asBinary, otherToSql, rulesOf, sameCharset } from '@lutra/rows';
import type { ColumnStaging, Compared, Condition, LiteralForm, SqlValue, ToSql } from '@lutra/rows';
import { isSmall } from '@lutra/rows';
import { comparedLiteralOf, literalOf, ownForm, quoteName } from './literal.js';
import type { Literal } from './literal.js';
import type { TargetColumn, TargetServer, TargetTable } from './target-definition.js';
import { isPrinted, literalOfParts, partsBeside, writtenAs, writtenLiteral } from './written-literal.js';
import type { LiteralParts } from './written-literal.js';

export interface ColumnPlan {
  readonly name: string;
  /** As the source has it. */
  readonly schema: ColumnSchema;
  /** Its values are documents of the server's JSON, at the source and here. */
  readonly isTyped: boolean;
  readonly quoted: string;
  /** What the server is asked for, so that valueOf() loses nothing. */
  readonly selected: string;
  readonly literal: Literal;
  /** For writing: refuses NULL where the target would store something else. */
  readonly stored: Literal;
  /** Condition that holds for the rows that a key finds by this value. */
  readonly equals: (value: Value) => string;
  /** Condition that holds for exactly this value. */
  readonly exactly: (value: SqlValue) => string;
  /** As `literal`, for a value that is too large for a text. @param parts of it, if they are known */
  readonly staged: (value: Exclude<Value, null>, staging: ColumnStaging, parts?: LiteralParts) => string;
  /** What `staged` makes of a text, made beside the event loop. */
  readonly partsOf: (value: string) => Promise<LiteralParts>;
  readonly alwaysWritten: boolean;
  readonly notNull: boolean;
  /** Code that writes what `literal` gives, and what the column is compared with; in our own session. */
  readonly code: () => { readonly stored: ToSql; readonly compared: ToSql };
}

export function planColumn(
  source: ColumnSchema,
  target: TargetColumn,
  { table, form }: { table: TargetTable; form: LiteralForm },
): ColumnPlan {
  const where = `${tableName(table)}.${target.name}`;
  const isText = isPrinted(source, target);
  const writing = writtenAs(source, target);
  const write = (make: typeof literalOf, by: LiteralForm): Literal => writtenLiteral({ source, target, where }, make, by);
  const [literal, compared] = [write(literalOf, form), write(comparedLiteralOf, form)];
  const codec = readAsBytes(source, target, table.server);
  const quoted = quoteName(target.name);
  const equal = form === ownForm || target.type === 'other' ? null : rulesOf(target.type).sql.inAnySession(target, compared);
  const exactType = isText ? target.type : source.type;
  return {
    name: source.name,
    schema: source,
    isTyped: source.type === 'json' && !isText,
    quoted,
    selected: codec && !isSpelled(writing) ? asBinary(quoted) : rulesOf(writing.type).sql.selected(writing, quoted),
    literal,
    stored: target.nullable ? literal : (value) => literal(notNull(value, where)),
    equals: (value) => (equal && typeof value === 'string' ? equal(value) : `${quoted} = ${compared(value)}`),
    staged: (value, staging, parts) => {
      if (Buffer.isBuffer(value)) return staging.bytes(value);
      const by = stagedForm(form, staging);
      return parts ? literalOfParts(parts, value, by) : write(literalOf, by)(value);
    },
    partsOf: (value) => partsBeside({ source, target, where }, form.own, value),
    exactly: exactCondition({ ...writing, quoted, codec, inAnySession: equal !== null }, exactType, { literal: compared, equal }),
    alwaysWritten: target.onUpdateTimestamp,
    notNull: !target.nullable,
    code: () => codeOf({ source, target }, writing, { literal, compared }),
  };
}

/** Through objects where the target's column takes values in a way of its own. */
function codeOf(
  { source, target }: { readonly source: ColumnSchema; readonly target: TargetColumn },
  writing: ColumnSchema,
  { literal, compared }: { readonly literal: Literal; readonly compared: Literal },
): ReturnType<ColumnPlan['code']> {
  const { avro, compiled, sql } = rulesOf(source.type);
  const codec = avro(source);
  const isSame = source.charset === undefined || sameCharset(source, target);
  const hasDigits = (target.type === 'float' || target.type === 'double') && target.scale !== null;
  const isDirect = isSame && !hasDigits && !isPrinted(source, target);
  const stored = isDirect ? compiled.toSql(writing) : otherToSql(codec, literal);
  return { stored, compared: isDirect && sql.compared === sql.stored ? stored : otherToSql(codec, compared) };
}

/** What a SELECT of it gives is spelled out by us (types/choices.ts in libs/rows). */
function isSpelled({ values }: ColumnSchema): boolean {
  return values?.includes('') === true;
}

/** Texts as variables, but for what is small (the numbers and keys of a JSON document). */
function stagedForm(form: LiteralForm, staging: ColumnStaging): LiteralForm {
  return {
    ...form,
    text: (part) => (isSmall(part) ? form.text(part) : staging.text(part)),
    encoded: (bytes, charset) => wellFormed(`CONVERT(${staging.bytes(bytes)} USING ${charset})`, bytes.length),
  };
}

/** In a statement without it error 1690 is not of bytes that are no text in their character set. */
export const raisesIllFormed = 'IF(~0 + (NOT (LENGTH(CONVERT(';

/**
 * A literal of bytes that are no text here is an error; a CONVERT of them is NULL, without a word in strict mode too, or the text before
 * them.
 */
function wellFormed(converted: string, bytes: number): string {
  return `${raisesIllFormed.slice(0, -'CONVERT('.length)}${converted}) <=> ${bytes})), ${converted}, NULL)`;
}

/** Null: a session of utf8mb4 gives all there may be in it, as text. MariaDB's utf8 may hold halves of a pair. */
function readAsBytes(source: ColumnSchema, target: TargetColumn, server: TargetServer): TextCodec | null {
  const codec = source.charset !== undefined && sameCharset(source, target) ? textCodec(source.charset) : undefined;
  return codec && (!codec.plain || (server.flavor === 'mariadb' && source.charset?.startsWith('utf8'))) ? codec : null;
}

/** Some servers store the current time, or 0, where NULL is not allowed. */
function notNull(value: SqlValue, where: string): SqlValue {
  if (value !== null) return value;
  throw new SyncError('VALUE_UNSUPPORTED', `${where}: NULL, which the target's column does not allow`, { details: { column: where } });
}

/** `equal`: what is compared in another way in other sessions. */
function exactCondition(column: Compared, type: ColumnType | 'other', { literal, equal }: Equality): (value: SqlValue) => string {
  const exactly: Condition = type === 'other' ? (_value, _text, same) => same : rulesOf(type).sql.exactly(column);
  return (value) => {
    const text = literal(value);
    return exactly(value, text, equal && typeof value === 'string' ? equal(value) : `${column.quoted} <=> ${text}`);
  };
}

interface Equality {
  readonly literal: Literal;
  readonly equal: ((value: string) => string) | null;
}
