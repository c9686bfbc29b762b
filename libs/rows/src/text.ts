/**
 * Texts by their character set, in the binlog, in SQL and from a SELECT; of CHAR, VARCHAR, TEXT, ENUM and SET. Encoding a text again
 * gives the same bytes. Bytes that are no text in their character set are refused, never replaced. An escape (docs/decisions/0014) is text
 * in its own character set only.
 */
import { type ColumnSchema, supportedCharsets, SyncError, textCodec, type Value } from '@lutra/model';
import { beside } from '@lutra/runtime';
import type { ByteReader } from '@lutra/bytes';
import type { ServerColumn } from './server-column.js';
import { asBinary, type LiteralForm } from './sql.js';
import type { Found } from './type-rules.js';

/** Reads the next `size` bytes as text. `where` names table and column. @throws SyncError VALUE_UNSUPPORTED */
export type TextDecoder = (image: ByteReader, size: number, where: string) => string;

/** Nearly no values: a byte that is no UTF-8, which becomes U+FFFD, or the mark of an escape. A regular expression takes longer. */
function mayDiffer(text: string): boolean {
  return text.includes('\uFFFD') || text.includes('\u{10FFFF}');
}

/** Undefined for a character set that is not known. Made once a column. */
export function textDecoder(charset: string): TextDecoder | undefined {
  const codec = textCodec(charset);
  if (!codec) return undefined;
  const decode: TextDecoder = (image, size, where) => {
    const text = codec.decode(image.take(size));
    if (text !== null) return text;
    throw invalid(charset, where);
  };
  return charset.startsWith('utf8') ? utf8First(decode) : decode;
}

function utf8First(decode: TextDecoder): TextDecoder {
  return (image, size, where) => {
    const start = image.offset;
    const text = image.utf8(size);
    if (!mayDiffer(text)) return text;
    image.offset = start;
    return decode(image, size, where);
  };
}

/** A large text. UTF-8 is made here, in one call of the engine (65 ms for 64 MiB); all else unit by unit, beside. */
export async function decodedBeside(bytes: Buffer, charset: string, where: string): Promise<string> {
  if (charset.startsWith('utf8')) {
    const text = bytes.toString('utf8');
    if (!mayDiffer(text)) return text;
  }
  const text = await decodeBeside(bytes, charset);
  if (text !== null) return text;
  throw invalid(charset, where);
}

export function decodeText(bytes: Buffer, charset: string): string | null {
  return textCodec(charset)?.decode(bytes) ?? null;
}

const decodeBeside = beside(import.meta.url, decodeText);

export function invalid(charset: string, where: string): SyncError {
  return new SyncError('VALUE_UNSUPPORTED', `${where}: a value is not valid ${charset}`);
}

export function unsupportedCharset(charset: string | null): string | null {
  return charset === null || supportedCharsets.includes(charset) ? null : `the character set ${charset} is not supported`;
}

/** ISO 646: what has the same byte in every character set. */
const invariant = /^[A-Za-z0-9 !"%&'()*+,./:;<=>?_-]*$/;

/**
 * A literal of a text: by its bytes in the column's own character set where the server's way from Unicode could end at others, or nowhere.
 * Counter-examples to writing each as a text of the connection: sjis gives `\\` other bytes than its column has, and what has no character
 * of its own comes from no text at all.
 */
export function textIn(charset: string | undefined, form: LiteralForm): (value: string) => string | null {
  const codec = charset === undefined ? undefined : textCodec(charset);
  const asText = (value: string): string | null => (value.isWellFormed() ? form.text(value) : null);
  if (!codec) return asText;
  // Without strict mode a server cuts off what it finds no ascii, without an error; what is not well-formed elsewhere is one in each
  // session.
  const cut = charset === 'ascii' && !form.own;
  const asBytes = (value: string): string | null => {
    const bytes = cut && codec.escaped(value) ? null : codec.encode(value);
    return bytes && form.encoded(bytes, charset as string);
  };
  return (value) => ((codec.plain ? !codec.escaped(value) : invariant.test(value)) ? asText(value) : asBytes(value));
}

/**
 * In a declared value: a character beyond the basic plane, or an escape. information_schema shows a question mark, or another sequence's.
 */
export const hidden = /\u{10ffff}?[\u{10000}-\u{10ffff}]/u;

/** Whether the target has a hidden value is not known; without strict mode it would store '' for it. */
export function memberIn(charset: string | undefined, form: LiteralForm): (value: string) => string | null {
  const write = textIn(charset, form);
  return form.own || form.knowsMembers === true ? write : (value) => (hidden.test(value) ? null : write(value));
}

export function ownBytes(quoted: string, bytes: Buffer): string {
  return `${asBinary(quoted)} <=> x'${bytes.toString('hex')}'`;
}

/**
 * A column that is read as bytes (column-plan.ts in libs/mysql) gives a Buffer; a text of UTF-8 may hold the mark of an escape. What
 * `selected` spells out has its escapes already. A text of another character set has none.
 */
export function foundText({ charset = 'binary', values }: ColumnSchema, found: Found): string {
  if (Buffer.isBuffer(found)) return textCodec(charset)?.decode(found) ?? String(found);
  const text = String(found);
  const mayBeMark = charset.startsWith('utf8') && values?.includes('') !== true && text.includes('\u{10ffff}');
  const codec = mayBeMark ? textCodec(charset) : undefined;
  return codec?.escaped(text) ? (codec.decode(Buffer.from(text)) ?? text) : text;
}

/** A CHAR has no blanks at its end, whatever its collation. */
export function keyOfText(target: ServerColumn | undefined): (value: Exclude<Value, null>) => string {
  return target?.type === 'char' ? (value) => String(value).replace(/ +$/, '') : String;
}

/** The same set, or one that holds every character of it. What only its own set can store is refused value by value. */
export function otherCharset(source: ColumnSchema, target: ServerColumn): string | null {
  if (source.charset === undefined) return null;
  const from = canonical(source.charset);
  const to = canonical(target.charset ?? 'binary');
  const holds = to === 'utf8mb4' || (from === 'ascii' && to !== 'swe7'); // which has letters in the places of [ and ]
  return sameCharset(source, target) || holds ? null : `character set ${to} instead of ${from}`;
}

/** What is in one is in the other by the same bytes. MySQL shows none for an ENUM or SET of bytes, MariaDB `binary`. */
export function sameCharset(source: ColumnSchema, { charset }: ServerColumn): boolean {
  return canonical(source.charset ?? 'binary') === canonical(charset ?? 'binary');
}

function canonical(charset: string): string {
  return charset === 'utf8' ? 'utf8mb3' : charset;
}
