/**
 * JSON: the text that the server prints, and the types that it loses (json/json-text.ts). In the binlog it is binary (json/jsonb.ts); how
 * it is written in SQL is in json/json-literal.ts.
 */
import { type ColumnSchema, LargeValue, largeValueBytes, type Value } from '@lutra/model';
import { prefixed } from '../compiled/to-avro.js';
import { textFromAvro } from '../compiled/to-sql.js';
import { jsonExpression } from '../json/json-literal.js';
import { printedJson } from '../json/json-text.js';
import { endOfString, endOfWord, isWhole } from '../json/json-tokens.js';
import { jsonbText, jsonbTextBeside } from '../json/jsonb.js';
import type { ServerColumn } from '../server-column.js';
import { bytesOf, type LiteralForm, type Writer } from '../sql.js';
import { keyOfText } from '../text.js';
import { need, never, plainSql, sameBy, sameType, type ToAvro, type TypeRules, type ValueReader, type WireColumn } from '../type-rules.js';
import { floatText } from './floats.js';
import { textCodecOf } from './strings.js';

function reader({ raw: { prefix } }: WireColumn): ValueReader {
  const size = need(prefix);
  return (image) => {
    const bytes = image.take(image.uintLE(size));
    return bytes.length < largeValueBytes ? jsonbText(bytes) : new LargeValue(() => jsonbTextBeside(bytes));
  };
}

/** In place, `-32768, ` is a number of three bytes; a character that must be escaped becomes six. */
const textTimes = 8;

function compiled({ raw: { prefix } }: WireColumn): ToAvro {
  return { size: prefixed(prefix), times: textTimes, plus: 16, code: ({ s, n }) => `p = jsonText(src, sv, ${s}, ${n}, b, d, p);` };
}

/** Its strings and keys are well-formed if it is, but for escapes, which no server prints. */
function literal(_: ColumnSchema, form: LiteralForm): Writer {
  return (value) => (typeof value === 'string' && value.isWellFormed() ? jsonExpression(value, (part) => form.text(part)) : null);
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

/**
 * What the text of a document makes of it, as a dump does: a fraction is a DOUBLE, a date a text. The target may have been filled from one,
 * or by whoever read a document and wrote it back.
 */
function storedForm(value: Exclude<Value, null>): string {
  const printed = printedJson(String(value));
  let form = '';
  let done = 0;
  for (let at = 0; at < printed.length;) {
    const character = printed[at] as string;
    if (character === '"') at = endOfString(printed, at);
    else if (character === '-' || (character >= '0' && character <= '9')) {
      const end = endOfWord(printed, at);
      const word = printed.slice(at, end);
      if (!isInteger(word)) {
        form += `${printed.slice(done, at)}${floatText(Number(word))}e0`;
        done = end;
      }
      at = end;
    } else at++;
  }
  return form + printed.slice(done);
}

/** The server reads it as one. */
function isInteger(word: string): boolean {
  return isWhole(word) && (word.length < 19 || (word.length <= 20 && BigInt(word) < 2n ** 64n && BigInt(word) >= -(2n ** 63n)));
}

const byStoredForm = sameBy(storedForm);

/** MariaDB's JSON is a LONGTEXT; it takes the text that MySQL prints. (The other way round MySQL would rewrite it.) */
function isJsonText(target: ServerColumn): boolean {
  return target.columnType.toLowerCase() === 'longtext' && target.charset === 'utf8mb4';
}

const otherType = sameType();

const json: TypeRules = {
  kind: 'document',
  large: 'text',
  binlog: {
    forms: [{ number: 245, bytes: 1, column: ([prefix]) => ({ metadata: 'none', type: 'json', prefix }) }],
    complete: () => ({ type: 'json' }),
    reader,
  },
  avro: (column) => textCodecOf(column, { 'connect.version': 1, 'connect.name': 'io.debezium.data.Json' }),
  compiled: {
    toAvro: compiled,
    fromAvro: () => textFromAvro,
    toSql: () => ({ plus: 3, code: ({ at, n }) => `p = documentText(src, ${at}, ${n}, b, p);` }),
  },
  sql: {
    ...plainSql(literal),
    exactly:
      ({ quoted }) =>
      (value, text, same) =>
        value === null ? same : exactDocument(quoted, text),
  },
  values: {
    found: (_column, found) => String(found),
    storedForm,
    same: (a, b) => Object.is(a, b) || printedJson(String(a)) === printedJson(String(b)) || byStoredForm.same(a, b),
    keyText: keyOfText,
  },
  server: { names: ['json'], refused: never, difference: (source, target) => (isJsonText(target) ? null : otherType(source, target)) },
};

export const documents = { json };
