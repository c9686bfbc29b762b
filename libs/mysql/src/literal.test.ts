import * as fc from 'fast-check';
import type { ColumnSchema, Value } from '@lutra/model';
import { describe, expect, test } from 'vitest';
import { anySessionForm } from './any-session.js';
import { comparedLiteralOf, literalOf, quoteName, quoteTable, quoteText } from './literal.js';

const write = (column: Omit<ColumnSchema, 'name'>, value: unknown): string => literalOf({ name: 'c', ...column }, 's.t.c')(value as Value);

describe('literals', () => {
  test.each([
    ['int', -5, '-5'],
    ['year', 0, '0'],
    ['bigint', -(2n ** 63n), '-9223372036854775808'],
    ['bigint', 2n ** 64n - 1n, '18446744073709551615'],
    ['decimal', '-0.10', '-0.10'],
    ['double', 0.1, '0.1e0'],
    ['double', 1e21, '1e+21'],
    ['double', 5e-324, '5e-324'],
    ['double', -0, '-0e0'],
    ['float', 0.1, '0.10000000149011612e0'],
    ['float', Math.fround(0.1), '0.10000000149011612e0'],
    ['bit', Buffer.from([1, 0xff]), '511'],
    ['bit', Buffer.alloc(8, 0xff), '18446744073709551615'],
    ['varchar', `it's \\ \0 "x"`, String.raw`'it''s \\ \0 "x"'`],
    ['json', '{"a": "\\n"}', String.raw`'{"a": "\\n"}'`],
    ['text', '😀', "'😀'"],
    ['varbinary', Buffer.from([0, 0x5c]), "x'005c'"],
    ['blob', Buffer.alloc(0), "''"],
    ['date', '0000-00-00', "'0000-00-00'"],
    ['time', '-838:59:59.000000', "'-838:59:59.000000'"],
    ['timestamp', '2024-01-01 00:00:00.5', "'2024-01-01 00:00:00.5'"],
    ['set', '', "''"],
    ['int', null, 'NULL'],
  ] as const)('%s %#', (type, value, expected) => {
    expect(write({ type }, value)).toBe(expected);
  });

  test.each([
    ['gbk', "a-Z (1, 2) 'x'", "'a-Z (1, 2) ''x'''"],
    ['gbk', '你', "_gbk x'c4e3'"],
    ['sjis', '\\', "_sjis x'5c'"],
    ['swe7', 'Ä', "_swe7 x'5b'"],
    ['cp932', '\u{10ed40}', "_cp932 x'ed40'"],
    ['utf8mb4', '\u{10ffff}\u{10d800}', "_utf8mb4 x'eda080'"],
    ['utf16', '漢', "'漢'"],
    ['latin1', 'é', "'é'"],
    ['unheard-of', '漢', "'漢'"],
  ] as const)('text of %s goes as bytes where it is not the same in all sets %#', (charset, value, expected) => {
    expect(write({ type: 'varchar', charset }, value)).toBe(expected);
    expect(write({ type: 'enum', charset, values: ['x', value] }, value)).toBe(expected);
  });

  test.each(['漢', '\u{100041}', 'a\ud800'])('text that the character set of its column lacks is refused', (value) => {
    expect(() => write({ type: 'text', charset: 'cp1251' }, value)).toThrow(expect.objectContaining({ code: 'VALUE_UNSUPPORTED' }));
  });

  test('a long text is escaped as a short one is', () => {
    const nasty = `'\\\0😀é"\n`.repeat(20_000);
    const short = nasty.match(/.{1,1000}/gsu) ?? [];
    expect(quoteText(nasty)).toBe(`'${short.map((part) => quoteText(part).slice(1, -1)).join('')}'`);
  });

  test('BINARY(n) is padded to its length', () => {
    expect(write({ type: 'binary', length: 3 }, Buffer.from([1]))).toBe("x'010000'");
  });

  test('ENUM and SET: declared values only', () => {
    expect(write({ type: 'enum', values: ["it's", '1'] }, "it's")).toBe("'it''s'");
    expect(write({ type: 'set', values: ['a', 'b'] }, 'b,a')).toBe("'a,b'"); // in their order
    for (const [type, value] of [
      ['enum', '2'],
      ['enum', '\0'],
      ['set', ','],
      ['set', '1'],
      ['set', 'a,1'],
    ] as const) {
      expect(() => write({ type, values: ['a', 'b'] }, value)).toThrow(expect.objectContaining({ code: 'VALUE_UNSUPPORTED' }));
    }
    expect(write({ type: 'enum', values: ['', 'a'] }, '')).toBe("''");
  });

  test("an ENUM's error value is written as a zero that is no member, and compared as a number", () => {
    const error = (values: readonly string[], charset = 'utf8mb4', value = ''): string => write({ type: 'enum', values, charset }, value);
    expect(error(['a'])).toBe("'0'");
    expect(error(['0', '００', 'a', '3'])).toBe("'000'");
    expect(error(['a', ''], 'utf8mb4', '\0')).toBe("'0'");
    expect(error(['0'], 'utf16')).toBe("_utf16 x'00300030'");
    expect(error(['a'], 'utf16le')).toBe("_utf16le x'3000'");
    expect(() => error(['0'], 'utf32')).toThrow(expect.objectContaining({ code: 'VALUE_UNSUPPORTED' }));
    expect(() => error(['0', '00', '000', '0000', '00000'])).toThrow(expect.objectContaining({ code: 'VALUE_UNSUPPORTED' }));
    const compared = comparedLiteralOf({ name: 'c', type: 'enum', values: ['a', ''] }, 't.c');
    expect(['\0', '', 'a'].map(compared)).toEqual(['0', '2', "'a'"]);
  });

  test('a member that a server prints as another one is written as its text, where the list is as it was printed', () => {
    expect(write({ type: 'enum', charset: 'utf8mb4', values: ['a', '?'] }, '😀')).toBe("'😀'");
    expect(write({ type: 'set', charset: 'utf8mb4', values: ['a', '?'] }, 'a,😀')).toBe("'a,😀'");
    expect(() => write({ type: 'set', values: ['', '?'] }, 'a,😀')).toThrow(expect.objectContaining({ code: 'VALUE_UNSUPPORTED' }));
    const elsewhere = literalOf({ name: 'c', type: 'enum', values: ['a', '?'] }, 't.c', anySessionForm(true));
    expect(() => elsewhere('😀')).toThrow(expect.objectContaining({ code: 'VALUE_UNSUPPORTED' }));
  });

  test('members that a collation may take for one another are written as numbers, and so are sets with an empty member', () => {
    const values = ['a', 'A', 'b', 'é ', 'e'];
    expect(values.map((value) => write({ type: 'enum', values }, value))).toEqual(['1', '2', "'b'", '4', '5']);
    expect(write({ type: 'set', values }, 'b,A')).toBe('6');
    const holed = ['a', '', 'b'];
    expect(['', ',', 'a,', ',b', 'b'].map((value) => write({ type: 'set', values: holed }, value))).toEqual(['0', '2', '3', '6', '4']);
  });

  test.each([
    ['int', 1.5],
    ['int', Number.NaN],
    ['int', '1; DROP'],
    ['int', undefined],
    ['bigint', 2 ** 53],
    ['decimal', '1e5'],
    ['decimal', 1],
    ['decimal', '1 OR 1'],
    ['double', Number.POSITIVE_INFINITY],
    ['float', 1e300],
    ['bit', Buffer.alloc(9)],
    ['bit', 1],
    ['varchar', 5],
    ['varchar', '\ud800'],
    ['varchar', Buffer.from('a')],
    ['enum', ''],
    ['blob', 'abc'],
    ['date', "2024'"],
    ['datetime', new Date()],
    ['time', ''],
    ['json', '[\t"base64:type253:AA=="]'],
    ['json', '[1.2345678901234567'],
  ])('%s refuses what is not its own %#', (type, value) => {
    const writing = (): string => write({ type: type as ColumnSchema['type'] }, value);
    expect(writing).toThrow(expect.objectContaining({ code: 'VALUE_UNSUPPORTED', details: { column: 's.t.c', type } }));
  });

  test('text of any kind ends where its literal ends', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }).filter((text) => text.isWellFormed()),
        (text) => {
          const literal = quoteText(text);
          const inner = literal.slice(1, -1).replaceAll(/\\\\|\\0|''/g, (pair) => (pair === '\\0' ? '\0' : pair.slice(1)));
          expect(inner).toBe(text);
          expect(literal.slice(1, -1).replaceAll(/\\\\|\\0|''/g, '')).not.toMatch(/['\\\0]/);
        },
      ),
    );
  });

  test('a double is the same double again', () => {
    const back = (type: 'double' | 'float', value: number): void => {
      expect(Number(write({ type }, value))).toBe(value);
    };
    fc.assert(fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => back('double', value)));
    fc.assert(fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => back('float', value)));
  });

  test('names', () => {
    expect(quoteName('a`b')).toBe('`a``b`');
    expect(quoteTable({ database: 'd', name: 't' })).toBe('`d`.`t`');
  });
});
