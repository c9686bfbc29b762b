import { expect, test } from 'vitest';
import { UsageError } from '../harness/command-line.js';
import { readOptions } from './options.js';

test('without options: five minutes on MySQL 9.7, nothing kept', () => {
  expect(readOptions([])).toMatchObject({ minutes: 5, mysql: '9.7', mysqlB: '9.7', keep: false, help: false });
});

test('what is given is taken', () => {
  const options = readOptions(['--minutes', '1.5', '--mysql=8.0', '--mysql-b', '9.7', '--rate', '7', '--seed', '42', '--keep', '-h']);
  expect(options).toEqual({ minutes: 1.5, seed: 42, mysql: '8.0', mysqlB: '9.7', rate: 7, keep: true, help: true });
});

test.each([['--minutes', 'x'], ['--minutes', '0'], ['--seed', '1.5'], ['--mysql-b', '5.7'], ['--nonsense'], ['word']])(
  'a bad option is refused with its name: %s %s',
  (...args) => {
    const words = args.filter((word) => word !== undefined);
    expect(() => readOptions(words)).toThrow(UsageError);
    expect(() => readOptions(words)).toThrow(words[0]?.replace(/^--/, ''));
  },
);
