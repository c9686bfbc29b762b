/** Tables that a definition names beside the one that it is of: parents of foreign keys, and the parts of a MERGE table. */
import { keyword, outermost } from '@lutra/binlog';
import type { Token } from '@lutra/binlog';
import { Cursor } from './cursor.js';
import type { Reference } from './cursor.js';

/** In tokens: MariaDB takes `.a` for a, too. */
const longestName = 4;

/** REFERENCES is reserved: behind anything but a dot it is the keyword. Null: no name follows. */
export function referred(tokens: readonly Token[]): readonly Reference[] | null {
  const found = tokens.flatMap((token, i) =>
    keyword(token) === 'REFERENCES' && keyword(tokens[i - 1]) !== '.'
      ? [new Cursor(tokens.slice(i + 1, i + 1 + longestName)).table('references')]
      : [],
  );
  return found.includes(null) ? null : found.flatMap((table) => table ?? []);
}

/** UNION [=] (a, b). Null: it cannot be read. */
export function unionOf(tokens: readonly Token[]): readonly Reference[] | null {
  const at = outermost(tokens).findIndex(
    (token, i) => token !== null && keyword(token) === 'UNION' && isOption(tokens.slice(i + 1, i + 3)),
  );
  if (at === -1) return [];
  const cursor = new Cursor(tokens.slice(at + 1));
  cursor.take('=');
  if (!cursor.take('(')) return null;
  return cursor.take(')') ? [] : cursor.tables('union');
}

/** Amid a query UNION joins what begins with a word of its own. */
function isOption([first, second]: readonly Token[]): boolean {
  if (keyword(first) === '=') return true;
  return keyword(first) === '(' && !/^(?:SELECT|VALUES|TABLE|WITH|\()$/.test(keyword(second));
}
