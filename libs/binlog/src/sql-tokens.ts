/**
 * A statement's text → its tokens, as the server's own lexer cuts them. Pure and lazy. It serves to find names: what a string or a number
 * holds is not given out. A text that the server cannot have read like this ends with `broken`; whoever meets that token knows nothing of
 * the rest.
 *
 * An executable comment that the server did not run stands in the binlog as a plain one (seen on MySQL 8.0.15, 9.7 and MariaDB 11.4), so no
 * version is compared here: what still begins with an exclamation mark was run.
 */
import type { StatementReading } from '@lutra/model';

export type LexMode = Omit<StatementReading, 'text'>;

type Content =
  /** Not quoted: a keyword or a name. */
  | { readonly kind: 'word'; readonly text: string }
  | { readonly kind: 'quoted'; readonly text: string }
  | { readonly kind: 'string' | 'number' | 'broken'; readonly text: '' }
  /** One character. */
  | { readonly kind: 'mark'; readonly text: string };

export type Token = Content & Span;

/** A part of a text, with the quotes that it has there, in UTF-16 code units. */
export interface Span {
  readonly at: number;
  readonly end: number;
}

const spaces = { wide: /[\t-\r ]+/y, narrow: /[\t-\r \u00a0]+/y } as const;
const words = { wide: /[\w$\u0080-\uffff]+/y, narrow: /[\w$\u0080-\u009f\u00a1-\uffff]+/y } as const;
const lineComments = { wide: /(?:#|--(?=[\0-\x20\x7f]|$))[^\n\0]*/y, narrow: /(?:#|--(?=[\0-\x20\x7f\u00a0]|$))[^\n\0]*/y } as const;
/** In some of these character sets more bytes than these begin a comment: nobody can tell. */
const doubtfulComment = /--[\u0080-\uffff]/y;
const number = /\d+e[+-]?\d+|\d+\.\d*(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?|\d+(?![\w$\u0080-\uffff])/iy;
/** With its version: six digits on MySQL only where space follows. */
const executable = { mysql: /\/\*!(?:\d{6}(?=[\t-\r ])|\d{5})?/y, mariadb: /\/\*M?!(?:\d{5,6})?/y } as const;

/** @param marks gets the marks of executable comments that stand before the last token */
export function* sqlTokens(sql: string, mode: LexMode, marks: Span[] = []): Generator<Token, void, void> {
  const width = mode.singleByte ? 'narrow' : 'wide';
  let at = 0;
  let inExecutable = false;
  let last: Token['kind'] | 'dot' | null = null;
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(sql)?.[0];
  };
  while (at < sql.length) {
    const started = match(executable[mode.flavor]);
    if (started !== undefined) {
      marks.push({ at, end: (at += started.length) });
      inExecutable = true;
      continue;
    }
    const skipped = match(spaces[width]) ?? match(lineComments[width]) ?? plainComment(sql, at);
    if (skipped !== undefined) {
      at += skipped.length;
      continue;
    }
    if (inExecutable && sql.startsWith('*/', at)) {
      marks.push({ at, end: (at += 2) });
      inExecutable = false;
      continue;
    }
    const { token, length } = next(sql, at, { mode, match, width, last });
    yield { ...token, at, end: at + length };
    if (token.kind === 'broken') return;
    last = token.text === '.' && token.kind === 'mark' ? 'dot' : token.kind;
    at += length;
  }
}

interface Lexing {
  readonly mode: LexMode;
  readonly match: (pattern: RegExp) => string | undefined;
  readonly width: 'wide' | 'narrow';
  readonly last: Token['kind'] | 'dot' | null;
}

const broken = { token: { kind: 'broken', text: '' }, length: 0 } as const;

function next(sql: string, at: number, { mode, match, width, last }: Lexing): { readonly token: Content; readonly length: number } {
  const character = sql[at]!;
  if (character === "'" || character === '"' || character === '`') {
    const isName = character === '`' || (character === '"' && mode.ansiQuotes);
    const end = quotedEnd(sql, at, !isName && !mode.noBackslashEscapes);
    if (end === null) return broken;
    if (!isName) return { token: { kind: 'string', text: '' }, length: end - at };
    return { token: { kind: 'quoted', text: sql.slice(at + 1, end - 1).replaceAll(character + character, character) }, length: end - at };
  }
  // behind a dot even digits are a name; and a dot behind a name begins no number
  const digits = last === 'dot' || (character === '.' && (last === 'word' || last === 'quoted')) ? undefined : match(number);
  if (digits !== undefined) return { token: { kind: 'number', text: '' }, length: digits.length };
  const word = match(words[width]);
  if (word !== undefined) return { token: { kind: 'word', text: word }, length: word.length };
  const isEnd = character === '\0' || sql.startsWith('/*', at) || (sql.startsWith('*/', at) && sql[at + 2] !== '*');
  if (isEnd || (mode.singleByte && match(doubtfulComment) !== undefined)) return broken;
  return { token: { kind: 'mark', text: character }, length: 1 };
}

/** Comments do not nest. Undefined: none begins here, or it has no end. */
function plainComment(sql: string, at: number): string | undefined {
  if (!sql.startsWith('/*', at)) return undefined;
  const end = sql.indexOf('*/', at + 2);
  return end === -1 ? undefined : sql.slice(at, end + 2);
}

/** Behind the closing quote; null: there is none. A quote that is doubled is one of the text. */
function quotedEnd(sql: string, start: number, escapes: boolean): number | null {
  const quote = sql[start]!;
  for (let i = start + 1; i < sql.length; i++) {
    if (escapes && sql[i] === '\\') i++;
    else if (sql[i] === quote) {
      if (sql[i + 1] !== quote) return i + 1;
      i++;
    }
  }
  return null;
}
