/** CREATE TABLE: what it makes, and the tables that its definition names. */
import { keyword, outermost } from '@lutra/binlog';
import type { Token } from '@lutra/binlog';
import type { Cursor, Reference } from './cursor.js';
import { referred, unionOf } from './foreign-names.js';

interface Created {
  readonly tables: readonly Reference[] | 'mentioned';
  readonly doubt: string | null;
}

/** Behind CREATE [OR REPLACE] TABLE. */
export function created(cursor: Cursor): Created {
  cursor.take('IF', 'NOT', 'EXISTS');
  const subject = cursor.table('subject');
  if (subject === null) return { tables: 'mentioned', doubt: null };
  const rest = cursor.rest();
  const doubt = hasQuery(rest) ? 'a query fills the table, and the binlog has no rows of it' : null;
  return { tables: named(cursor, subject, rest), doubt };
}

function named(cursor: Cursor, subject: Reference, rest: readonly Token[]): Created['tables'] {
  const original = cursor.take('LIKE') || cursor.take('(', 'LIKE') ? cursor.table('like') : undefined;
  const parents = referred(rest);
  const union = unionOf(rest);
  if (original === null || parents === null || union === null) return 'mentioned';
  const others = [...parents, ...union].toSorted((one, other) => one.at - other.at);
  return [subject, ...(original ? [original] : []), ...others];
}

/** SELECT is reserved and stands nowhere else; VALUES and TABLE only in partitions, inside of parentheses. */
function hasQuery(rest: readonly Token[]): boolean {
  return (
    rest.some((token) => keyword(token) === 'SELECT') || outermost(rest).some((token) => token && /^(?:TABLE|VALUES)$/.test(keyword(token)))
  );
}
