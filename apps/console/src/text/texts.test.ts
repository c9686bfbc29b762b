/** What the compiler does not see of the texts: that both languages say something, and numbers as people write them. */
import { expect, it } from 'vitest';
import { en } from './en.js';
import { formatOf } from './format.js';
import { zh } from './zh.js';

function leaves(value: unknown, path: string): readonly (readonly [string, string])[] {
  if (typeof value === 'string') return [[path, value]];
  if (typeof value === 'function') return [[path, String((value as (...given: unknown[]) => unknown)(2, '3', '4'))]];
  return Object.entries(value as object).flatMap(([name, inner]) => leaves(inner, `${path}.${name}`));
}

it('no text is empty, and all Chinese but names is Chinese', () => {
  const names = /^\W|^(lutra\.yaml|TLS|Kafka|MySQL|DDL|GTID)/;
  expect([...leaves(en, 'en'), ...leaves(zh, 'zh')].filter(([, text]) => text.trim() === '')).toEqual([]);
  expect(
    leaves(zh, 'zh').filter(([path, text]) => !/\p{Script=Han}/u.test(text) && !names.test(text) && !path.includes('.words.')),
  ).toEqual([]);
});

it.each([
  [0, '0 ms'],
  [850, '850 ms'],
  [4_200, '4.2 sec'],
  [90_000, '1.5 min'],
  [3_600_000 * 50, '2.1 days'],
])('%d ms is %s', (ms, text) => {
  expect(formatOf('en').duration(ms).replaceAll('\u00a0', ' ').replace('secs', 'sec').replace('mins', 'min')).toBe(text);
});

it.each([
  [0, '0 B'],
  [1_536, '1.5 KB'],
  [5 * 1024 ** 3, '5 GB'],
])('%d bytes are %s', (bytes, text) => {
  expect(formatOf('en').bytes(bytes)).toBe(text);
});
