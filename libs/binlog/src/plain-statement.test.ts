import type { StatementReading } from '@lutra/model';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plainStatement } from './plain-statement.js';
import { sqlTokens } from './sql-tokens.js';

const mode: Omit<StatementReading, 'text'> = { ansiQuotes: false, noBackslashEscapes: false, singleByte: false, flavor: 'mysql' };
const plain = (text: string, more: Partial<StatementReading> = {}) => plainStatement({ text, ...mode, ...more });

describe('a statement without the marks of executable comments', () => {
  it.each([
    ['/*!50100 x */', 'x'],
    ['a/*!50100b*/c', 'a b c'],
    ['a /*!080015 b */ c', 'a  b  c'],
    ["a '/*!50100 x */' /* /*!1 */ `/*! y */`", "a '/*!50100 x */' /* /*!1 */ `/*! y */`"],
    ['a /* 99999 x */', 'a /* 99999 x */'],
    ['  a -- b\n', 'a -- b'],
    ['NOW/*! ( */)', 'NOW ( )'],
    ['\u00a0a', '\u00a0a'],
  ])('%j is %j', (text, sql) => expect(plain(text)?.sql).toBe(sql));

  it('depends on the flavor: what MySQL takes for a comment stays one', () => {
    expect(plain('a /*M! b */')?.sql).toBe('a /*M! b */');
    expect(plain('a /*M!100100 b */', { flavor: 'mariadb' })?.sql).toBe('a  b');
  });

  it('has a space where the server has read one', () => {
    expect(plain("a\u00a0`b\u00a0`'\u00a0'/*\u00a0*/--\u00a0c", { singleByte: true })?.sql).toBe("a `b\u00a0`'\u00a0'/* */-- c");
  });

  it('is none where the server cannot have read the text, or where another text would be read', () => {
    for (const text of ["a 'b", 'a /*! b /*! c */ */', '5--/*! */1']) expect([text, plain(text)]).toEqual([text, null]);
  });

  it('has its tokens at their places', () => {
    const found = plain('DROP /*!50000 TABLE*/ `a``b`.c')!;
    expect(found.tokens.map(({ at, end }) => found.sql.slice(at, end))).toEqual(['DROP', 'TABLE', '`a``b`', '.', 'c']);
  });

  it('has the tokens of the text that was given, whatever that is', () => {
    const part = fc.constantFrom(
      '/*!',
      '/*!50000',
      '*/',
      '/*',
      '--',
      '#',
      '\n',
      "'",
      '"',
      '`',
      '\\',
      '.',
      ' ',
      'a',
      '1',
      '-',
      '\u00a0',
      '漢',
    );
    const texts = fc.oneof(
      fc.array(part, { maxLength: 20 }).map((parts) => parts.join('')),
      fc.string({ unit: 'binary' }),
    );
    const modes = fc.record({ ansiQuotes: fc.boolean(), noBackslashEscapes: fc.boolean(), singleByte: fc.boolean() });
    fc.assert(
      fc.property(texts, modes, (text, more) => {
        const found = plain(text, more);
        const given = [...sqlTokens(text, { ...mode, ...more })];
        if (!found) return;
        expect(found.tokens.map(({ at, end }) => found.sql.slice(at, end))).toEqual(given.map(({ at, end }) => text.slice(at, end)));
        expect([...sqlTokens(found.sql, { ...mode, ...more, singleByte: false })]).toEqual(found.tokens);
      }),
      { numRuns: 2_000 },
    );
  });
});
