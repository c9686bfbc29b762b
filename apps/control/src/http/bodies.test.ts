import { expect, it } from 'vitest';
import { requireShallow } from './bodies.js';

const nested = (levels: number): string => '{"a":'.repeat(levels - 1) + '[]' + '}'.repeat(levels - 1);

it.each([
  ['32 levels', nested(32)],
  ['many in a row', `[${'[[]],'.repeat(1000)}[]]`],
  ['brackets in a text', `{"a":"${'['.repeat(100)}"}`],
  ['behind a quote in a text', `{"a":"\\"${'['.repeat(100)}"}`],
  ['no JSON', ']]]]"'],
])('lets %s pass', (_what, text) => {
  expect(() => requireShallow(Buffer.from(text))).not.toThrow();
});

it.each([
  ['33 levels', nested(33)],
  ['brackets behind a text that ends in a backslash', `{"a":"\\\\","b":${'['.repeat(40)}`],
])('refuses %s', (_what, text) => {
  expect(() => requireShallow(Buffer.from(text))).toThrow('deeper than 32');
});
