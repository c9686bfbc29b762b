import { expect, test } from 'vitest';
import { UsageError } from '../harness/command-line.js';
import { readOptions } from './options.js';

test('without options: all workloads at full scale, once, on MySQL 9.7', () => {
  expect(readOptions([])).toEqual({
    workloads: ['bulk', 'oltp', 'latency'],
    mysql: '9.7',
    scale: 1,
    repeat: 1,
    json: undefined,
    profile: undefined,
    twoWay: false,
    textKey: false,
    help: false,
  });
});

test('what is given is taken', () => {
  const options = readOptions(['--workload', 'oltp', '--mysql=8.0', '--scale', '0.02', '--repeat', '3', '--json', 'x.json', '-h']);
  expect(options).toMatchObject({ workloads: ['oltp'], mysql: '8.0', scale: 0.02, repeat: 3, json: 'x.json', help: true });
});

test('seed runs only where it is named', () => {
  expect(readOptions(['--workload', 'seed']).workloads).toEqual(['seed']);
});

test.each([['--workload', 'big'], ['--mysql', '5.7'], ['--scale', '0'], ['--repeat', '1.5'], ['--nonsense'], ['word']])(
  'a bad option is refused with its name: %s %s',
  (...args) => {
    const words = args.filter((word) => word !== undefined);
    expect(() => readOptions(words)).toThrow(UsageError);
    expect(() => readOptions(words)).toThrow(words[0]?.replace(/^--/, ''));
  },
);
