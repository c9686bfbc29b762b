import type { ColumnSchema, Value } from '@lutra/model';
import { describe, expect, test } from 'vitest';
import { printedJson, typesOf, withTypes } from '@lutra/rows';
import { jsonExpression } from '../../rows/src/json/json-literal.js';
import { sameTypes, storedForm, valueOf } from './row-values.js';

const hex = (bytes: string): Buffer => Buffer.from(bytes, 'hex');

describe('a value that a SELECT gave', () => {
  test.each<[Omit<ColumnSchema, 'name'>, string | number | Buffer | null, Value]>([
    [{ type: 'int' }, null, null],
    [{ type: 'int' }, '42', 42],
    [{ type: 'int' }, '9007199254740993', 9007199254740993n],
    [{ type: 'bigint' }, '00000000000000000042', 42n],
    [{ type: 'year' }, 0, 0],
    [{ type: 'double' }, -0, -0],
    [{ type: 'decimal', precision: 10, scale: 2 }, '00000012.30', '12.30'],
    [{ type: 'decimal', precision: 10, scale: 2 }, '-0.500000', '-0.50'],
    [{ type: 'decimal', precision: 10, scale: 2 }, '0.500001', '0.500001'],
    [{ type: 'decimal', precision: 10, scale: 0 }, '100', '100'],
    [{ type: 'datetime', scale: 3 }, '2024-01-01 00:00:00.120000', '2024-01-01 00:00:00.120'],
    [{ type: 'datetime', scale: 0 }, '2024-01-01 00:00:00', '2024-01-01 00:00:00'],
    [{ type: 'bit', length: 9 }, hex('0000000001'), hex('0001')],
    [{ type: 'bit', length: 9 }, hex('0100000001'), hex('0100000001')],
    [{ type: 'bit', length: 1 }, hex('00'), hex('00')],
    [{ type: 'set', values: ['a', 'b'] }, 'b,a', 'a,b'],
    [{ type: 'set', values: ['a', 'b'] }, 'x,a', 'x,a'],
    [{ type: 'set', values: ['a'] }, '', ''],
    [{ type: 'text', charset: 'utf8mb4' }, '\u{10ffff}', '\u{10ffff}\u{10ffff}'],
    // What is spelled by us has its escapes; another character set of the target has none.
    [{ type: 'enum', charset: 'binary', values: ['', '\u{10ffff}\u{1000ff}'] }, '\u{10ffff}\u{1000ff}', '\u{10ffff}\u{1000ff}'],
    [{ type: 'text', charset: 'gbk' }, 'a\u{10ffff}', 'a\u{10ffff}'],
    [{ type: 'text', charset: 'ucs2' }, 'a\u{10ffff}', 'a\u{10ffff}'],
  ])('%o: %o is %o', (column, found, value) => {
    expect(valueOf({ name: 'c', ...column }, found)).toEqual(value);
  });
});

describe('the stored form', () => {
  test.each<[ColumnSchema['type'], Exclude<Value, null>, Exclude<Value, null>, boolean]>([
    ['int', 1, 1n, true],
    ['decimal', '1.50', '1.5', true],
    ['decimal', '-0.00', '0', true],
    ['decimal', '100', '1', false],
    ['float', 0.1, Math.fround(0.1), true],
    ['double', 0.1, Math.fround(0.1), false],
    ['double', 0, -0, false],
    ['binary', hex('6100'), hex('61'), true],
    ['binary', hex('6110'), hex('61'), false],
    ['varbinary', hex('6100'), hex('61'), false],
    ['bit', hex('0001'), hex('01'), true],
    ['bit', hex('0100'), hex('01'), false],
    ['time', '10:00:00', '10:00:00.000', true],
    ['time', '10:00:00', '10:00:01', false],
    ['set', 'a,b', 'b,a', true],
    ['varchar', 'a', 'A', false],
    ['varchar', 'a', 'a ', false],
    ['json', '1', '1.0', false],
    ['json', '{"a": [1.10, -5e3]}', '{"a": [1.1, -5000.0]}', true],
    ['json', '{"a": "1.10"}', '{"a": "1.1"}', false],
    ['json', String.raw`"\" 1.10"`, String.raw`"\" 1.1"`, false],
    ['json', '[\t1.50]', '[1.5]', true],
    ['json', '[\t1.50]', '[\t1.51]', false],
    ['json', '[\t       1.50]', '[\t1.50]', true],
    ['json', '[\t"2024-01-01"]', '["2024-01-01"]', true],
    ['json', '[\t"2024-01-01"]', '[\t"2024-01-02"]', false],
    ['json', '[\t "2024-01-01 00:00:00.000000"]', '[\t"2024-01-01 00:00:00.000000"]', true],
    ['json', '[\n7]', '[7]', true],
    ['json', String.raw`["\t"]`, '["t"]', false],
    ['json', '[\t100000000000000000000000]', '[1e23]', true],
    ['json', '18446744073709551615', '18446744073709551616', false],
    ['json', '0.0', '-0.0', false],
  ])('%s: %o and %o: %s', (type, a, b, same) => {
    expect(storedForm(type, a) === storedForm(type, b)).toBe(same);
  });
});

describe('a document of megabytes', () => {
  const megabytes = 8 * 2 ** 20;
  test.each([
    ['quotes', String.raw`\"`],
    ['backslashes', String.raw`\\`],
    ['letters', 'xy'],
  ])('of %s is compared and written, in no more stack than a small one', (_, part) => {
    const string = `"${part.repeat(megabytes / 2)}"`;
    const document = `[${string}, 1.2345678901234567, \t1.50]`;
    expect(storedForm('json', document) === storedForm('json', document.replace('\t1.50', '1.51'))).toBe(false);
    expect(storedForm('json', document) === storedForm('json', document.replace('\t1.50', '1.5'))).toBe(true);
    expect(sameTypes(document, document.replace('\t1.50', '1.5'))).toBe(false);
    const sql = jsonExpression(document, (text) => `<${text}>`);
    expect(sql === `JSON_MERGE_PRESERVE(<[${string}]>, JSON_ARRAY(1.2345678901234567e0, 1.50))`).toBe(true);
    expect(typesOf(document)).toBe('[["ARRAY","STRING","DOUBLE","DECIMAL"],null]');
    expect(withTypes(printedJson(document), typesOf(document)) === document).toBe(true);
  });

  test('of 100,000 values', () => {
    const document = `{"a": [${Array.from({ length: 100_000 }, (_, i) => (i % 1000 === 0 ? '\t1.50' : i)).join(', ')}]}`;
    expect(storedForm('json', document).length).toBeGreaterThan(600_000);
    expect(withTypes(printedJson(document), typesOf(document)) === document).toBe(true);
    expect(jsonExpression(document, (text) => text)).toMatch(/^JSON_OBJECT\(a, JSON_MERGE_PRESERVE\(JSON_ARRAY\(1\.50\), \[1, 2, /);
  });
});
