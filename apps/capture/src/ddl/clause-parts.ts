/** What both readings of ALTER TABLE share: what a statement does (clauses.ts), and if both sides can live with it (compatible.ts). */
import { clauses as split, keyword } from '@lutra/binlog';
import type { Token } from '@lutra/binlog';
import type { Cursor } from './cursor.js';

/** How it is done is no part of what is done. */
const ways = new Set(['ALGORITHM', 'LOCK']);

export function isWay(clause: readonly Token[]): boolean {
  const words = clause.map(keyword).filter((word) => word !== '=');
  return words.length === 2 && ways.has(words[0] ?? '');
}

/** What stands before the name of something that is no column; some of these words may be names of columns, too. */
const others = new Set('PRIMARY FOREIGN CONSTRAINT CHECK PARTITION PERIOD SYSTEM SPATIAL VECTOR FULLTEXT UNIQUE INDEX KEY'.split(' '));

export function isOther(cursor: Cursor): boolean {
  return others.has(cursor.here);
}

/** Behind an opening parenthesis: what it holds, if nothing follows it. */
export function listed(cursor: Cursor): readonly (readonly Token[])[] | null {
  const list = cursor.rest();
  return keyword(list.at(-1)) === ')' ? split(list.slice(0, -1)) : null;
}

/** What all of them are; null: one is not known. */
export function allKnown<T>(found: readonly (readonly T[] | null)[]): readonly T[] | null {
  return found.includes(null) ? null : found.flatMap((of) => of ?? []);
}
