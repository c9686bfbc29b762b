import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { jsonExpression } from './json-literal.js';
import { quoteText } from './literal.js';

const expression = (text: string): string => jsonExpression(text, quoteText);

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
  [
    '[1, 0.30000000000000004, "it\'s"]',
    String.raw`JSON_ARRAY(CAST('1' AS JSON), CAST(0.30000000000000004e0 AS JSON), CAST('"it''s"' AS JSON))`,
  ],
  [
    String.raw`{"a\n": {"b": [0.1, 1.2345678901234567]}, "": [2.5]}`,
    String.raw`JSON_OBJECT('a
', JSON_OBJECT('b', JSON_ARRAY(CAST('0.1' AS JSON), CAST(1.2345678901234567e0 AS JSON))), '', CAST('[2.5]' AS JSON))`,
  ],
])('built around the double where it is not: %s', (text, expected) => {
  expect(expression(text)).toBe(expected);
});

test('every double of any document is either in an exact text or a literal of its own', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 4 }), (text) => {
      const sql = expression(text);
      const numbers = [...text.replace(/"(?:[^"\\]|\\.)*"/g, '').matchAll(/-?\d+\.\d+(?!\d|[eE])/g)].map(([number]) => number);
      for (const number of numbers) {
        if (significantDigits(number) >= 16) expect(sql).toContain(`CAST(${number}e0 AS JSON)`);
      }
    }),
    { numRuns: 2000 },
  );
});

function significantDigits(number: string): number {
  return number.replace(/[-.]/g, '').replace(/^0+/, '').length;
}
