/**
 * ENUM and SET: texts, each value another one (choices/choice-text.ts). In the binlog they are numbers. How they are written and told
 * apart in SQL is in choices/choice-literal.ts, what a server tells of their members in choices/declared-members.ts.
 */
import type { ColumnSchema, Value } from '@lutra/model';
import { comparedChoice, folded, numbered, storedChoice } from '../choices/choice-literal.js';
import { errorValueOf, inOrder, setMembers, setText } from '../choices/choice-text.js';
import { declaredMembers } from '../choices/declared-members.js';
import { keptToAvro, written } from '../compiled/to-avro.js';
import { keptToSql, textFromAvro } from '../compiled/to-sql.js';
import type { ServerColumn } from '../server-column.js';
import { bytesOf, type Compared, ownForm, quoteText } from '../sql.js';
import { decodeText, foundText, invalid, keyOfText, otherCharset, ownBytes, unsupportedCharset } from '../text.js';
import {
  type ColumnFacts,
  type Condition,
  need,
  plainSql,
  sameBy,
  sameType,
  type SqlRules,
  type ToAvro,
  type Told,
  type TypeRules,
  type ValueReader,
  type ValueRules,
  type WireColumn,
} from '../type-rules.js';
import { textCodecOf } from './strings.js';

type Choice = 'enum' | 'set';

// Binlog

function enumReader({ schema: { values = [] }, raw: { prefix } }: WireColumn): ValueReader {
  const [byIndex, size] = [[errorValueOf(values), ...values], need(prefix)];
  return (image) => {
    const value = byIndex[image.uintLE(size)];
    if (value === undefined) throw new RangeError('an ENUM value outside its list');
    return value;
  };
}

function setReader({ schema: { values = [] }, raw: { prefix } }: WireColumn): ValueReader {
  const size = need(prefix);
  return (image) => {
    const bits = size === 8 ? image.u64() : BigInt(image.uintLE(size));
    if (bits >> BigInt(values.length) !== 0n) throw new RangeError('a SET value outside its list');
    return setText(values.filter((_, i) => ((bits >> BigInt(i)) & 1n) === 1n));
  };
}

function complete(type: Choice, { charset = '', members = [], where, refuse }: Told): ColumnFacts {
  const why = unsupportedCharset(charset);
  if (why !== null) throw refuse(why);
  const values = members.map((member) => {
    const text = decodeText(member, charset);
    if (text === null) throw invalid(charset, where);
    return text;
  });
  return { type, charset, values };
}

// Avro

/** The values as Debezium has them: without them its JDBC sink cannot make a table. */
function properties(connectName: string, { values }: ColumnSchema): Readonly<Record<string, unknown>> {
  const allowed = values?.map((value) => value.replaceAll(/[\\,]/g, String.raw`\$&`)).join();
  return {
    'connect.version': 1,
    'connect.name': connectName,
    ...(allowed !== undefined && { 'connect.parameters': { allowed } }),
  };
}

/** Numbers of up to four bytes; a SET of more members is rare. */
function compiled(reader: TypeRules['binlog']['reader']): (column: WireColumn) => ToAvro {
  return (column) => {
    const { schema, raw } = column;
    const codecs = { reader: reader(column, schema.name), codec: textCodecOf(schema) };
    const size = need(raw.prefix);
    const most = (schema.values ?? []).reduce((sum, value) => sum + 3 * value.length + 1, 5);
    if (size === 1 || size === 2 || size === 3 || size === 4) return keptToAvro(size, { ...codecs, most });
    return written({ ...codecs, prefix: 0 }, { size, times: 0, plus: most + 5 });
  };
}

// SQL

/** Where '' is a member, an ENUM's error value prints like it, and a SET prints without it unless it is the last one: it is spelled out. */
function selected({ type, values }: ColumnSchema, quoted: string): string {
  if (values?.includes('') !== true) return quoted;
  const all = values.map(spelled).join(', ');
  if (type === 'enum') return `IF(${quoted} + 0 = 0, ${spelled(errorValueOf(values))}, ELT(${quoted} + 0, ${all}))`;
  const member = (value: string): string => `${quoted} & ${1n << BigInt(values.indexOf(value))}`;
  const members = values.map((value) => `IF(${member(value)}, ${spelled(value)}, NULL)`);
  const alone = `${quoted} & ~0 = ${1n << BigInt(values.indexOf(''))}`;
  return `IF(${quoted} IS NULL, NULL, IF(${alone}, ${spelled(setText(['']))}, CONCAT_WS(_utf8mb4 x'2c', ${members.join(', ')})))`;
}

