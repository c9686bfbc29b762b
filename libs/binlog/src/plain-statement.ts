/**
 * A statement's text as the server ran it, in UTF-8: without the marks of executable comments, so that another server, of whatever version,
 * runs the same, and with a space for U+00A0, which is white space in character sets of one byte alone. Its tokens are those of the text
 * that was given, or there is none.
 */
import type { StatementReading } from '@lutra/model';
import { sqlTokens } from './sql-tokens.js';
import type { Span, Token } from './sql-tokens.js';

export interface PlainStatement {
  readonly sql: string;
  /** At their places in `sql`. */
  readonly tokens: readonly Token[];
}

/** Null: it cannot be said without the marks, or is `broken`. */
export function plainStatement({ text, ...mode }: StatementReading): PlainStatement | null {
  const marks: Span[] = [];
  const given = [...sqlTokens(text, mode, marks)];
  const sql = trimmed(without(mode.singleByte ? spaced(text, given) : text, marks));
  const tokens = [...sqlTokens(sql, { ...mode, singleByte: false })];
  const same =
    tokens.length === given.length &&
    tokens.every((token, i) => token.kind === given[i]?.kind && token.kind !== 'broken' && textOf(sql, token) === textOf(text, given[i]));
  return same ? { sql, tokens } : null;
}

const textOf = (sql: string, { at, end }: Span): string => sql.slice(at, end);

function spaced(text: string, tokens: readonly Token[]): string {
  let plain = '';
  for (const token of tokens) plain += text.slice(plain.length, token.at).replaceAll('\u00a0', ' ') + textOf(text, token);
  return plain + text.slice(plain.length).replaceAll('\u00a0', ' ');
}

/** Space comes where a mark stood and nothing else divides what is beside it: `a/*!b` are two words. */
function without(text: string, marks: readonly Span[]): string {
  let plain = '';
  let from = 0;
  for (const { at, end } of marks) {
    plain += text.slice(from, at);
    if (!isSpace(plain.at(-1)) && !isSpace(text[end])) plain += ' ';
    from = end;
  }
  return plain + text.slice(from);
}

const isSpace = (character: string | undefined): boolean => character === undefined || /[\t-\r ]/.test(character);

/** Not by trim(): U+00A0 may be a letter of a name. */
function trimmed(text: string): string {
  return text.replace(/^[\t-\r ]+/, '').replace(/[\t-\r ]+$/, '');
}
