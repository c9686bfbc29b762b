/**
 * A column as ADD, MODIFY and CHANGE define it: its type, NULL, a constant default, a comment, a place. A definition that has anything
 * else, or more than a column (a key, a check, a value that the server computes), is none of these.
 */
import type { Token } from '@lutra/binlog';
import type { Cursor } from './cursor.js';

export interface ColumnDefinition {
  /** As a server tells it (COLUMN_TYPE). */
  readonly type: string;
  /** Null: not said. */
  readonly nullable: boolean | null;
  /** Null: not said. */
  readonly hasDefault: 'value' | 'null' | null;
  /** It names a character set or a collation. */
  readonly hasCollation: boolean;
}

/** Behind its name, to the end. Null: it cannot be made out, or is something else too. */
export function columnDefinition(cursor: Cursor, sql: string): ColumnDefinition | null {
  const type = columnType(cursor, sql);
  if (type === null) return null;
  let nullable: boolean | null = null;
  let hasDefault: ColumnDefinition['hasDefault'] = null;
  let hasCollation = false;
  while (!cursor.isEnd) {
    if (cursor.take('NOT', 'NULL')) nullable = false;
    else if (cursor.take('NULL')) nullable = true;
    else if (cursor.take('DEFAULT')) {
      hasDefault = takeConstant(cursor);
      if (hasDefault === null) return null;
    } else if (takeCollation(cursor)) hasCollation = true;
    else if (!takeComment(cursor) && !takePosition(cursor)) return null;
  }
  return { type, nullable, hasDefault, hasCollation };
}

/** Null: it is no constant, or one that a character set decides about. */
export function takeConstant(cursor: Cursor): 'value' | 'null' | null {
  if (cursor.take('NULL')) return 'null';
  if (cursor.takeOne('TRUE', 'FALSE') || cursor.takeKind('number') || cursor.takeKind('string')) return 'value';
  if (cursor.takeOne('+', '-')) return cursor.takeKind('number') && 'value';
  if (cursor.takeOne('B', 'X')) return cursor.takeKind('string') && 'value';
  if (!/^0[BX][\dA-F]+$/.test(cursor.here)) return null;
  cursor.skip();
  return 'value';
}

export function takeComment(cursor: Cursor): boolean {
  return cursor.take('COMMENT') && cursor.takeKind('string') !== null;
}

function takeCollation(cursor: Cursor): boolean {
  const isNamed = cursor.take('CHARACTER', 'SET') || cursor.takeOne('CHARSET', 'COLLATE');
  return isNamed && cursor.here !== 'DEFAULT' && (cursor.name() !== null || cursor.takeKind('string') !== null);
}

function takePosition(cursor: Cursor): boolean {
  return cursor.take('FIRST') || (cursor.take('AFTER') && cursor.name() !== null);
}

type Parts =
  | 'none'
  /** One number, or this where it is left out; null: it is never left out. */
  | { readonly least: string | null }
  /** A width for people, which is not told. */
  | 'width'
  | 'decimal'
  | 'members';

const types: Readonly<Record<string, Parts>> = {
  ...of('width', ['TINYINT', 'SMALLINT', 'MEDIUMINT', 'INT', 'BIGINT', 'YEAR']),
  ...of('none', ['FLOAT', 'DOUBLE', 'DATE', 'JSON', 'TINYTEXT', 'TEXT', 'MEDIUMTEXT', 'LONGTEXT']),
  ...of('none', ['TINYBLOB', 'BLOB', 'MEDIUMBLOB', 'LONGBLOB']),
  ...of('none', ['GEOMETRY', 'POINT', 'LINESTRING', 'POLYGON', 'MULTIPOINT', 'MULTILINESTRING', 'MULTIPOLYGON']),
  ...of({ least: '(1)' }, ['BIT', 'CHAR', 'BINARY']),
  ...of({ least: '' }, ['DATETIME', 'TIME', 'TIMESTAMP']),
  ...of({ least: null }, ['VARCHAR', 'VARBINARY']),
  ...of('decimal', ['DECIMAL']),
  ...of('members', ['ENUM', 'SET']),
};

function of(parts: Parts, names: readonly string[]): Record<string, Parts> {
  return Object.fromEntries(names.map((name) => [name, parts]));
}

const synonyms: Readonly<Record<string, string>> = {
  INTEGER: 'INT',
  BOOL: 'TINYINT',
  BOOLEAN: 'TINYINT',
  DEC: 'DECIMAL',
  NUMERIC: 'DECIMAL',
  FIXED: 'DECIMAL',
  CHARACTER: 'CHAR',
};
const numbers = /^(?:TINYINT|SMALLINT|MEDIUMINT|INT|BIGINT|DECIMAL|FLOAT|DOUBLE)$/;

function columnType(cursor: Cursor, sql: string): string | null {
  const word = synonyms[cursor.here] ?? cursor.here;
  const parts = Object.hasOwn(types, word) ? types[word] : undefined;
  if (parts === undefined || cursor.name() === null) return null;
  const between = partsOf(cursor, sql, parts);
  if (between === null) return null;
  const isUnsigned = numbers.test(word) && !cursor.take('SIGNED') && cursor.take('UNSIGNED');
  return `${word.toLowerCase()}${between}${isUnsigned ? ' unsigned' : ''}`;
}

/** What stands behind the word, as a server tells it. */
function partsOf(cursor: Cursor, sql: string, parts: Parts): string | null {
  if (parts === 'none') return '';
  if (parts === 'members') return cursor.take('(') ? membersOf(cursor, sql) : null;
  const given = cursor.take('(') ? numbersOf(cursor, sql) : [];
  if (given === null || given.length > (parts === 'decimal' ? 2 : 1)) return null;
  if (parts === 'width') return '';
  if (parts === 'decimal') return `(${given[0] ?? 10},${given[1] ?? 0})`;
  const [only] = given;
  return only === undefined || (only === 0 && parts.least === '') ? parts.least : `(${only})`;
}

/** Behind the parenthesis, with the one that closes it. */
function numbersOf(cursor: Cursor, sql: string): readonly number[] | null {
  const texts = listOf(cursor, 'number', sql);
  return texts?.every((text) => /^\d+$/.test(text)) ? texts.map(Number) : null;
}

function membersOf(cursor: Cursor, sql: string): string | null {
  const members = listOf(cursor, 'string', sql)?.map(memberOf) ?? [null];
  return members.includes(null) ? null : `(${members.join()})`;
}

/** Null: what an escape stands for goes by the session; space at the end goes by the character set. */
function memberOf(literal: string): string | null {
  const quote = literal[0]!;
  const text = literal.slice(1, -1).replaceAll(quote + quote, quote);
  return text.includes('\\') || text.endsWith(' ') ? null : `'${text.replaceAll("'", "''")}'`;
}

function listOf(cursor: Cursor, kind: Token['kind'], sql: string): readonly string[] | null {
  const found: string[] = [];
  do {
    const token = cursor.takeKind(kind);
    if (token === null) return null;
    found.push(sql.slice(token.at, token.end));
  } while (cursor.take(','));
  return cursor.take(')') ? found : null;
}
