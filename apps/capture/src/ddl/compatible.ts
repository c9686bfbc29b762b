/**
 * Whether a statement may run while both sides write: rows of the old definition fit the new one and the other way round, column by column
 * by name, and no server makes up a value. Only what is known here is; of a column that is defined anew it is told what it becomes, because
 * that alone does not say whether it widens. docs/decisions/0034-ddl.md, docs/10-schema-changes.md.
 */
import { clauses as split } from '@lutra/binlog';
import type { PlainStatement, Token } from '@lutra/binlog';
import { foldedName } from '@lutra/model';
import type { DdlModify, DdlTable, TableName } from '@lutra/model';
import { allKnown, isOther, isWay, listed } from './clause-parts.js';
import { columnDefinition, takeComment, takeConstant } from './column-definition.js';
import type { ColumnDefinition } from './column-definition.js';
import { Cursor } from './cursor.js';

export interface Compatibility {
  readonly compatible: boolean;
  readonly modifies: readonly DdlModify[];
}

export const incompatible: Compatibility = { compatible: false, modifies: [] };

/** What a clause does to a column; nothing, where it is done to none. */
interface Part {
  readonly adds?: string;
  readonly drops?: string;
  readonly modifies?: DdlModify;
}

const nothing: readonly Part[] = [];

interface Named {
  /** Its kind, like 'ALTER TABLE'. */
  readonly statement: string;
  readonly tables: readonly DdlTable[];
  isRouted(table: TableName): boolean;
}

/** Tables come without rows, and go with all of theirs. */
const ofWholeTables = /^(?:(?:CREATE|DROP) TABLE|(?:CREATE|DROP) DATABASE)$/;

/** As MySQL has the statement, of which nothing is in doubt. */
export function compatibilityOf({ sql, tokens }: PlainStatement, { statement, tables, isRouted }: Named): Compatibility {
  if (ofWholeTables.test(statement)) return { compatible: tables.every((table) => table.role !== 'like' || isRouted(table)), modifies: [] };
  const cursor = new Cursor(tokens);
  const parts = cursor.take('ALTER', 'TABLE') ? altered(cursor, sql) : isPlainIndex(cursor) ? nothing : null;
  if (parts === null) return incompatible;
  const named = (what: 'adds' | 'drops'): readonly string[] =>
    parts.flatMap(({ [what]: name }) => (name === undefined ? [] : foldedName(name)));
  const dropped = new Set(named('drops'));
  // its old value would be taken for one of the new column
  if (named('adds').some((name) => dropped.has(name))) return incompatible;
  return { compatible: true, modifies: parts.flatMap(({ modifies }) => modifies ?? []) };
}

function altered(cursor: Cursor, sql: string): readonly Part[] | null {
  if (cursor.table('subject') === null) return null;
  return allKnown(split(cursor.rest()).map((clause) => (clause.length === 0 || isWay(clause) ? nothing : clauseOf(clause, sql))));
}

/** Null: it is none of those that are known here. */
function clauseOf(clause: readonly Token[], sql: string): readonly Part[] | null {
  const cursor = new Cursor(clause);
  if (cursor.take('ADD')) return added(cursor, sql);
  if (cursor.take('DROP')) return dropped(cursor);
  if (['MODIFY', 'CHANGE'].includes(cursor.here)) return modified(cursor, sql);
  if (cursor.take('ALTER')) return done(takesDefault(cursor));
  if (cursor.take('RENAME')) return done(renamesIndex(cursor));
  return done(areOptions(cursor));
}

function done(isKnown: boolean): readonly Part[] | null {
  return isKnown ? nothing : null;
}

function added(cursor: Cursor, sql: string): readonly Part[] | null {
  if (cursor.take('PARTITION')) return done(arePartitions(cursor));
  cursor.take('COLUMN');
  if (!cursor.take('(')) return addedOne(cursor, sql);
  const columns = listed(cursor);
  return columns && allKnown(columns.map((one) => addedOne(new Cursor(one), sql)));
}

/** `(PARTITION …)`, or `PARTITIONS n`. */
function arePartitions(cursor: Cursor): boolean {
  if (cursor.take('PARTITIONS')) return cursor.takeKind('number') !== null && cursor.isEnd;
  return cursor.take('(', 'PARTITION') && listed(cursor) !== null;
}

function addedOne(cursor: Cursor, sql: string): readonly Part[] | null {
  const isFullText = cursor.take('FULLTEXT');
  if (cursor.takeOne('INDEX', 'KEY') || isFullText) {
    if (!['(', 'USING'].includes(cursor.here) && cursor.name() === null) return null;
    return done(isIndex(cursor));
  }
  if (isOther(cursor)) return null;
  const name = cursor.name();
  const column = columnDefinition(cursor, sql);
  return name !== null && column !== null && fillsOldRows(column) ? [{ adds: name }] : null;
}

