import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sqlTokens } from './sql-tokens.js';
import type { LexMode } from './sql-tokens.js';

const plain: LexMode = { ansiQuotes: false, noBackslashEscapes: false, singleByte: false, flavor: 'mysql' };

/** Words as they are, quoted names in brackets, strings and numbers as ' and 0, a text that cannot be read on as !. */
function tokens(sql: string, mode: Partial<LexMode> = {}): string {
  const shown = { word: (text: string) => text, quoted: (text: string) => `[${text}]`, mark: (text: string) => text };
  return [...sqlTokens(sql, { ...plain, ...mode })]
    .map(({ kind, text }) => (kind === 'string' ? "'" : kind === 'number' ? '0' : kind === 'broken' ? '!' : shown[kind](text)))
    .join(' ');
}

describe('tokens', () => {
  it.each([
    ['TRUNCATE TABLE/**/s./* x */`t`', 'TRUNCATE TABLE s . [t]'],
    ['a\t\v\f\r\nb', 'a b'],
    ['a -- b\nc', 'a c'],
    ['a --\tb', 'a'],
    ['a --', 'a'],
    ['a --b', 'a - - b'],
    ['a # b\nc # d', 'a c'],
    ['a /* # */ b', 'a b'],
    ['a /*/ b */ c', 'a c'],
    ['1 1.5 .5 1. 1e5 2E+3 1e-2', '0 0 0 0 0 0 0'],
    ['1t 1e5x 1e 0x1g', '1t 0 x 1e 0x1g'],
    ['n.2e3 n.1 `n`.5t n . 7', 'n . 2e3 n . 1 [n] . 5t n . 7'],
    ['a$b _c $d', 'a$b _c $d'],
    ['straße.乗 😀', 'straße . 乗 😀'],
    ['a\u00a0b', 'a\u00a0b'],
    ['`a``b` `"` `\\`', '[a`b] ["] [\\]'],
    ["'a''b' 'a\\'b' '\\\\' x", "' ' ' x"],
    ['"a" "a\\"b" "a""b"', "' ' '"],
    ["N'a' _utf8'b' x'41'", "N ' _utf8 ' x '"],
    ['/*!50000 a */ /*! b */ /*!080015 c */', 'a b c'],
    ['/*!500006a */', '6a'],
    ['/*!1 a */', '0 a'],
    ['/*! a /* b */ c */ d', 'a c d'],
    ['/*M! a */ b', 'b'],
    ['4*/* x */2', '0 * 0'],
    ['a, (b);', 'a , ( b ) ;'],
  ])('%j', (sql, expected) => expect(tokens(sql)).toBe(expected));

  it.each(["a 'b", 'a `b', 'a /* b', 'a */ b', 'a \0 b', '# a\0b', "'a\\'"])('end where the text cannot have been read: %j', (sql) => {
    expect(tokens(sql)).toMatch(/!$/);
  });

  it('depend on the sql_mode', () => {
    expect(tokens('"a""b\\" c', { ansiQuotes: true })).toBe('[a"b\\] c');
    expect(tokens("'a\\' b", { noBackslashEscapes: true })).toBe("' b");
    expect(tokens('"a\\" b', { noBackslashEscapes: true })).toBe("' b");
  });

  it('depend on the flavor', () => {
    expect(tokens('/*M! a */ /*!100100b */ /*M!50701 c */', { flavor: 'mariadb' })).toBe('a b c');
  });

  it('depend on the width of characters', () => {
    expect(tokens('TRUNCATE\u00a0TABLE\u00a0t', { singleByte: true })).toBe('TRUNCATE TABLE t');
    expect(tokens('a --\u00a0b\nc', { singleByte: true })).toBe('a c');
    expect(tokens('a --\u0080b', { singleByte: true })).toBe('a !');
  });

  it('come lazily, so that first words are known of any text', () => {
    const [first] = sqlTokens("GRANT '", plain);
    expect(first).toEqual({ kind: 'word', text: 'GRANT', at: 0, end: 5 });
  });

  it('end for any text, and a quoted name comes back as it was', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), fc.boolean(), (sql, singleByte) => void tokens(sql, { singleByte })));
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (name) => {
        expect([...sqlTokens(`x /* ' */ . \`${name.replaceAll('`', '``')}\` y`, plain)].map(({ text }) => text)).toEqual([
          'x',
          '.',
          name,
          'y',
        ]);
      }),
    );
  });
});
