/**
 * One column of a source table at its target: how a value is written, read back and found, by both definitions. `=` does not say that a
 * value is the same: table-plan.ts has the counter-examples.
 */
import { SyncError, tableName, textCodec } from '@lutra/model';
import type { ColumnSchema, ColumnType, TextCodec, Value } from '@lutra/model';
import { sameInAnySession } from './any-session.js';
import { comparedLiteralOf, literalOf, ownForm, quoteName, quoteText } from './literal.js';
import type { Literal } from './literal.js';
import type { LiteralForm } from './literal-form.js';
import { isSmall, StagedSql } from './staged-sql.js';
import type { ColumnStaging, SqlValue } from './staged-sql.js';
import { sameCharset } from './match-tables.js';
import { inOrder, selected } from './row-values.js';
import type { TargetColumn, TargetServer, TargetTable } from './target-definition.js';
import { typesOf, typesSql } from './json-types.js';
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
  const inAnySession = form === ownForm ? null : sameInAnySession(target, compared);
  return {
    name: source.name,
    schema: source,
    isTyped: source.type === 'json' && !isText,
    quoted,
    selected: codec && !isSpelled(writing) ? asBinary(quoted) : selected(writing, quoted),
    literal,
    stored: target.nullable ? literal : (value) => literal(notNull(value, where)),
    equals: (value) => (inAnySession && typeof value === 'string' ? inAnySession(value) : `${quoted} = ${compared(value)}`),
    staged: (value, staging, parts) => {
      if (Buffer.isBuffer(value)) return staging.bytes(value);
      const by = stagedForm(form, staging);
      return parts ? literalOfParts(parts, value, by) : write(literalOf, by)(value);
    },
    partsOf: (value) => partsBeside({ source, target, where }, form.own, value),
    exactly: exactCondition(isText ? target.type : source.type, quoted, { literal: compared, codec, inAnySession, ...writing }),
    alwaysWritten: target.onUpdateTimestamp,
  };
}

/** What a SELECT of it gives is spelled out by us (row-values.ts). */
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

interface Compared {
  readonly literal: Literal;
  /** Condition for what `=` compares otherwise in other sessions. */
  readonly inAnySession: ((value: string) => string) | null;
  /** Of a text that is compared by its own bytes: two of them may be one to Unicode. */
  readonly codec: TextCodec | null;
  /** Of the target; with a codec, its own. */
  readonly charset?: string | undefined;
  readonly values?: readonly string[] | undefined;
}

/** A literal of an ENUM or SET. */
const isNumber = /^\d/;

function exactCondition(
  type: ColumnType | 'other',
  quoted: string,
  { literal, codec, charset, values, inAnySession }: Compared,
): (value: SqlValue) => string {
  const bare = type === 'char' && inAnySession ? `RTRIM(${quoted})` : quoted; // which may give it with blanks
  return (value) => {
    const text = literal(value);
    if (type === 'vector') return value === null ? `${quoted} IS NULL` : `CAST(${quoted} AS BINARY) <=> ${text}`; // it compares with nothing
    const same = inAnySession && typeof value === 'string' ? inAnySession(value) : `${quoted} <=> ${text}`;
    if (value === null) return same;
    if ((type === 'enum' || type === 'set') && isNumber.test(text)) return same;
    const own = typeof value === 'string' ? codec?.encode(type === 'set' ? inOrder(value, values) : value) : null;
    if (codec && value instanceof StagedSql) return `${asBinary(bare)} <=> ${asBinary(`CONVERT(${text} USING ${charset})`)}`;
    if (own) return `${type === 'text' ? '' : `${same} AND `}${asBinary(bare)} <=> x'${own.toString('hex')}'`;
    switch (type) {
      case 'enum':
      case 'set':
      case 'char':
      case 'varchar': // the first half may use an index
        return `${same} AND ${bytesOf(bare)} <=> ${bytesOf(text)}`;
      case 'text':
        return `${bytesOf(quoted)} <=> ${bytesOf(text)}`;
      case 'json':
        return exactDocument(quoted, text);
      case 'float':
      case 'double':
        return value === 0 ? `${same} AND LEFT(${quoted}, 1) <=> '${Object.is(value, -0) ? '-' : '0'}'` : same;
      case 'tinyint':
      case 'smallint':
      case 'mediumint':
      case 'int':
      case 'bigint':
      case 'decimal':
      case 'year':
      case 'bit':
      case 'binary':
      case 'varbinary':
      case 'blob':
      case 'date':
      case 'time':
      case 'datetime':
      case 'timestamp':
      case 'geometry':
      case 'other':
        return same;
    }
  };
}

/**
 * As printed, because 1 = 1.0; the literal passes through JSON, so that its blanks and order do not matter. Or one as it would print had it
 * come as a text, the other as it is: a number made of a DECIMAL prints 1.10, and 1.1 where a dump has brought it.
 */
function exactDocument(quoted: string, text: string): string {
  const printed = (document: string): string => `CAST(${document} AS CHAR)`;
  const asText = (document: string): string => printed(`CAST(${printed(document)} AS JSON)`);
  const given = `CAST(${text} AS JSON)`;
  const isEither = `${bytesOf(printed(given))} IN (${bytesOf(printed(quoted))}, ${bytesOf(asText(quoted))})`;
  return `(${isEither} OR ${bytesOf(asText(given))} <=> ${bytesOf(printed(quoted))})`;
}

/** 1 where the document has the types of this one. */
export function hasTypes(quoted: string, document: string): string {
  return `(${typesSql(quoted)} <=> CAST(_utf8mb4${quoteText(typesOf(document))} AS JSON))`;
}

function asBinary(expression: string): string {
  return `CAST(${expression} AS BINARY)`;
}

/** The text's UTF-8: two texts are the same only if it is. */
function bytesOf(expression: string): string {
  return `CAST(CONVERT(${expression} USING utf8mb4) AS BINARY)`;
}