/** With one value for all of them, and for those that come without it. A bare TIMESTAMP may be given the time, as the session has it. */
function fillsOldRows({ type, nullable, hasDefault }: ColumnDefinition): boolean {
  if (nullable === false) return hasDefault === 'value';
  return nullable === true || hasDefault === 'value' || !isTimestamp(type);
}

const isTimestamp = (type: string): boolean => type.startsWith('timestamp');

function dropped(cursor: Cursor): readonly Part[] | null {
  if (cursor.takeOne('INDEX', 'KEY')) return done(isNoPrimary(cursor.name()) && cursor.isEnd);
  if (isOther(cursor)) return null;
  cursor.take('COLUMN');
  const name = cursor.name();
  cursor.takeOne('RESTRICT', 'CASCADE');
  return name !== null && cursor.isEnd ? [{ drops: name }] : null;
}

function isNoPrimary(name: string | null): boolean {
  return name !== null && name.toUpperCase() !== 'PRIMARY';
}

/** Under its name. A character set is not for it to change. */
function modified(cursor: Cursor, sql: string): readonly Part[] | null {
  const isChange = cursor.here === 'CHANGE';
  cursor.skip();
  cursor.take('COLUMN');
  const column = cursor.name();
  if (column === null || (isChange && cursor.name() !== column)) return null;
  const made = columnDefinition(cursor, sql);
  if (made === null || made.hasCollation || (isTimestamp(made.type) && made.nullable === null)) return null;
  return [{ modifies: { column, type: made.type, nullable: made.nullable ?? true } }];
}

function renamesIndex(cursor: Cursor): boolean {
  return cursor.takeOne('INDEX', 'KEY') && cursor.name() !== null && cursor.take('TO') && cursor.name() !== null && cursor.isEnd;
}

/** Of a column; or whether an index is used. */
function takesDefault(cursor: Cursor): boolean {
  if (cursor.take('INDEX')) return cursor.name() !== null && cursor.takeOne('VISIBLE', 'INVISIBLE') && cursor.isEnd;
  cursor.take('COLUMN');
  if (cursor.name() === null) return false;
  const isSet = cursor.take('SET', 'DEFAULT') ? takeConstant(cursor) !== null : cursor.take('DROP', 'DEFAULT');
  return isSet && cursor.isEnd;
}

/** One may follow another without a comma. */
function areOptions(cursor: Cursor): boolean {
  while (!cursor.isEnd) if (!takeOption(cursor)) return false;
  return true;
}

function takeOption(cursor: Cursor): boolean {
  if (cursor.take('FORCE')) return true;
  const name = cursor.here;
  cursor.skip();
  cursor.take('=');
  if (name === 'COMMENT') return cursor.takeKind('string') !== null;
  if (name === 'ENGINE') return cursor.name()?.toUpperCase() === 'INNODB';
  if (name === 'ROW_FORMAT') return cursor.takeOne('DEFAULT', 'DYNAMIC', 'COMPACT', 'REDUNDANT', 'COMPRESSED');
  if (!/^STATS_(?:PERSISTENT|AUTO_RECALC|SAMPLE_PAGES)$/.test(name)) return false;
  return cursor.take('DEFAULT') || cursor.takeKind('number') !== null;
}

function isPlainIndex(cursor: Cursor): boolean {
  if (cursor.take('DROP', 'INDEX')) {
    if (!isNoPrimary(cursor.name()) || !cursor.take('ON')) return false;
    return cursor.table('subject') !== null && areIndexOptions(cursor);
  }
  if (!cursor.take('CREATE')) return false;
  cursor.take('FULLTEXT');
  if (!cursor.take('INDEX') || cursor.name() === null) return false;
  takeMethod(cursor);
  return cursor.take('ON') && cursor.table('subject') !== null && isIndex(cursor);
}

function takeMethod(cursor: Cursor): boolean {
  return cursor.take('USING') && cursor.takeOne('BTREE', 'HASH');
}

/** Behind its name. An expression may refuse a row. */
function isIndex(cursor: Cursor): boolean {
  takeMethod(cursor);
  if (!cursor.take('(')) return false;
  do {
    if (cursor.name() === null) return false;
    if (cursor.take('(') && !(cursor.takeKind('number') && cursor.take(')'))) return false;
    cursor.takeOne('ASC', 'DESC');
  } while (cursor.take(','));
  return cursor.take(')') && areIndexOptions(cursor);
}

function areIndexOptions(cursor: Cursor): boolean {
  while (!cursor.isEnd) {
    if (cursor.takeOne('VISIBLE', 'INVISIBLE') || takeMethod(cursor) || takeComment(cursor)) continue;
    const isWord = cursor.takeOne('ALGORITHM', 'LOCK');
    if (!isWord && !cursor.take('KEY_BLOCK_SIZE')) return false;
    cursor.take('=');
    if (isWord ? cursor.name() === null : cursor.takeKind('number') === null) return false;
  }
  return true;
}
