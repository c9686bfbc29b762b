import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { jsonExpression } from './json-literal.js';
import { quoteText } from '../sql.js';

const expression = (text: string): string | null => jsonExpression(text, quoteText);

test.each([
  '{}',
  '[1, 2.5, "x", null, true, -0.0, 0.000001]',
  '18446744073709551615',
  '9007199254740993',
  '"123456.7890123456789 1e5"',
  '{"1e5": [1.25, 1e15]}',
  '123456789012.25',
])('text where text is exact: %s', (text) => {
  expect(expression(text)).toBe(quoteText(text));
});

test.each([
  ['129294.54272519925', 'CAST(129294.54272519925e0 AS JSON)'],
  ['-1.7976931348623157e308', 'CAST(-1.7976931348623157e308 AS JSON)'],
  ['1e100', 'CAST(1e100 AS JSON)'],
  ['[]', "'[]'"],
  ['[1, 0.30000000000000004, "it\'s"]', String.raw`JSON_MERGE_PRESERVE('[1]', JSON_ARRAY(0.30000000000000004e0), '["it''s"]')`],
  [
    String.raw`{"a\n": {"b": [0.1, 1.2345678901234567]}, "": [2.5]}`,
    String.raw`JSON_MERGE_PRESERVE('{"": [2.5]}', JSON_OBJECT('a
', JSON_OBJECT('b', JSON_MERGE_PRESERVE('[0.1]', JSON_ARRAY(1.2345678901234567e0)))))`,
  ],
])('built around the double where it is not: %s', (text, expected) => {
  expect(expression(text)).toBe(expected);
});

const table = (sql: string, values: string, columns: string): string =>
  `CAST((SELECT ${sql} FROM JSON_TABLE(JSON_ARRAY(${values}), '$' COLUMNS (${columns})) t0) AS JSON)`;

test.each([
  ['[\t1.50]', 'JSON_ARRAY(1.50)'],
  ['[\t 0.5]', 'JSON_ARRAY(0.5)'],
  ['[\t0.5]', 'JSON_ARRAY(.5)'],
  ['[\t5]', 'JSON_ARRAY(5.)'],
  ['[\t        1.50]', 'JSON_ARRAY(CAST(1.50 AS DECIMAL(11, 2)))'],
  ['[\t       -1.50]', table('JSON_ARRAY(c0)', "'-1.50'", "c0 DECIMAL(10, 2) PATH '$[0]' ERROR ON ERROR")],
  ['\t"2024-01-01"', "JSON_EXTRACT(JSON_ARRAY(DATE '2024-01-01'), '$[0]')"],
  [
    '{"t": \t"-10:00:00.000000", "u": \n7, "s": \n4294967296}',
    "JSON_OBJECT('t', TIME '-10:00:00.000000', 'u', CAST(7 AS UNSIGNED), 's', 4294967296)",
  ],
  ['[1, \t"base64:type15:/wA="]', "JSON_MERGE_PRESERVE('[1]', JSON_ARRAY(x'ff00'))"],
  ['[\t"base64:type16:AAU="]', table('JSON_ARRAY(c0)', "'5'", "c0 BIT(16) PATH '$[0]' ERROR ON ERROR")],
  [
    '[\t "2024-01-01 00:00:00.000000"]',
    table('JSON_ARRAY(c0)', "'2024-01-01 00:00:00.000000'", "c0 TIMESTAMP(6) PATH '$[0]' ERROR ON ERROR"),
  ],
])('built around what JSON has no type for: %s', (text, expected) => {
  expect(expression(text)).toBe(expected);
});

test.each([
  ['a field type that no expression has', '[\t"base64:type253:AA=="]'],
  ['a BLOB longer than one is', `[\t"base64:type252:${Buffer.alloc(65_536).toString('base64')}"]`],
  ['a BIT of no bits', '[\t"base64:type16:"]'],
  ['what is no number', '[\t1);DROP]'],
  ['what is no whole number', '[\n1);DROP]'],
  ['what is no date', String.raw`[${'\t'}"1' OR '"]`],
  ['a text without an end', '[1.2345678901234567, "'],
  ['an array without an end', '[1.2345678901234567'],
  ['more levels than a document has', `${'['.repeat(101)}\t1.5${']'.repeat(101)}`],
])('%s has no expression', (_, text) => {
  expect(expression(text)).toBeNull();
});

test('every double of any document is either in an exact text or a literal of its own', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 4 }), (text) => {
      const sql = expression(text);
      const numbers = [...text.replace(/"(?:[^"\\]|\\.)*"/g, '').matchAll(/-?\d+\.\d+(?!\d|[eE])/g)].map(([number]) => number);
      for (const number of numbers) {
        if (significantDigits(number) >= 16) expect(sql).toContain(`${number}e0`);
      }
    }),
    { numRuns: 2000 },
  );
});

function significantDigits(number: string): number {
  return number.replace(/[-.]/g, '').replace(/^0+/, '').length;
}
