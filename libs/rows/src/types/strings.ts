/** CHAR, VARCHAR and the TEXTs (text.ts). */
import { ByteReader } from '@lutra/bytes';
import { type ColumnSchema, LargeValue, largeValueBytes, SyncError } from '@lutra/model';
import type { ServerColumn } from '../server-column.js';
import { asBinary, bytesOf, type Compared, type LiteralForm, quoteName, type Writer } from '../sql.js';
import { StagedSql } from '../staged-sql.js';
import { decodedBeside, foundText, keyOfText, otherCharset, ownBytes, textDecoder, textIn, unsupportedCharset } from '../text.js';
import {
  type ColumnCodec,
  type ColumnFacts,
  type Condition,
  need,
  never,
  plainSql,
  type RawColumn,
  sameBy,
  sameType,
  type ServerRules,
  type SqlRules,
  type ToAvro,
  type Told,
  type TypeRules,
  type ValueReader,
  type ValueRules,
  type WireColumn,
  type WireForm,
  wrongType,
} from '../type-rules.js';
import { textToAvro } from '../compiled/to-avro.js';
import { textFromAvro, textToSql } from '../compiled/to-sql.js';
import { compressed, tooShort, untoldOnMariadb } from './binaries.js';

type Text = 'char' | 'varchar' | 'text';

// Binlog

function reader({ schema: { charset = '' }, raw: { prefix } }: WireColumn, where: string): ValueReader {
  const decode = textDecoder(charset);
  if (!decode) throw new SyncError('COLUMN_UNSUPPORTED', `${where}: the character set ${charset} is not supported`);
  const bytes = need(prefix);
  if (bytes < 3) return (image) => decode(image, image.uintLE(bytes), where);
  return (image) => {
    const size = image.uintLE(bytes);
    if (size < largeValueBytes) return decode(image, size, where);
    const large = image.take(size);
    return new LargeValue(() => decodedBeside(large, charset, where));
  };
}

const asBytes = { char: 'binary', varchar: 'varbinary', text: 'blob' } as const;

/** Text types are told from binary ones by their character set only. */
function complete(type: Text, { length }: RawColumn, { charset = '', flavor, refuse }: Told): ColumnFacts {
  const size = length === undefined ? {} : { length };
  if (charset !== 'binary') {
    const why = unsupportedCharset(charset);
    if (why !== null) throw refuse(why);
    return { type, ...size, charset };
  }
  if (flavor === 'mariadb' && type !== 'text') throw refuse(untoldOnMariadb(asBytes[type]));
  return { type: asBytes[type], ...size };
}

function sized(type: 'char' | 'varchar', length: number): RawColumn {
  return { metadata: 'text', type, length, prefix: length > 255 ? 2 : 1 };
}

/** CHAR, ENUM and SET share a number: the real one is in the first byte, together with two bits of CHAR's length, inverted. */
function charColumn([first = 0, second = 0]: Buffer): RawColumn | null {
  return (first | 0x30) === 254 ? sized('char', (((first & 0x30) ^ 0x30) << 4) | second) : null;
}

// Avro

export function textCodecOf(column: ColumnSchema, properties: Readonly<Record<string, unknown>> = {}): ColumnCodec {
  return {
    avro: { type: 'string', ...properties },
    write: (output, value) => {
      if (typeof value !== 'string') throw wrongType(column, value);
      output.string(value);
    },
    read: readText,
  };
}

function compiled(column: WireColumn): ToAvro {
  const { schema, raw } = column;
  return textToAvro(schema.charset ?? '', { reader: reader(column, schema.name), codec: textCodecOf(schema), prefix: need(raw.prefix) });
}

/** A LargeValue where making it takes long, and may wait. */
function readText(input: ByteReader): string | LargeValue {
  const length = input.length();
  if (length < largeValueBytes) return input.text(length);
  const bytes = input.take(length);
  return new LargeValue(() => new ByteReader(bytes).text(length));
}

function literal({ charset }: ColumnSchema, form: LiteralForm): Writer {
  const write = textIn(charset, form);
  return (value) => (typeof value === 'string' ? write(value) : null);
}

