/**
 * The bytes of a statement → how the server may have read them. A query event tells the session in which the statement *ran*, and a
 * prepared one was read in the session that prepared it, with another sql_mode or (MariaDB) character set (seen on MySQL 8.0.15, 9.7,
 * MariaDB 11.4). So each mode that would cut this text differently is a reading too, and so is UTF-8; who asks what a statement touches
 * takes the worst of them.
 */
import { isUtf8 } from 'node:buffer';
import { ByteReader } from '@lutra/bytes';
import type { StatementReading } from '@lutra/model';
import type { QueryEvent } from './statement.js';
import { textDecoder } from '@lutra/rows';

export interface StatementText {
  /** For people. */
  readonly sql: string;
  readonly readings: readonly StatementReading[];
  /** Why none of the readings may be right; null: one of them is. */
  readonly doubt: string | null;
}

/** A statement that only the source can decode; `finish` takes what it said, null where the bytes are no text. */
export interface UndecodedText {
  readonly charset: string;
  readonly bytes: Buffer;
  readonly finish: (text: string | null) => StatementText;
}

export interface TextFacts {
  readonly flavor: 'mysql' | 'mariadb';
  /** Id of a collation → its character set. */
  readonly charsets: ReadonlyMap<number, string>;
}

const ansiQuotesBit = 0x4n;
const noBackslashEscapesBit = 0x10_0000n;
/** MariaDB's sql_mode=ORACLE: another grammar. */
const oracleBit = 0x200n;

/** Decoded here; `binary` is what the server takes for its own character set. */
const here = new Set(['utf8mb4', 'utf8mb3', 'utf8', 'binary', 'latin1', 'ascii']);
/** Of the character sets of clients, those with characters of several bytes (and `binary`, which may hold them). */
export const manyBytes: ReadonlySet<string> = new Set([
  'utf8mb4',
  'utf8mb3',
  'utf8',
  'binary',
  'gbk',
  'gb2312',
  'gb18030',
  'big5',
  'cp932',
  'sjis',
  'ujis',
  'eucjpms',
  'euckr',
]);
/** Of all that a client can speak the only one in which bytes below 0x80 are not ASCII (tried on the three servers). */
export const notAscii = 'swe7';

export function statementText(query: QueryEvent, facts: TextFacts): StatementText | UndecodedText {
  const { bytes, status } = query;
  const charset = status.charset && facts.charsets.get(status.charset.client);
  const finish = (text: string | null): StatementText => finished(query, { charset: charset ?? '', text, flavor: facts.flavor });
  if (charset === notAscii || charset === undefined)
    return finish(charset === undefined && isAscii(bytes) ? bytes.toString('latin1') : null);
  if (isAscii(bytes)) return finish(bytes.toString('latin1'));
  return here.has(charset) ? finish(decoded(bytes, charset)) : { charset, bytes, finish };
}

interface Decoded {
  readonly charset: string;
  readonly text: string | null;
  readonly flavor: 'mysql' | 'mariadb';
}

function finished({ bytes, status }: QueryEvent, { charset, text, flavor }: Decoded): StatementText {
  const texts = new Map<string, boolean>();
  if (text !== null) texts.set(text, !manyBytes.has(charset));
  if (isUtf8(bytes)) texts.set(bytes.toString('utf8'), false);
  // byte by byte, the first words of a statement are right in any character set
  if (texts.size === 0) texts.set(bytes.toString('latin1'), false);
  const mode = status.sqlMode ?? 0n;
  const own = { ansiQuotes: (mode & ansiQuotesBit) !== 0n, noBackslashEscapes: (mode & noBackslashEscapesBit) !== 0n };
  const readings = [...texts].flatMap(([each, singleByte]) =>
    modesOf(each, own).map((modes) => ({ text: each, ...modes, singleByte, flavor })),
  );
  return { sql: text ?? bytes.toString('utf8'), readings, doubt: doubtOf() };

  function doubtOf(): string | null {
    if (text === null) return `it cannot be read in its character set ${charset || '(unknown)'}`;
    const hidden = status.sqlMode === undefined || status.charset === undefined;
    if (status.unknown !== null && hidden) return `its event has status variable ${status.unknown}, which Lutra does not know`;
    return flavor === 'mariadb' && (mode & oracleBit) !== 0n ? 'it ran under sql_mode ORACLE' : null;
  }
}

type Modes = Pick<StatementReading, 'ansiQuotes' | 'noBackslashEscapes'>;

/** Its own first. The others only where they make a difference. */
function modesOf(text: string, own: Modes): readonly Modes[] {
  const quotes = text.includes('"') ? [own.ansiQuotes, !own.ansiQuotes] : [own.ansiQuotes];
  const escapes = text.includes('\\') ? [own.noBackslashEscapes, !own.noBackslashEscapes] : [own.noBackslashEscapes];
  return quotes.flatMap((ansiQuotes) => escapes.map((noBackslashEscapes) => ({ ansiQuotes, noBackslashEscapes })));
}

function isAscii(bytes: Buffer): boolean {
  return bytes.every((byte) => byte < 0x80);
}

function decoded(bytes: Buffer, charset: string): string | null {
  if (charset === 'ascii') return null;
  if (charset !== 'latin1') return isUtf8(bytes) ? bytes.toString('utf8') : null;
  return textDecoder('latin1')!(new ByteReader(bytes), bytes.length, '');
}
