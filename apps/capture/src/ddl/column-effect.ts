/**
 * ADD COLUMN: whether a definition gives the rows that are there the same value on every server and in every session. By a list of what was
 * tried (effect.integration.test.ts); what is not on it is not known.
 */
import type { Token } from '@lutra/binlog';
import { Cursor, keyword, outermost } from './cursor.js';

/** What a clause does that is not the same everywhere. */
export interface Finding {
  /** differs: with time, with the order of rows, or by chance. unknown: it may. */
  readonly effect: 'differs' | 'unknown';
  readonly why: string;
  /** A heading of docs/02-setup.md. */
  readonly recipe: string | null;
}

const types = new Set(
  ['TINYINT', 'SMALLINT', 'MEDIUMINT', 'INT', 'INTEGER', 'BIGINT', 'BOOL', 'BOOLEAN', 'BIT', 'DECIMAL', 'NUMERIC', 'DEC', 'FIXED'].concat(
    ['FLOAT', 'DOUBLE', 'CHAR', 'VARCHAR', 'BINARY', 'VARBINARY', 'TINYTEXT', 'TEXT', 'MEDIUMTEXT', 'LONGTEXT', 'TINYBLOB', 'BLOB'],
    ['MEDIUMBLOB', 'LONGBLOB', 'ENUM', 'SET', 'DATE', 'TIME', 'DATETIME', 'TIMESTAMP', 'YEAR', 'JSON'],
  ),
);
/** Stand alone, and give no value. */
const plain = new Set([
  'UNSIGNED',
  'SIGNED',
  'ZEROFILL',
  'FIRST',
  'NULL',
  'NOT',
  'KEY',
  'UNIQUE',
  'VISIBLE',
  'INVISIBLE',
  'BINARY',
  'ASCII',
]);
/** Before a name, or a text. */
const named = new Set(['AFTER', 'COLLATE', 'CHARSET', 'COMMENT', 'COLUMN_FORMAT', 'STORAGE']);

const fill = 'Fill a new column';
const session = 'The same session';
const unknown = (why: string, recipe: string | null = session): Finding => ({ effect: 'unknown', why, recipe });

/** `definition` is what stands behind the column's name; null: the same. */
export function columnEffect(definition: readonly Token[]): Finding | null {
  const words = outermost(definition).map((token) => (token ? keyword(token) : ''));
  const has = (...wanted: readonly string[]): boolean => words.some((_, i) => wanted.every((word, j) => words[i + j] === word));
  if (has('AUTO_INCREMENT') || has('SERIAL'))
    return { effect: 'differs', why: 'AUTO_INCREMENT numbers the rows of each side in their order there', recipe: 'Number the rows' };
  if (has('AS')) return unknown('a generated column is computed in the session that adds it');
  const value = defaultOf(definition);
  if (value !== null && !isConstant(value)) return madeUp(value);
  if (has('ON', 'UPDATE')) return unknown('ON UPDATE changes rows that are still on their way, too', fill);
  const [type = ''] = words;
  return typeEffect(type, { notNull: has('NOT', 'NULL'), isNull: has('NULL') && !has('NOT', 'NULL'), value }) ?? restEffect(definition);
}

interface Declared {
  readonly notNull: boolean;
  readonly isNull: boolean;
  readonly value: readonly Token[] | null;
}

function typeEffect(type: string, { notNull, isNull, value }: Declared): Finding | null {
  const isText = value?.[0]?.kind === 'string';
  if (type === 'TIMESTAMP' && isText) return unknown("time_zone decides about a TIMESTAMP's literal");
  if (type === 'TIMESTAMP' && !isNull && value === null) return unknown('explicit_defaults_for_timestamp decides about a bare TIMESTAMP');
  if (/^(?:DATETIME|TIME)$/.test(type) && isText) return unknown('servers and sql_mode round fractions of seconds in other ways');
  if (type === 'JSON' && notNull && value === null) return unknown('servers fill JSON NOT NULL with other values');
  return types.has(type) ? null : unknown('the type is not among those that are known to be filled alike');
}

/** Everything behind the type is known. */
function restEffect(definition: readonly Token[]): Finding | null {
  const cursor = new Cursor(outside(definition));
  cursor.name();
  cursor.take('PRECISION'); // DOUBLE PRECISION
  while (!cursor.isEnd) {
    const word = cursor.here;
    if (cursor.take('CHARACTER', 'SET') || cursor.take('CHAR', 'SET') || named.has(word)) {
      if (named.has(word)) cursor.take(word);
      cursor.take('=');
      cursor.skip();
    } else if (cursor.take('DEFAULT')) cursor.skip(defaultOf(definition)?.length);
    else if (plain.has(word)) cursor.take(word);
    else return unknown(`${word || 'a part of its definition'} is not known to do the same on both sides`);
  }
  return null;
}

function outside(tokens: readonly Token[]): readonly Token[] {
  return outermost(tokens).filter((token) => token !== null && keyword(token) !== '(' && keyword(token) !== ')') as Token[];
}

/** Without DEFAULT itself; null: there is none. In brackets whole. */
function defaultOf(definition: readonly Token[]): readonly Token[] | null {
  const at = outermost(definition).findIndex((token) => token !== null && keyword(token) === 'DEFAULT');
  if (at === -1) return null;
  const [first, second] = definition.slice(at + 1);
  const isPair = first !== undefined && (/^[-+]$/.test(keyword(first)) || (isPrefix(first) && second?.kind === 'string'));
  return definition.slice(at + 1, keyword(first) === '(' ? undefined : at + (isPair ? 3 : 2));
}

/** b'1', x'41', n'…', _utf8mb4'…' */
function isPrefix(token: Token): boolean {
  return token.kind === 'word' && /^(?:[bxn]|_\w+)$/i.test(token.text);
}

function isConstant([first, second]: readonly Token[]): boolean {
  if (first === undefined) return false;
  if (first.kind === 'string' || first.kind === 'number' || /^(?:NULL|TRUE|FALSE|0[XB]\w+)$/.test(keyword(first))) return true;
  return second !== undefined && (second.kind === 'number' || (isPrefix(first) && second.kind === 'string'));
}

const makers =
  /^(?:NOW|SYSDATE|CUR(?:RENT_)?(?:DATE|TIME)|CURRENT_TIMESTAMP|LOCALTIME(?:STAMP)?|UNIX_TIMESTAMP|UTC_\w+|UUID\w*|SYS_GUID|RAND|RANDOM_BYTES|NEXTVAL|NEXT|LASTVAL|CONNECTION_ID|(?:CURRENT_|SESSION_|SYSTEM_)?USER|CURRENT_ROLE|VERSION|DATABASE)$/;

function madeUp(value: readonly Token[]): Finding {
  const maker = value.find((token) => makers.test(keyword(token)));
  if (!maker) return unknown('its default is an expression', fill);
  return { effect: 'differs', why: `each side fills in a ${keyword(maker)} of its own`, recipe: fill };
}