/** Two texts are the same only if their bytes are; the first half of a condition may use an index. */
function exactly(type: Text, { quoted, codec, charset, inAnySession }: Compared): Condition {
  // Under PAD_CHAR_TO_FULL_LENGTH it comes with blanks.
  const bare = type === 'char' && inAnySession ? `RTRIM(${quoted})` : quoted;
  const first = (same: string): string => (type === 'text' ? '' : `${same} AND `);
  return (value, text, same) => {
    if (value === null) return same;
    if (codec && value instanceof StagedSql) return `${asBinary(bare)} <=> ${asBinary(`CONVERT(${text} USING ${charset})`)}`;
    const own = typeof value === 'string' ? codec?.encode(value) : null;
    return first(same) + (own ? ownBytes(bare, own) : `${bytesOf(bare)} <=> ${bytesOf(text)}`);
  };
}

/** A collation of NO PAD takes a CHAR with its blanks for another one. */
function withBlanks({ name, characters }: ServerColumn, literalOf: (value: string) => string): (value: string) => string {
  const quoted = quoteName(name);
  return (value) => `${quoted} IN (${literalOf(value)}, ${literalOf(padded(value, characters ?? 0))})`; // by an index, too
}

/** As PAD_CHAR_TO_FULL_LENGTH gives it. The mark of an escape is no character. */
function padded(value: string, characters: number): string {
  const { length } = Array.from(value.replaceAll(/\u{10ffff}(?=.)/gsu, ''));
  return value + ' '.repeat(Math.max(0, characters - length));
}

// Values

const textValues: ValueRules = { found: foundText, ...sameBy(String), keyText: keyOfText };

// The server's definition

/** Maximum bytes of a character; 1 for all others. */
const wide: Readonly<Record<string, number>> = {
  utf8mb4: 4,
  utf16: 4,
  utf16le: 4,
  utf32: 4,
  gb18030: 4,
  utf8: 3,
  utf8mb3: 3,
  ujis: 3,
  eucjpms: 3,
  ucs2: 2,
  big5: 2,
  gbk: 2,
  gb2312: 2,
  sjis: 2,
  cp932: 2,
  euckr: 2,
};

function bytesPerCharacter(charset = ''): number {
  return wide[charset] ?? 1;
}

function smallerText(source: ColumnSchema, target: ServerColumn): string | null {
  const characters = source.length === undefined ? 0 : Math.floor(source.length / bytesPerCharacter(source.charset));
  if ((target.characters ?? 0) < characters) return `is ${target.columnType}, too small for ${characters} characters`;
  return otherCharset(source, target);
}

function smallerBytes(source: ColumnSchema, target: ServerColumn): string | null {
  return tooShort(source, target) ?? otherCharset(source, target);
}

const refused: ServerRules['refused'] = (column) => compressed(column) ?? unsupportedCharset(column.charset);

interface Own {
  readonly large: TypeRules['large'];
  readonly forms: readonly WireForm[];
  readonly inAnySession: SqlRules['inAnySession'];
  readonly names: readonly string[];
  readonly difference: ServerRules['difference'];
}

function rules(type: Text, { large, forms, inAnySession, names, difference }: Own): TypeRules {
  return {
    kind: 'text',
    large,
    binlog: { forms, complete: (raw, told) => complete(type, raw, told), reader },
    avro: (column) => textCodecOf(column),
    compiled: { toAvro: compiled, fromAvro: () => textFromAvro, toSql: textToSql },
    sql: { ...plainSql(literal, type !== 'text'), inAnySession, exactly: (column) => exactly(type, column) },
    values: textValues,
    server: { names, refused, difference: sameType(difference) },
  };
}

export const strings = {
  char: rules('char', {
    large: null,
    forms: [{ number: 254, bytes: 2, column: charColumn }],
    inAnySession: withBlanks,
    names: ['char'],
    difference: smallerText,
  }),
  varchar: rules('varchar', {
    large: null,
    forms: [
      { number: 15, bytes: 2, column: (data) => sized('varchar', data.readUInt16LE(0)) },
      { number: 141, bytes: 2, column: 'compressed varchar or varbinary' },
    ],
    inAnySession: never,
    names: ['varchar'],
    difference: smallerText,
  }),
  text: rules('text', {
    large: 'text',
    forms: [
      { number: 252, bytes: 1, column: ([prefix]) => ({ metadata: 'text', type: 'text', prefix }) },
      { number: 140, bytes: 1, column: 'compressed text or blob' },
    ],
    inAnySession: never,
    names: ['text', 'tinytext', 'mediumtext', 'longtext'],
    difference: smallerBytes,
  }),
};
