/**
 * Whether a statement, run on the other side as well, does the same to the same rows there. An operator is told; nothing depends on it.
 * Clauses that are known to be the same were tried on MySQL 8.0, 9.7 and MariaDB 11.4 (effect.integration.test.ts); for everything else the
 * answer is that it is not known.
 */
import { sqlTokens } from '@lutra/binlog';
import type { Token } from '@lutra/binlog';
import type { StatementReading } from '@lutra/model';
import { columnEffect } from './column-effect.js';
import type { Finding } from './column-effect.js';
import { clauses, Cursor, keyword, outermost } from './cursor.js';

const unknown = (why: string, recipe: string | null): Finding => ({ effect: 'unknown', why, recipe });
const quiet = (why: string): Finding => unknown(why, 'Both ways');
const rowsGo = (what: string): Finding => unknown(`${what} does not know of rows that are on their way`, 'Remove rows');
const converts = (what: string): Finding => unknown(`${what} converts values as session and server do it`, 'Convert a column');
const notKnown = (what: string): Finding => unknown(`${what || 'a clause'} is not known to do the same on both sides`, 'Both ways');

/** The worst first; none: the same. Of all readings: one of them is right. */
export function effectOf(readings: readonly StatementReading[]): readonly Finding[] {
  const found = readings.flatMap((reading) => {
    const findings = statementEffect([...sqlTokens(reading.text, reading)]);
    return reading.text.includes('\\') ? [...findings, unknown('sql_mode decides what a backslash is', 'The same session')] : findings;
  });
  const distinct = [...new Map(found.map((finding) => [finding.why, finding])).values()];
  return [...distinct.filter(({ effect }) => effect === 'differs'), ...distinct.filter(({ effect }) => effect === 'unknown')];
}

function statementEffect(tokens: readonly Token[]): readonly Finding[] {
  const cursor = new Cursor(tokens);
  if (tokens.at(-1)?.kind === 'broken') return [notKnown('its text')];
  if (cursor.take('CREATE')) {
    cursor.takeOne('UNIQUE', 'FULLTEXT');
    return cursor.take('INDEX') ? found(keyEffect(tokens)) : [rowsGo(`CREATE ${cursor.here}`)];
  }
  if (cursor.take('DROP', 'INDEX')) return [];
  if (cursor.take('ALTER')) {
    cursor.take('ONLINE');
    if (cursor.take('TABLE')) return alterEffect(cursor);
    if (cursor.take('IGNORE'))
      return [{ effect: 'differs', why: 'IGNORE keeps another one of equal rows on each side', recipe: 'Remove rows' }];
  }
  const [verb = ''] = tokens.map(keyword);
  return [/^(?:TRUNCATE|DROP|RENAME)$/.test(verb) ? rowsGo(verb) : notKnown(verb)];
}

function found(finding: Finding | null): readonly Finding[] {
  return finding ? [finding] : [];
}

function alterEffect(cursor: Cursor): readonly Finding[] {
  cursor.take('IF', 'EXISTS');
  if (cursor.table() === null) return [notKnown('')];
  return clauses(cursor.rest()).flatMap(clauseEffect);
}

const sameOptions = new Set(
  ['ENGINE', 'COMMENT', 'ROW_FORMAT', 'KEY_BLOCK_SIZE', 'AUTO_INCREMENT', 'ALGORITHM', 'LOCK', 'FORCE', 'STATS_PERSISTENT'].concat(
    ['STATS_AUTO_RECALC', 'STATS_SAMPLE_PAGES', 'MIN_ROWS', 'MAX_ROWS', 'AVG_ROW_LENGTH', 'COMPRESSION', 'ENABLE', 'DISABLE', 'ORDER'],
    ['DEFAULT', 'CHARACTER', 'CHARSET', 'COLLATE'], // of columns that are still to come
  ),
);

function clauseEffect(clause: readonly Token[]): readonly Finding[] {
  const cursor = new Cursor(clause);
  const verb = cursor.here;
  if (clause.length === 0) return [];
  if (cursor.take('ADD')) return addEffect(cursor);
  if (cursor.take('DROP')) return found(dropEffect(cursor));
  if (cursor.take('MODIFY') || cursor.take('CHANGE')) return [converts(verb)];
  if (cursor.take('CONVERT', 'TO')) return [converts('CONVERT TO')];
  if (cursor.take('ALTER')) return []; // a default, or whether it is seen: of rows to come
  if (cursor.take('RENAME')) {
    return cursor.takeOne('INDEX', 'KEY') ? [] : [quiet(`RENAME ${cursor.here === 'COLUMN' ? 'COLUMN' : 'TO'} meets rows of the old name`)];
  }
  // partitions may follow an option without a comma
  const hasPartition = outermost(clause).some((token) => token !== null && keyword(token) === 'PARTITION');
  if (hasPartition) return [/^(?:TRUNCATE|EXCHANGE)$/.test(verb) ? rowsGo(`${verb} PARTITION`) : notKnown(`${verb} PARTITION`)];
  return sameOptions.has(verb) ? [] : [notKnown(verb)];
}

function addEffect(cursor: Cursor): readonly Finding[] {
  if (cursor.take('CONSTRAINT') && !/^(?:PRIMARY|UNIQUE|FOREIGN|CHECK)$/.test(cursor.here)) cursor.name();
  const rest = cursor.rest();
  if (cursor.take('PRIMARY')) return [quiet('a primary key changes how rows on their way are found, and NULL where sql_mode allows it')];
  if (cursor.takeOne('UNIQUE', 'INDEX', 'KEY', 'FULLTEXT')) return found(keyEffect(rest));
  if (cursor.take('FOREIGN', 'KEY')) return [];
  if (cursor.take('CHECK')) return [notKnown('CHECK')];
  if (cursor.take('PARTITION')) return isLiteral(rest) ? [] : [unknown('a partition has an expression', 'The same session')];
  cursor.take('COLUMN');
  cursor.take('IF', 'NOT', 'EXISTS');
  if (cursor.take('(')) return clauses(cursor.rest().slice(0, -1)).flatMap((one) => found(columnEffect(one.slice(1))));
  return cursor.name() === null ? [notKnown('ADD')] : found(columnEffect(cursor.rest()));
}

function dropEffect(cursor: Cursor): Finding | null {
  if (cursor.take('PRIMARY')) return quiet('a primary key that goes changes how rows on their way are found');
  if (cursor.take('PARTITION')) return rowsGo('DROP PARTITION');
  if (cursor.takeOne('INDEX', 'KEY', 'CONSTRAINT', 'FOREIGN', 'CHECK')) return null;
  return quiet('rows that are on their way have the column that goes');
}

/** `(v(10))` is a prefix; any name deeper in is an expression. */
function keyEffect(tokens: readonly Token[]): Finding | null {
  let depth = 0;
  for (const token of tokens) {
    const mark = keyword(token);
    if (mark === '(') depth += 1;
    else if (mark === ')') depth -= 1;
    else if (depth > 1 && token.kind !== 'number')
      return unknown('a key over an expression is computed in the session that adds it', 'The same session');
  }
  return null;
}

function isLiteral(tokens: readonly Token[]): boolean {
  const calls = tokens.filter((token, i) => token.kind === 'word' && keyword(tokens[i + 1]) === '(');
  return calls.every((token) => /^(?:PARTITION|THAN|IN)$/.test(keyword(token)));
}
