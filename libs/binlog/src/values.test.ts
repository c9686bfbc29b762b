/** What the servers of the integration tests never store: bytes that are no value of their type. */
import { describe, expect, it } from 'vitest';
import { ByteReader } from '@lutra/bytes';
import type { ColumnSchema, YearSign } from '@lutra/model';
import { SyncError, yearSignOf } from '@lutra/model';
import { rulesOf, textDecoder } from '@lutra/rows';
import { readSigns } from './signs.js';

describe('text', () => {
  const decode = (charset: string, ...bytes: number[]): string =>
    textDecoder(charset)!(new ByteReader(Buffer.from(bytes)), bytes.length, 'd.t.c');

  it('that is not valid is refused, never replaced', () => {
    const refused = expect.objectContaining({ code: 'VALUE_UNSUPPORTED', message: expect.stringContaining('d.t.c') });
    expect(() => decode('utf8mb4', 0x61, 0xff)).toThrow(refused);
    expect(() => decode('utf8mb4', 0xc0, 0x80)).toThrow(refused);
    expect(() => decode('utf8mb3', 0xe2, 0x82)).toThrow(refused);
    expect(() => decode('utf16', 0xd8, 0x00)).toThrow(refused);
    expect(() => decode('utf32', 0x00, 0x11, 0x00, 0x00)).toThrow(refused);
    expect(() => decode('ucs2', 0x61)).toThrow(refused);
    expect(decode('utf8mb4', 0xef, 0xbf, 0xbd)).toBe('\uFFFD');
    expect(decode('utf8mb4', 0xef, 0xbb, 0xbf, 0x61)).toBe('\uFEFFa');
  });

  it('in latin1 has one character for each byte', () => {
    const characters = Array.from({ length: 256 }, (_, byte) => decode('latin1', byte));
    expect(new Set(characters).size).toBe(256);
    expect(characters.every(({ length }) => length === 1)).toBe(true);
    expect(decode('latin1', 0x80, 0x81, 0xe9)).toBe('€\u0081é');
    const all = Array.from({ length: 256 }, (_, byte) => byte);
    expect(decode('latin1', ...all, ...all)).toBe(characters.join('').repeat(2));
  });

  it("is read in the column's own character set, its position in the event kept", () => {
    const reader = new ByteReader(Buffer.from([0xc4, 0xe3, 0x41, 0xed, 0xa0, 0x80, 0x42]));
    expect(textDecoder('gbk')!(reader, 3, 'd.t.c')).toBe('你A');
    expect(textDecoder('utf8mb4')!(reader, 3, 'd.t.c')).toBe('\u{10ffff}\u{10d800}');
    expect(textDecoder('cp1251')!(reader, 1, 'd.t.c')).toBe('B');
    expect(['', 'utf7', 'constructor'].map(textDecoder)).toEqual(Array(3).fill(undefined));
  });
});

describe('a value', () => {
  const read = ({ type = 'int', ...rest }: Partial<ColumnSchema>, prefix: number, ...bytes: number[]): unknown =>
    rulesOf(type).binlog.reader({ schema: { name: 'c', type, ...rest }, raw: { prefix } }, 'd.t.c')(new ByteReader(Buffer.from(bytes)));

  it('that ends behind its event is an error', () => {
    expect(() => read({ type: 'varchar', charset: 'utf8mb4' }, 1, 5, 0x61)).toThrow(RangeError);
    expect(() => read({ type: 'blob' }, 4, 5, 0, 0, 0)).toThrow(RangeError);
    expect(() => read({ type: 'int' }, 0, 1, 2, 3)).toThrow(RangeError);
    expect(() => read({ type: 'double' }, 0, 1, 2, 3)).toThrow(RangeError);
    expect(() => read({ type: 'decimal', precision: 10, scale: 2 }, 0, 0x80)).toThrow(RangeError);
    expect(() => read({ type: 'datetime', scale: 6 }, 0, 0x99, 0, 0, 0, 0)).toThrow(RangeError);
  });

  it('outside its list or type is an error', () => {
    expect(() => read({ type: 'enum', values: ['a'] }, 1, 2)).toThrow(RangeError);
    expect(() => read({ type: 'set', values: ['a'] }, 1, 2)).toThrow(RangeError);
    expect(() => read({ type: 'binary', length: 1 }, 1, 2, 0, 0)).toThrow(RangeError);
    expect(() => read({ type: 'timestamp', scale: 2 }, 0, 0, 0, 0, 0, 1)).toThrow(RangeError);
    expect(() => read({ type: 'decimal', precision: 1, scale: 0 }, 0, 0xff)).toThrow(RangeError);
  });
});

describe('the signs of numbers', () => {
  const refuse = (why: string): SyncError => new SyncError('COLUMN_UNSUPPORTED', why);
  const signs = (bytes: Buffer | undefined, isYear: boolean[], yearSign: YearSign): readonly boolean[] =>
    readSigns(bytes, { isYear, yearSign, refuse });
  const bits = (text: string): Buffer => Buffer.from([Number.parseInt(text.padEnd(8, '0'), 2)]);

  it('count YEAR columns or not, by the server that wrote them', () => {
    expect(
      ['8.0.4', '8.0.15', '8.0.15-log', '8.0.16', '8.0.28-ubuntu', '8.0.29', '8.4.0', '9.7.1', '11.4.5-MariaDB-log'].map(yearSignOf),
    ).toEqual(['left-out', 'left-out', 'left-out', 'unknown', 'unknown', 'counted', 'counted', 'counted', 'counted']);
    const columns = [false, true, false, false];
    expect(signs(bits('0110'), columns, 'counted')).toEqual([false, true, false]);
    expect(signs(bits('010'), columns, 'left-out')).toEqual([false, true, false]);
  });

  it('are refused where the two answers differ and nobody knows', () => {
    expect(signs(bits('0100'), [false, false, false], 'unknown')).toEqual([false, true, false]);
    expect(signs(bits('0000'), [true, false, false], 'unknown')).toEqual([false, false]);
    expect(() => signs(bits('0010'), [true, false, false], 'unknown')).toThrow(expect.objectContaining({ code: 'COLUMN_UNSUPPORTED' }));
    // the number of bytes tells
    expect(
      signs(
        Buffer.from([0xff]),
        Array.from({ length: 9 }, (_, i) => i === 0),
        'unknown',
      ),
    ).toEqual(Array(8).fill(true));
    expect(() => signs(undefined, [false], 'counted')).toThrow(expect.objectContaining({ code: 'BINLOG_DECODE' }));
  });
});