function spelled(text: string): string {
  return `_utf8mb4 x'${Buffer.from(text).toString('hex')}'`;
}

/** Of a literal: a number says all. */
const isNumber = /^\d/;

function exactly(type: Choice, { quoted, codec, values }: Compared): Condition {
  return (value, text, same) => {
    if (value === null || isNumber.test(text)) return same;
    const own = typeof value === 'string' ? codec?.encode(type === 'set' ? inOrder(value, values) : value) : null;
    return `${same} AND ${own ? ownBytes(quoted, own) : `${bytesOf(quoted)} <=> ${bytesOf(text)}`}`;
  };
}

const enumSql: SqlRules = {
  ...plainSql(storedChoice),
  compared: comparedChoice,
  exactly: (column) => exactly('enum', column),
  selected,
};

const setSql: SqlRules = { ...enumSql, exactly: (column) => exactly('set', column) };

// Values

const enumValues: ValueRules = { found: foundText, ...sameBy(String), keyText: keyOfText };

/** Each side prints the members in its own order. */
const setValues: ValueRules = {
  found: (column, found) => inOrder(foundText(column, found), column.values),
  ...sameBy((value) => String(value).split(',').toSorted().join()),
  keyText: () => (value: Exclude<Value, null>) => setText(setMembers(String(value)).toSorted()),
};

// The server's definition

function smaller(source: ColumnSchema, target: ServerColumn): string | null {
  return otherCharset(source, target) ?? otherMembers(source, target);
}

function otherMembers(source: ColumnSchema, target: ServerColumn): string | null {
  if (source.values === undefined) return null;
  const { members, missing, guessed } = declaredMembers(source.values, target);
  if (missing.length > 0) return `lacks the values ${missing.map(quoteText).join(', ')}`;
  const others = members.includes('') !== source.values.includes('') || errorValueOf(members) !== errorValueOf(source.values);
  if (others) return "declares the value '', which the source does not: there '' is something else";
  const byNumber = numbered(source.type as Choice, members);
  if (guessed.some((member) => byNumber.has(member)))
    return 'has values that its server prints alike, so their numbers are not known, and values that only a number tells apart';
  return areOne(source.values, target.collation ?? '')
    ? `has values beyond the first plane of Unicode, which ${target.collation} takes for one`
    : null;
}

/**
 * Such a list is accepted outside strict mode, and a text finds the first of them: 'A😃' finds 'a😀'. Those that differ in case alone
 * are written as numbers.
 */
function areOne(values: readonly string[], collation: string): boolean {
  if (!mayJoin(collation)) return false;
  const texts = values.map((value) => folded(value.replaceAll(/[\u{10000}-\u{10FFFF}]/gu, '\uFFFD')));
  return values.some((value, i) => texts.some((text, j) => j < i && text === texts[i] && folded(value) !== folded(values[j] ?? '')));
}

/** It has one weight for all characters beyond the first plane. */
export function mayJoin(collation: string): boolean {
  return /^(utf|ucs)/.test(collation) && !/_bin$|_0900_|uca1400/.test(collation);
}

interface Own {
  readonly form: number;
  readonly connectName: string;
  readonly reader: TypeRules['binlog']['reader'];
  readonly sql: SqlRules;
  readonly values: ValueRules;
}

function rules(type: Choice, { form, connectName, reader, sql, values }: Own): TypeRules {
  return {
    kind: 'choice',
    large: null,
    binlog: {
      // The number of a CHAR, whose first byte says what it is.
      forms: [
        {
          number: 254,
          bytes: 2,
          column: ([first, prefix]) => (first === form ? { metadata: type, type, prefix } : null),
        },
      ],
      complete: (_raw, told) => complete(type, told),
      reader,
    },
    avro: (column) => textCodecOf(column, properties(connectName, column)),
    compiled: { toAvro: compiled(reader), fromAvro: () => textFromAvro, toSql: (column) => keptToSql(sql.stored(column, ownForm)) },
    sql,
    values,
    server: { names: [type], refused: ({ charset }) => unsupportedCharset(charset), difference: sameType(smaller) },
  };
}

export const choices = {
  enum: rules('enum', { form: 247, connectName: 'io.debezium.data.Enum', reader: enumReader, sql: enumSql, values: enumValues }),
  set: rules('set', { form: 248, connectName: 'io.debezium.data.EnumSet', reader: setReader, sql: setSql, values: setValues }),
};
