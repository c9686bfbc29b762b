import { expect, test } from 'vitest';
import { UsageError } from '../harness/command-line.js';
import { readOptions } from './options.js';

test('without options: two minutes, all tables, two faults at once', () => {
  expect(readOptions([])).toMatchObject({ minutes: 2, faults: 2, topology: 'mesh', policy: undefined, tables: undefined, keep: false });
});

test('what is given is taken', () => {
  const options = readOptions([
    '--minutes',
    '60',
    '--seed=5',
    '--tables',
    'home,uniq',
    '--policy',
    'home',
    '--faults',
    '0',
    '--topology',
    'hub',
  ]);
  expect(options).toMatchObject({ minutes: 60, seed: 5, tables: ['home', 'uniq'], policy: 'home', faults: 0, topology: 'hub' });
});

test.each([['--policy', 'stop'], ['--tables', 'home,nothing'], ['--faults', '3'], ['--topology', 'ring'], ['word']])(
  'a bad option is refused with its name: %s %s',
  (...args) => {
    const words = args.filter((word) => word !== undefined);
    expect(() => readOptions(words)).toThrow(UsageError);
    expect(() => readOptions(words)).toThrow(words[0]?.replace(/^--/, ''));
  },
);
