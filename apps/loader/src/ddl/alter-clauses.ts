/**
 * What an ALTER TABLE does to columns and indexes, by its text: the clauses of a record are none where the statement does something else
 * too. Pure.
 */
import { clauses, keyword } from '@lutra/binlog';
import type { Token } from '@lutra/binlog';
import { tokensOf } from './statement-tokens.js';
import type { Text } from './statement-tokens.js';

/** Names in lower case. */
export type Altered =
  /** `default`: as the text has it; null: none, or NULL. define: it may be another since. */
  | { readonly does: 'add' | 'define'; readonly column: string; readonly default: string | null }
  | { readonly does: 'rename'; readonly column: string; readonly to: string }
  | { readonly does: 'drop'; readonly column: string }
  | { readonly does: 'drop-index'; readonly index: string }
  /** The text cannot be read to its end. */
  | { readonly does: 'unread' };

/** In the order of the text. What is done to anything else is left out. */
export function alteredBy(record: Text): readonly Altered[] {
  const tokens = tokensOf(record);
  const found = alterClauses(tokens).flatMap((clause) => readClause(clause, record.sql));
  return tokens.at(-1)?.kind === 'broken' ? [...found, { does: 'unread' }] : found;
}

const verbs = new Set(['ADD', 'DROP', 'CHANGE', 'RENAME', 'MODIFY', 'ALTER', 'ENGINE', 'COMMENT', 'CONVERT', 'ORDER']);

/** Each from its verb on: the first begins behind ALTER [ONLINE] [IGNORE] TABLE [IF EXISTS] name [WAIT n | NOWAIT]. */
export function alterClauses(tokens: readonly Token[]): readonly (readonly Token[])[] {
  const [first = [], ...more] = clauses(tokens);
  const table = first.findIndex((token) => keyword(token) === 'TABLE');
  const name = keyword(first[table + 1]) === 'IF' ? table + 3 : table + 1;
  const behind = first[name + 1]?.text === '.' ? name + 3 : name + 1;
  const verb = first.findIndex((token, i) => i >= behind && verbs.has(keyword(token)));
  return [verb === -1 ? [] : first.slice(verb), ...more];
}

function readClause([verb, ...rest]: readonly Token[], sql: string): readonly Altered[] {
  const [name, next] = namesIn(rest);
  switch (keyword(verb)) {
    case 'ADD':
      return added(rest).flatMap((each) => defined('add', namesIn(each)[0], { clause: each, sql }));
    case 'MODIFY':
      return defined('define', name, { clause: rest, sql });
    case 'CHANGE':
      return [...renamed(name, next), ...defined('define', next, { clause: rest, sql })];
    case 'RENAME':
      return keyword(rest[0]) === 'COLUMN' ? renamed(name, rest.at(-1)?.text.toLowerCase()) : [];
    case 'ALTER':
      return rest.some((token) => keyword(token) === 'DEFAULT') ? defined('define', name, { clause: rest, sql }) : [];
    case 'DROP':
      return dropped(rest);
    default:
      return [];
  }
}

/** `ADD (a INT, b DECIMAL(5, 2))` adds several. */
function added(rest: readonly Token[]): readonly (readonly Token[])[] {
  const list = rest.slice(nameAt(rest));
  return list[0]?.kind === 'mark' && list[0].text === '(' ? clauses(list.slice(1, -1)) : [rest];
}

interface In {
  readonly clause: readonly Token[];
  readonly sql: string;
}

function defined(does: 'add' | 'define', column: string | undefined, { clause, sql }: In): readonly Altered[] {
  return column === undefined || isOther(clause) ? [] : [{ does, column, default: defaultIn(clause, sql) }];
}

function renamed(column: string | undefined, to: string | undefined): readonly Altered[] {
  return column === undefined || to === undefined || column === to ? [] : [{ does: 'rename', column, to }];
}

function dropped(rest: readonly Token[]): readonly Altered[] {
  const isIndex = /^(?:INDEX|KEY)$/.test(keyword(rest[0]));
  const [name] = namesIn(isIndex ? rest.slice(1) : rest);
  if (name === undefined || (!isIndex && isOther(rest))) return [];
  return [isIndex ? { does: 'drop-index', index: name } : { does: 'drop', column: name }];
}

const others = new Set(['INDEX', 'KEY', 'PRIMARY', 'UNIQUE', 'FULLTEXT', 'SPATIAL', 'FOREIGN', 'CONSTRAINT', 'CHECK', 'PARTITION']);

/** What stands before the name of something that is no column. The last two are no reserved words. */
function isOther([first, second]: readonly Token[]): boolean {
  const pair = `${keyword(first)} ${keyword(second)}`;
  return others.has(keyword(first)) || pair === 'PERIOD FOR' || pair === 'SYSTEM VERSIONING';
}

/** A name, and what may be the next one. */
function namesIn(tokens: readonly Token[]): readonly string[] {
  const at = nameAt(tokens);
  return tokens.slice(at, at + 2).map(({ text }) => text.toLowerCase());
}

/** Behind [COLUMN] [IF [NOT] EXISTS]. */
function nameAt(tokens: readonly Token[]): number {
  const at = keyword(tokens[0]) === 'COLUMN' && tokens.length > 1 ? 1 : 0;
  if (keyword(tokens[at]) !== 'IF') return at;
  return keyword(tokens[at + 1]) === 'NOT' ? at + 3 : at + 2;
}

/** A value, with its sign; one in parentheses to the end. DROP DEFAULT leaves nothing. */
function defaultIn(clause: readonly Token[], sql: string): string | null {
  const at = clause.findIndex((token, i) => keyword(token) === 'DEFAULT' && keyword(clause[i - 1]) !== 'DROP');
  const [first, second] = at === -1 ? [] : clause.slice(at + 1);
  if (first === undefined || keyword(first) === 'NULL') return null;
  const last = first.kind !== 'mark' ? first : first.text === '(' ? clause.at(-1)! : (second ?? first);
  return sql.slice(first.at, last.end);
}
