/**
 * The same statement in another dress: comments and white space between the words, case, quoting, database. A server takes all of them for
 * one. Pure.
 */
import type { Random } from '../harness/random.js';

export interface Dress {
  /** Fixed words. */
  words(text: string): string;
  /** A table. */
  table(name: string): string;
  /** A column, an index. */
  name(name: string): string;
  /** Parts, with gaps between them. */
  join(...parts: readonly string[]): string;
  /** The session's default database; undefined: none. */
  readonly database: string | undefined;
}

const plainGaps = [' ', ' ', ' ', '  ', '\n', '\t'];
const oddGaps = [
  '/* 乗乣 */',
  '/* x */',
  ' /**/ ',
  '/* a `b` \' " -- */',
  ' -- c\n',
  ' #d\n',
  '\r\n',
  ' /*!50000 */ ',
  '/* one *//* two */',
];

export interface DressOptions {
  readonly database: string;
  /** Another database, which may be the session's default one. */
  readonly elsewhere: string;
  readonly odd: boolean;
}

export function dressOf(random: Random, { database, elsewhere, odd }: DressOptions): Dress {
  const home = odd ? random.pick([database, database, elsewhere, 'none'] as const) : database;
  const gap = (): string => random.pick(odd && random.chance(0.4) ? oddGaps : plainGaps);
  const cased = (word: string): string =>
    random.chance(0.5) ? word : random.chance(0.5) ? word.toLowerCase() : `${word.slice(0, 1)}${word.slice(1).toLowerCase()}`;
  const name = (text: string): string =>
    /^[a-zA-Z]{3,}$/.test(text) && !reserved.has(text.toLowerCase()) && random.chance(0.5) ? text : `\`${text}\``;
  const dot = (): string => (odd && random.chance(0.3) ? random.pick([' . ', '/**/./**/', '. ']) : '.');
  return {
    words: (text) =>
      text
        .split(' ')
        .map(cased)
        .reduce((all, word) => `${all}${gap()}${word}`),
    table: (text) => (home === database && random.chance(0.6) ? name(text) : `${name(database)}${dot()}${name(text)}`),
    name,
    join: (...parts) =>
      `${odd && random.chance(0.2) ? random.pick(['/* lead */ ', '-- lead\n', '# lead\n']) : ''}${parts.reduce((all, part) => `${all}${gap()}${part}`)}`,
    database: home === 'none' ? undefined : home,
  };
}

const reserved = new Set(['select', 'order', 'key', 'value', 'table', 'index', 'add', 'column']);
