import { expect, test } from 'vitest';
import { UsageError } from '../harness/command-line.js';
import { readOptions } from './options.js';

test('without options: twenty seconds, the newest MySQL, nothing kept', () => {
  expect(readOptions([])).toMatchObject({ seconds: 20, mysql: undefined, keep: false, help: false });
});

test('what is given is taken', () => {
  const options = readOptions(['--seconds', '5', '--mysql=8.0', '--rate', '7', '--seed', '42', '--keep', '-h']);
  expect(options).toEqual({ seconds: 5, mysql: '8.0', rate: 7, seed: 42, keep: true, help: true });
});

test.each([['--seconds', 'x'], ['--seconds', '0'], ['--seconds'], ['--mysql', '5.7'], ['--rate', '-1'], ['--nonsense'], ['word']])(
  'a bad option is refused with its name: %s %s',
  (...args) => {
    const words = args.filter((word) => word !== undefined);
    expect(() => readOptions(words)).toThrow(UsageError);
    expect(() => readOptions(words)).toThrow(words[0]?.replace(/^--/, ''));
  },
);
