/** Names of columns in a clause of an ALTER TABLE. */
import { keyword } from '@lutra/binlog';
import type { Token } from '@lutra/binlog';

const others = new Set(['INDEX', 'KEY', 'PRIMARY', 'UNIQUE', 'FULLTEXT', 'SPATIAL', 'FOREIGN', 'CONSTRAINT', 'CHECK', 'PARTITION']);

/** What stands before the name of something that is no column. The last two are no reserved words. */
export function isOther([first, second]: readonly Token[]): boolean {
  const pair = `${keyword(first)} ${keyword(second)}`;
  return others.has(keyword(first)) || pair === 'PERIOD FOR' || pair === 'SYSTEM VERSIONING';
}

/** The names behind a verb, in lower case. */
export function nameIn(tokens: readonly Token[]): readonly string[] {
  let at = keyword(tokens[0]) === 'COLUMN' && tokens.length > 1 ? 1 : 0;
  if (keyword(tokens[at]) === 'IF' && keyword(tokens[at + 1]) === 'EXISTS') at += 2;
  return tokens.slice(at, at + 2).map(({ text }) => text.toLowerCase());
}
