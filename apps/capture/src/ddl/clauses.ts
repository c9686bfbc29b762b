/**
 * What a statement does, where all of it is to add and drop columns and indexes by name: a table that shows all of that has nothing left to
 * be done. Anything else, and anything that is not known here, is none of these.
 */
import { clauses as split, keyword, outermost } from '@lutra/binlog';
import type { Token } from '@lutra/binlog';
import type { DdlClause } from '@lutra/model';
import { allKnown, isOther, isWay, listed } from './clause-parts.js';
import { Cursor } from './cursor.js';

/** Null: it does something else too. */
export function clausesOf(tokens: readonly Token[]): readonly DdlClause[] | null {
  const cursor = new Cursor(tokens);
  if (cursor.take('ALTER')) return cursor.take('TABLE') ? altered(cursor) : null;
  if (cursor.take('CREATE')) {
    cursor.takeOne('UNIQUE', 'FULLTEXT');
    return cursor.take('INDEX') ? one('add', 'index', indexName(cursor)) : null;
  }
  return cursor.take('DROP', 'INDEX') ? one('drop', 'index', indexName(cursor)) : null;
}

function one(action: DdlClause['action'], what: DdlClause['what'], name: string | null): readonly DdlClause[] | null {
  return name === null ? null : [{ action, what, name }];
}

/** PRIMARY is no index that comes and goes by its name. */
function indexName(cursor: Cursor): string | null {
  skipExists(cursor);
  const name = cursor.name();
  return name?.toUpperCase() === 'PRIMARY' ? null : name;
}

function skipExists(cursor: Cursor): void {
  if (!cursor.take('IF', 'NOT', 'EXISTS')) cursor.take('IF', 'EXISTS');
}

function altered(cursor: Cursor): readonly DdlClause[] | null {
  skipExists(cursor);
  if (cursor.table('subject') === null) return null;
  const all = split(cursor.rest()).filter((clause) => !isWay(clause));
  return all.length === 0 ? null : allKnown(all.map(clauseOf));
}

function clauseOf(clause: readonly Token[]): readonly DdlClause[] | null {
  const cursor = new Cursor(clause);
  if (cursor.take('ADD')) return added(cursor);
  if (!cursor.take('DROP')) return null;
  if (cursor.takeOne('INDEX', 'KEY')) return ends(cursor, one('drop', 'index', indexName(cursor)));
  if (isOther(cursor)) return null;
  cursor.take('COLUMN');
  skipExists(cursor);
  const dropped = one('drop', 'column', cursor.name());
  cursor.takeOne('RESTRICT', 'CASCADE');
  return ends(cursor, dropped);
}

function ends(cursor: Cursor, found: readonly DdlClause[] | null): readonly DdlClause[] | null {
  return cursor.isEnd ? found : null;
}

function added(cursor: Cursor): readonly DdlClause[] | null {
  const isKind = cursor.takeOne('UNIQUE', 'FULLTEXT');
  if (cursor.takeOne('INDEX', 'KEY') || isKind) return one('add', 'index', cursor.here === 'USING' ? null : indexName(cursor));
  if (isOther(cursor)) return null;
  cursor.take('COLUMN');
  skipExists(cursor);
  if (!cursor.take('(')) return column(cursor);
  const columns = listed(cursor);
  return columns && allKnown(columns.map((of) => (isOther(new Cursor(of)) ? null : column(new Cursor(of)))));
}

/** Words of a column that make more than a column. */
const more = new Set(['UNIQUE', 'KEY', 'PRIMARY', 'REFERENCES', 'CHECK', 'SERIAL']);

function column(cursor: Cursor): readonly DdlClause[] | null {
  const name = cursor.name();
  const makesMore = outermost(cursor.rest()).some((token) => token !== null && more.has(keyword(token)));
  return makesMore || cursor.isEnd ? null : one('add', 'column', name);
}
