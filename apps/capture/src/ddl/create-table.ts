/**
 * CREATE TABLE. A new table has no rows, and those that it gets later find no table at the target, which stops the loader: so a new table
 * changes nothing routed, even where its own name is. OR REPLACE drops what was there; rows that a SELECT puts in are in no binlog of
 * statements.
 */
import type { Token } from '@lutra/binlog';
import { keyword, outermost } from './cursor.js';
import type { Cursor, Reference } from './cursor.js';

/** Behind CREATE [OR REPLACE] TABLE. */
export function createdTables(cursor: Cursor, replaces: boolean): readonly Reference[] | 'mentioned' {
  cursor.take('IF', 'NOT', 'EXISTS');
  const table = cursor.table();
  if (table === null) return 'mentioned';
  const rest = cursor.rest();
  // the tables of a MERGE table can be changed through it
  if (hasUnionOption(rest)) return 'mentioned';
  return replaces || hasQuery(rest) ? [table] : [];
}

/** SELECT is reserved and stands nowhere else; VALUES and TABLE only in partitions, inside of parentheses. */
function hasQuery(rest: readonly Token[]): boolean {
  return (
    rest.some((token) => keyword(token) === 'SELECT') || outermost(rest).some((token) => token && /^(?:TABLE|VALUES)$/.test(keyword(token)))
  );
}

/** UNION=(t, …); amid a query it joins what begins with a word of its own. */
function hasUnionOption(rest: readonly Token[]): boolean {
  const isOption = (i: number): boolean => {
    if (keyword(rest[i]) === '=') return true;
    if (keyword(rest[i]) !== '(') return false;
    return !/^(?:SELECT|VALUES|TABLE|WITH|\()$/.test(keyword(rest[i + 1]));
  };
  return outermost(rest).some((token, i) => token !== null && keyword(token) === 'UNION' && isOption(i + 1));
}
