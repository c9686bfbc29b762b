/** ALTER TABLE: the tables in its clauses. */
import { clauses, keyword, outermost } from '@lutra/binlog';
import type { Token } from '@lutra/binlog';
import { Cursor } from './cursor.js';
import type { Reference } from './cursor.js';
import { referred, unionOf } from './foreign-names.js';

/** Clauses whose names are of columns, keys, constraints, partitions, tablespaces, but of no table. */
const withoutTables = new Set(
  ['ADD', 'DROP', 'MODIFY', 'CHANGE', 'ALTER', 'ORDER', 'CHARACTER', 'CHARSET', 'DEFAULT', 'COLLATE', 'ENGINE', 'COMMENT'].concat(
    [
      'AUTO_INCREMENT',
      'ROW_FORMAT',
      'KEY_BLOCK_SIZE',
      'TABLESPACE',
      'ALGORITHM',
      'LOCK',
      'FORCE',
      'ENABLE',
      'DISABLE',
      'DISCARD',
      'IMPORT',
    ],
    ['STATS_PERSISTENT', 'STATS_AUTO_RECALC', 'STATS_SAMPLE_PAGES', 'MIN_ROWS', 'MAX_ROWS', 'AVG_ROW_LENGTH', 'COMPRESSION', 'ENCRYPTION'],
    ['PARTITION', 'COALESCE', 'REORGANIZE', 'TRUNCATE', 'REBUILD', 'REMOVE', 'ANALYZE', 'CHECK', 'OPTIMIZE', 'REPAIR', 'WITH', 'WITHOUT'],
  ),
);
/** Behind ALTER TABLE. */
export function alteredTables(cursor: Cursor): readonly Reference[] | 'mentioned' {
  cursor.take('IF', 'EXISTS');
  const subject = cursor.table('subject');
  if (subject === null) return 'mentioned';
  cursor.take('NOWAIT');
  if (cursor.take('WAIT')) cursor.takeKind('number');
  const all = clauses(cursor.rest());
  if (all.every(isHarmless)) return [];
  const tables = [...all.map(clauseTables), referred(cursor.rest())];
  if (tables.includes(null)) return 'mentioned';
  return [subject, ...tables.flatMap((of) => of ?? []).toSorted((one, other) => one.at - other.at)];
}

function isHarmless(clause: readonly Token[]): boolean {
  return clause.length === 2 && /^(?:EN|DIS)ABLE$/.test(keyword(clause[0])) && keyword(clause[1]) === 'KEYS';
}

/** Null: not known. */
function clauseTables(clause: readonly Token[]): readonly Reference[] | null {
  const cursor = new Cursor(clause);
  const first = cursor.here;
  if (clause.length === 0) return [];
  if (cursor.take('RENAME')) return renamed(cursor);
  if (cursor.take('EXCHANGE', 'PARTITION')) return withOther(cursor, 'WITH', 'TABLE');
  if (cursor.take('CONVERT')) return converted(cursor);
  const isOption = keyword(clause[1]) === '=';
  if (!isOption && !withoutTables.has(first)) return null;
  if (outermost(clause).some((token) => token !== null && keyword(token) === 'EXCHANGE')) return null;
  return unionOf(clause);
}

function renamed(cursor: Cursor): readonly Reference[] | null {
  if (cursor.takeOne('COLUMN', 'INDEX', 'KEY')) return [];
  cursor.takeOne('TO', 'AS', '=');
  const table = cursor.table('to');
  return table === null ? null : [table];
}

/** TO CHARACTER SET …; MariaDB: PARTITION p TO TABLE t, TABLE t TO PARTITION p. */
function converted(cursor: Cursor): readonly Reference[] | null {
  return cursor.take('TO') ? [] : withOther(cursor, 'TABLE');
}

function withOther(cursor: Cursor, ...words: readonly [string, ...string[]]): readonly Reference[] | null {
  if (!cursor.skipBehind(words[0]) || !cursor.take(...words.slice(1))) return null;
  const table = cursor.table('with');
  return table === null ? null : [table];
}
