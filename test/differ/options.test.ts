import { expect, test } from 'vitest';
import { UsageError } from '../harness/command-line.js';
import { readOptions, wordsOf } from './options.js';
import { features } from './schema.js';

test('defaults, with a seed of its own', () => {
  expect(readOptions([])).toMatchObject({ minutes: 2, mysql: '9.7', ways: 'all', statements: 400, features: new Set(features) });
  expect(readOptions([]).seed).toBeLessThan(1_000_000);
});

test('the words that are printed repeat the run', () => {
  const given = readOptions([
    '--seed',
    '7',
    '--minutes',
    '0.5',
    '--mysql',
    '8.0',
    '--without',
    'ddl,names',
    '--only',
    '3',
    '--tables',
    'way,log',
    '--zone',
    '+08:00',
  ]);
  expect(readOptions(wordsOf(given).split(' '))).toEqual(given);
});

test.each([
  ['--minutes', 'x'],
  ['--with', 'otter'],
  ['--without', 'otter'],
  ['--zone', 'CET'],
  ['--ways', 'three'],
  ['--otter', '1'],
])('%s %s is refused', (...words) => {
  expect(() => readOptions(words)).toThrow(UsageError);
});
